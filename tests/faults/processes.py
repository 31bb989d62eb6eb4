"""Processes that are started, stopped, killed and always ended, by their process ids."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.faults import launch
from tests.servers.run import identity, until


class Process:
    """One program that runs in ``home`` and writes its log there.

    It must be started by the main thread: Linux kills it when the thread that started it ends.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        home: Path,
        *,
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command = [str(part) for part in command]
        self._home = home
        self._environment = {**os.environ, **(environment or {})}
        who = identity(user) if user else {}
        self._identity = f"{who['user']}:{who['group']}" if who else ""
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self._home / "log"

    @property
    def pid(self) -> int:
        if self._running is None:
            raise RuntimeError("it was never started")
        return self._running.pid

    @property
    def runs(self) -> bool:
        return self._running is not None and self._running.poll() is None

    @property
    def status(self) -> int | None:
        """The status with which it ended; None while it runs."""
        return None if self._running is None else self._running.poll()

    def start(self, answers: Callable[[], object]) -> None:
        """Start it, and return when ``answers`` raises no more."""
        launcher = [sys.executable, "-I", launch.__file__, str(os.getpid()), self._identity]
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(  # noqa: S603
                [*launcher, *self._command],
                cwd=self._home,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            until(answers, lambda: self.runs)
        except Exception as error:
            error.add_note(self.log.read_text(errors="replace")[-4000:])
            raise

    def kill(self) -> None:
        """Kill it as ``kill -9`` does."""
        if self._running is not None:
            with suppress(ProcessLookupError):
                self._running.kill()
            self._running.wait()

    def stop(self) -> None:
        """Stop it and its children: they keep their connections and answer nothing."""
        for pid in (self.pid, *children(self.pid)):
            signalled(pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it and its children go on."""
        if self.runs:
            for pid in (*children(self.pid), self.pid):
                signalled(pid, signal.SIGCONT)

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end, and kill it when it doesn't."""
        if self._running is None:
            return
        self.resume()
        with suppress(ProcessLookupError):
            self._running.send_signal(how)
        try:
            self._running.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()


def signalled(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process, which may be gone."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def children(pid: int) -> list[int]:
    """The ids of the processes that ``pid`` has started, and that still run."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    if not found.exists():
        listed = subprocess.run(  # noqa: S603
            ["/usr/bin/pgrep", "-P", str(pid)], capture_output=True, text=True
        )
        return [int(line) for line in listed.stdout.split()]
    return [int(one) for one in found.read_text().split()]
