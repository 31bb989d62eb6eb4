"""What a trial starts ends with it, however the trial ended."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.processes import Process, children
from tests.servers.run import until

ROOT = Path(__file__).parents[2]
TRIAL = """
import sys, pathlib
from tests.faults.processes import Process
server = Process([sys.executable, "-c", "import time; time.sleep(600)"], pathlib.Path(sys.argv[1]))
server.start(lambda: None)
print(server.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def server(tmp_path):
    """A process that answers a moment after its start, and has a child."""
    sleeping = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    made = Process([sys.executable, "-c", sleeping], tmp_path)
    yield made
    for child in children(made.pid):
        subprocess.run(["/bin/kill", "-9", str(child)], check=False)  # noqa: S603
    made.kill()


def state(pid: int) -> str:
    """How the kernel calls what a process does: T for one that is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]


def expect(state_wanted: str, pids: list[int]) -> None:
    found = [state(pid) for pid in pids]
    assert len(pids) == 2
    assert all((one == "T") == (state_wanted == "T") for one in found), found


def expect_program(pid: int, argument: str) -> None:
    assert argument in Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def test_a_server_is_stopped_and_continued_with_its_children(server):
    # Until the child runs its own program, its parent can't be stopped: it waits for that.
    server.start(lambda: expect_program(children(server.pid)[0], "input()"))
    server.stop()
    until(lambda: expect("T", [server.pid, *children(server.pid)]))
    server.resume()
    until(lambda: expect("S", [server.pid, *children(server.pid)]))


def test_processes_started_by_a_killed_trial_are_killed(tmp_path):
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", TRIAL, tmp_path],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as trial:
        assert trial.stdout is not None
        pid = int(trial.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        trial.kill()
    until(lambda: expect_gone(pid))


def expect_gone(pid: int) -> None:
    assert not Path(f"/proc/{pid}").exists()
