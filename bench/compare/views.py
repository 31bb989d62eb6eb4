"""Local introspection: what the protection of an embedded view costs, in one process."""

from __future__ import annotations

import json
import subprocess

from bench.compare.installing import Installed
from bench.compare.measuring import Contestant
from bench.compare.results import View

CALLS = 4000


def measured(one: Contestant, installed: Installed) -> View:
    """Time views in a process of its own, over the store of a running target of ours."""
    one.client.authorize(one.seats[0], "profile:read")
    done = subprocess.run(  # noqa: S603 - our own program in an environment of its own
        [installed.program, "protected_view.py", str(CALLS)],
        cwd=installed.folder,
        env=one.client.server.environment,
        input=one.seats[0].access,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"protected_view.py failed:\n{done.stdout}{done.stderr}")
    return View(**json.loads(done.stdout))
