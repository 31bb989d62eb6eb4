"""What Linux tells of processes: their children, processor time, memory and connections.

Processes are ended by their id alone.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
ESTABLISHED = "01"
PATIENCE = 10.0
"""Seconds in which a process must end before it is killed."""


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on, or none if the process has ended."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def tree(root: int) -> list[int]:
    """Return a process and all processes below it."""
    parents = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            parents[int(entry.name)] = int(fields[1])
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def processor_seconds(root: int) -> float:
    """Return the processor time of a tree, user and system, with that of its ended children."""
    ticks = 0
    for pid in tree(root):
        ticks += sum(map(int, _stat(pid)[11:15]))
    return ticks / TICKS


def machine_seconds() -> float:
    """Return the processor time that the machine has spent since its start, whoever used it."""
    first = (PROC / "stat").read_text().partition("\n")[0]
    user, nice, system, _idle, _waiting, *more = map(int, first.split()[1:9])
    return (user + nice + system + sum(more)) / TICKS


def memory(root: int) -> int:
    """Return the memory of a tree in bytes; pages that processes share count once."""
    total = 0
    for pid in tree(root):
        try:
            lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total * 1024


def connections(root: int, port: int) -> Counter[int]:
    """Return how many connections to ``port`` each process of a tree serves."""
    inodes = set()
    for line in (PROC / "net" / "tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == ESTABLISHED and int(fields[1].rpartition(":")[2], 16) == port:
            inodes.add(fields[9])
    found: Counter[int] = Counter()
    for pid in tree(root):
        for descriptor in _descriptors(pid):
            if descriptor.startswith("socket:[") and descriptor[8:-1] in inodes:
                found[pid] += 1
    return found


def _descriptors(pid: int) -> list[str]:
    found = []
    try:
        for entry in (PROC / str(pid) / "fd").iterdir():
            found.append(os.readlink(entry))
    except OSError:  # a descriptor or the process is gone
        pass
    return found


def end(root: int, how: signal.Signals = signal.SIGTERM) -> None:
    """End a process and wait for it with all below it; kill what doesn't end."""
    every = tree(root)
    _signal(root, how)
    deadline = time.monotonic() + PATIENCE
    while every := [pid for pid in every if runs(pid)]:
        if time.monotonic() > deadline:
            for pid in every:
                _signal(pid, signal.SIGKILL)
        time.sleep(0.02)


def runs(pid: int) -> bool:
    """Return whether a process runs: one that waits for its parent to take note doesn't."""
    fields = _stat(pid)
    return bool(fields) and fields[0] != "Z"


def _signal(pid: int, how: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, how)
