"""What is measured of processes, and that they end."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from bench.compare import processes
from tests.servers.run import free_port, until

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.signal(15, signal.SIG_IGN);"
                          "print('child', flush=True); signal.pause()"])
print(child.pid, flush=True)
child.wait()
"""


@pytest.fixture
def family() -> Iterator[tuple[int, int]]:
    """A process and its child, which ignores polite signals."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:  # noqa: S603
        assert parent.stdout is not None
        lines = {parent.stdout.readline().strip(), parent.stdout.readline().strip()}
        [child] = (int(line) for line in lines - {b"child"})
        yield parent.pid, child
        parent.kill()
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def test_a_tree_is_a_process_with_all_below_it(family):
    parent, child = family
    assert processes.tree(parent) == [parent, child]
    assert set(family) < set(processes.tree(os.getpid()))


def test_a_tree_has_memory(family):
    parent, child = family
    assert processes.memory(parent) > processes.memory(child) > 2**20


def test_a_process_ends_with_a_child_that_ignores_polite_signals(family, monkeypatch):
    monkeypatch.setattr(processes, "PATIENCE", 0.1)
    processes.end(family[0])
    assert [pid for pid in family if processes.runs(pid)] == []


def test_processor_time_counts_children_that_have_ended():
    before, of_all = processes.processor_seconds(os.getpid()), processes.machine_seconds()
    work = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", work], check=True)  # noqa: S603
    assert processes.processor_seconds(os.getpid()) - before >= 0.28
    assert processes.machine_seconds() - of_all >= 0.28


def test_connections_are_those_that_a_process_serves():
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    command += ["--protocol", "HTTP/1.1"]
    nowhere = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=nowhere, stderr=nowhere) as server:  # noqa: S603
        try:
            opened = [http.client.HTTPConnection("127.0.0.1", port) for _ in range(3)]
            until(opened[0].connect)
            for connection in opened:
                connection.request("HEAD", "/")
                connection.getresponse().read()
            assert processes.connections(server.pid, port) == {server.pid: 3}
        finally:
            for connection in opened:
                connection.close()
            server.kill()


def test_a_process_that_is_gone_has_nothing():
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    assert processes.memory(gone.pid) == 0
    assert processes.processor_seconds(gone.pid) == 0
    assert processes.connections(gone.pid, 1) == {}
    began = time.monotonic()
    processes.end(gone.pid)
    assert time.monotonic() - began < processes.PATIENCE
