"""Counts calls of functions, written in Python or in C, by the package that they are in."""

from __future__ import annotations

import statistics
import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

from tests.calls.workloads import App, Reply, steps
from tests.servers import fresh

ROUNDS = 9
_LAYERS = (
    ("oauthprov/web", "own web"),
    ("oauthprov/protocol", "own protocol"),
    ("oauthprov/storage", "own storage"),
    ("oauthprov", "own rest"),
    ("site-packages/oauthlib", "oauthlib"),
    ("site-packages/pyramid", "Pyramid"),
    ("site-packages/webob", "WebOb"),
    ("site-packages/redis", "driver"),
    ("site-packages/psycopg", "driver"),
    ("site-packages/sqlalchemy", "SQLAlchemy"),
    ("site-packages/joserfc", "JOSE"),
    ("site-packages/cryptography", "JOSE"),
)


def layer_of(filename: str) -> str:
    """The layer that a file belongs to; the standard library counts as ``rest``."""
    if "/tests/" in filename:
        return "tests"
    return next((layer for part, layer in _LAYERS if f"/{part}" in filename), "rest")


def calls(work: Callable[[], Reply]) -> tuple[Counter[str], Reply]:
    """Count the calls that ``work`` makes in this thread; a C function counts to its caller."""
    counted: Counter[str] = Counter()
    layers: dict[str, str] = {}

    def count(frame: FrameType, event: str, arg: Any) -> None:
        if event in ("call", "c_call"):
            name = frame.f_code.co_filename
            layer = layers.get(name)
            if layer is None:
                layer = layers[name] = layer_of(name)
            counted[layer] += 1

    sys.setprofile(count)
    try:
        reply = work()
    finally:
        sys.setprofile(None)
    del counted["tests"]
    return counted, reply


def per_step_on(url: str, **more: str) -> dict[str, Counter[str]]:
    """The calls of each step on the storage at ``url``, emptied; ``more`` are settings."""
    app = App(fresh(url), more)
    try:
        return _per_step(app)
    finally:
        app.close()


def _per_step(app: App, rounds: int = ROUNDS) -> dict[str, Counter[str]]:
    """The medians of each step by layer, which leave out a cold cache or a clock tick."""
    seen: dict[str, list[Counter[str]]] = {}
    for _ in range(rounds):
        flow = steps(app)
        step = next(flow)
        while True:
            environ = step.environ
            counted, reply = calls(lambda environ=environ: app.send(environ))
            assert step.right(reply), f"{step.name}: {reply}"
            seen.setdefault(step.name, []).append(counted)
            try:
                step = flow.send(reply)
            except StopIteration:
                break
    return {name: _median(each) for name, each in seen.items()}


def _median(counters: list[Counter[str]]) -> Counter[str]:
    layers = {layer for one in counters for layer in one}
    return Counter({name: int(statistics.median(c[name] for c in counters)) for name in layers})
