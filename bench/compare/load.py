"""Load by wrk: one thread for each connection, so that each goes through its steps in order."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bench.compare.flows import CALLBACK, CHALLENGE, VERIFIER, Client, Seat
from bench.compare.workloads import Workload

SCRIPT = Path(__file__).with_name("load.lua")
CONNECTIONS = 16


@dataclass(frozen=True)
class Outcome:
    """What came of one round: complete operations with their times, and errors.

    ``client`` is the processor time of wrk, in seconds; ``wrong`` shows the first wrong answer.
    """

    seconds: float
    times: list[int]
    errors: int
    wrong: str
    client: float


def plan(workload: Workload, client: Client, seats: Sequence[Seat], sub: str, run: str) -> str:
    """Return the Lua table that tells ``load.lua`` what to send and to expect."""
    server = client.server
    paths = server.target.paths
    values = {
        "workload": workload.name,
        "host": f"127.0.0.1:{server.port}",
        "run": run,
        "authorize": paths.authorize,
        "token": paths.token,
        "introspect": paths.introspect,
        "userinfo": paths.userinfo,
        "web": client.basic("web"),
        "machine": client.basic("machine"),
        "client_id": server.clients["web"][0],
        "redirect_uri": quote(CALLBACK, ""),
        "callback": CALLBACK,
        "scope": quote(workload.scope, ""),
        "challenge": CHALLENGE,
        "verifier": VERIFIER,
        "sub": sub,
    }
    each = (
        {"cookie": seat.browser.header(), "access": seat.access, "refresh": seat.refresh}
        for seat in seats
    )
    rows = ",\n".join(_table(row) for row in each)
    return f"local plan = {_table(values)}\nplan.seats = {{\n{rows}\n}}\nreturn plan\n"


def _table(values: dict[str, str]) -> str:
    return "{ " + ", ".join(f"{name} = {_string(text)}" for name, text in values.items()) + " }"


def _string(text: str) -> str:
    """A Lua string: printable ASCII as it is, all else by its bytes."""
    shown = (
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03}"
        for byte in text.encode()
    )
    return '"' + "".join(shown) + '"'


def send(wrk: Path, folder: Path, planned: str, port: int, seconds: int) -> Outcome:
    """Run wrk once against a port of this machine; raises RuntimeError if it can't."""
    where, result = folder / "plan.lua", folder / "result"
    where.write_text(planned)
    result.unlink(missing_ok=True)
    command: list[str | Path] = [wrk, "--threads", str(CONNECTIONS), "--timeout", "30s"]
    command += ["--connections", str(CONNECTIONS), "--duration", f"{seconds}s"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(  # noqa: S603 - our own script, to our own server
        [*command, "--script", SCRIPT, f"http://127.0.0.1:{port}/"],
        env=os.environ | {"BENCH_PLAN": str(where), "BENCH_RESULT": str(result)},
        capture_output=True,
        text=True,
        timeout=seconds + 60,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0 or not result.exists():
        raise RuntimeError(f"wrk failed:\n{done.stdout}{done.stderr}")
    client = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return read(result.read_text(), client)


def read(text: str, client: float) -> Outcome:
    """Read what ``load.lua`` wrote: a line for the run, then two lines for each thread."""
    first, *lines = text.splitlines()
    microseconds, failed = map(int, first.split())
    times: list[int] = []
    errors, wrong = failed, "a connection failed" if failed else ""
    for counts, taken in zip(lines[::2], lines[1::2], strict=True):
        _, wrongs, *said = counts.split(" ", 2)
        errors += int(wrongs)
        wrong = wrong or " ".join(said).strip()
        times += map(int, taken.split())
    return Outcome(microseconds / 1e6, times, errors, wrong, client)
