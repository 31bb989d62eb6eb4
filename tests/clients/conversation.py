"""Clients that are programs of their own, and ask the test to do what a person does.

A program writes one line of JSON for each thing that it wants done, such as ``{"visit": URL}``,
and reads one line with the outcome. Its last line is ``{"outcome": ...}``.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

SECONDS = 120
"""After these a program that hangs is killed."""

Answer = Callable[[dict[str, Any]], str]


def converse(
    command: list[str | Path],
    answer: Answer,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Run a program in ``folder`` to its end; return its outcome.

    ``answer`` does what a line asks for, and returns what the program reads.
    """
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(  # noqa: S603
            command,
            cwd=folder,
            env=os.environ | dict(environment or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as running,
    ):
        late = threading.Timer(SECONDS, running.kill)
        late.start()
        try:
            outcome = _heard(running, answer)
            running.wait()
        finally:
            running.kill()
            late.cancel()
        errors.seek(0)
        assert running.returncode == 0, errors.read()
    return outcome


def _heard(running: subprocess.Popen[str], answer: Answer) -> dict[str, Any]:
    assert running.stdin is not None
    assert running.stdout is not None
    for line in running.stdout:
        said = json.loads(line)
        if "outcome" in said:
            return dict(said["outcome"])
        running.stdin.write(answer(said) + "\n")
        running.stdin.flush()
    return {}
