"""What takes long to make, and is made once for all workers of a run."""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")


def once(places: pytest.TempPathFactory, name: str, make: Callable[[Path], T]) -> T:
    """Return what ``make`` returned for a new folder; among all workers only the first calls it.

    If it fails, the next worker tries.
    """
    run = places.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent
    home, answer = run / name, run / f"{name}.pickle"
    with (run / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not answer.exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            answer.write_bytes(pickle.dumps(make(home)))
        made: T = pickle.loads(answer.read_bytes())  # noqa: S301 - our own
        return made
