"""Password hashing: concurrency, waiting, and the memory it leaves behind."""

import subprocess
import sys
import threading
import time
from contextlib import ExitStack

import pytest

from oauthprov.credentials import HashingBusy, PasswordHasher, Turns

PATIENCE = 60.0


class Waiter:
    """A thread that requests a turn; ``result`` ends as "had" or "refused"."""

    def __init__(self, turns: Turns) -> None:
        self.result = None
        self._turns = turns
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            with self._turns.turn():
                self.result = "had"
        except HashingBusy:
            self.result = "refused"

    def start(self) -> "Waiter":
        """Return when it waits."""
        waiting = self._turns.waiting
        self._thread.start()
        deadline = time.monotonic() + PATIENCE
        while self._turns.waiting == waiting:
            assert time.monotonic() < deadline, "it doesn't wait"
            time.sleep(0.001)
        return self

    def join(self) -> str:
        self._thread.join(PATIENCE)
        return self.result


def test_no_more_hashes_run_at_once_than_allowed():
    turns = Turns(2, patience=0)
    with turns.turn(), turns.turn(), pytest.raises(HashingBusy), turns.turn():
        pass
    with turns.turn():
        pass


def test_a_waiting_request_gets_the_next_free_turn():
    turns = Turns(1, PATIENCE)
    with turns.turn():
        waiters = [Waiter(turns).start() for _ in range(6)]
    assert [waiter.join() for waiter in waiters] == ["had"] * 6


def test_a_failed_hash_frees_its_turn():
    turns = Turns(1, patience=0)
    with pytest.raises(ZeroDivisionError), turns.turn():
        raise ZeroDivisionError
    with turns.turn():
        pass


def test_under_lasting_load_no_more_wait_than_hash():
    now = [1000.0]
    turns = Turns(2, PATIENCE, lambda: now[0])
    with ExitStack() as taken:
        for _ in range(2):
            taken.enter_context(turns.turn())
        waiters = [Waiter(turns).start() for _ in range(3)]
        now[0] += PATIENCE
        with pytest.raises(HashingBusy), turns.turn():
            pass
        assert turns.waiting == 3
    assert [waiter.join() for waiter in waiters] == ["had"] * 3


def test_a_free_place_ends_the_lasting_load():
    now = [1000.0]
    turns = Turns(1, PATIENCE, lambda: now[0])
    now[0] += 10 * PATIENCE  # nobody came for a long time, so there is no load
    with turns.turn():
        waiters = [Waiter(turns).start() for _ in range(3)]
    assert [waiter.join() for waiter in waiters] == ["had"] * 3


def test_hashes_are_made_in_separate_threads():
    hasher = PasswordHasher(memory_kib=8, time_cost=1, concurrency=2)
    hasher.turns.patience = PATIENCE
    before = set(threading.enumerate())
    encoded = hasher.hash("correct horse")
    threads = [threading.Thread(target=hasher.verify, args=(encoded, "x")) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = [one for one in set(threading.enumerate()) - before if "password" in one.name]
    assert 1 <= len(made) <= 2


def run(script: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout.strip()


def test_the_threads_of_a_server_keep_no_memory_of_hashes():
    script = """
import re, threading
from oauthprov.credentials import PasswordHasher

def resident():
    return int(re.search("VmRSS:\\\\s+(\\\\d+) kB", open("/proc/self/status").read())[1])

hasher = PasswordHasher(memory_kib=19456, time_cost=1)
hasher.turns.patience = 100
before = resident()
threads = [threading.Thread(target=hasher.verify, args=(None, "x")) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(resident() - before)
"""
    assert int(run(script)) < 2 * 19456


def test_a_forked_process_can_hash_after_its_parent_did():
    script = """
import os, warnings
from oauthprov.credentials import PasswordHasher

warnings.simplefilter("ignore")
hasher = PasswordHasher(memory_kib=8, time_cost=1)
encoded = hasher.hash("correct horse")
child = os.fork()
if child == 0:
    os._exit(0 if hasher.verify(encoded, "correct horse") else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), hasher.verify(encoded, "correct horse"))
"""
    assert run(script) == "0 True"
