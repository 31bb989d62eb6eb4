"""``python -m tests.calls [--write] [ENGINE ...]``: print the calls of each flow by layer."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.calls.counting import per_step_on
from tests.calls.figures import ENGINES, write
from tests.servers import postgresql, redis
from tests.servers.run import Run


def main(*args: str) -> None:
    """Print the figures for each engine; with ``--write``, keep them."""
    engines = [arg for arg in args if not arg.startswith("--")] or ENGINES
    run = Run()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for engine in engines:
                _count(engine, _url(engine, run, Path(folder)), "--write" in args)
    finally:
        run.close()


def _url(engine: str, run: Run, folder: Path) -> str:
    servers = {"redis": redis.url, "postgresql": postgresql.url}
    return servers[engine](run) if engine in servers else f"sqlite:///{folder / 'calls.sqlite'}"


def _count(engine: str, url: str, keep: bool) -> None:
    found = per_step_on(url)
    layers = sorted({layer for counted in found.values() for layer in counted})
    print(f"\n{engine:22}" + "".join(f"{layer:>13}" for layer in ("all", *layers)))
    for name, counted in found.items():
        row = (counted.total(), *(counted[layer] for layer in layers))
        print(f"{name:22}" + "".join(f"{number:13}" for number in row))
    if keep:
        write(engine, {name: counted.total() for name, counted in found.items()})


main(*sys.argv[1:])
