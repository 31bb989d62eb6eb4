"""Local introspection: what the protection of an embedded view costs, in one process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence

from bench.compare.browser import Lost
from bench.compare.installing import Installed
from bench.compare.measuring import Contestant
from bench.compare.results import View
from bench.compare.targets import Target

CALLS = 4000


def measured(one: Contestant, installed: Installed) -> View:
    """Time views in a process of its own, over the store of a running target; raises Lost."""
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
        raise Lost(f"protected_view.py failed:\n{done.stdout}{done.stderr}")
    return View(**json.loads(done.stdout))


def every(
    contestants: Sequence[Contestant], installed: Mapping[Target, Installed], problems: list[str]
) -> dict[str, View]:
    """Return the views of all targets of ours, by name; add what was wrong to ``problems``."""
    found = {}
    for one in contestants:
        if one.target.ours:
            try:
                found[one.target.name] = measured(one, installed[one.target])
            except Lost as problem:
                problems.append(f"{one.target.name}, its views: {problem}")
    return found
