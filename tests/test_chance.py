"""Random numbers of the server repeat neither in a host that seeds its own nor after a fork."""

import random
import subprocess
import sys
from contextlib import closing

from oauthprov import chance, logs
from oauthprov.records import Login
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add
from oauthprov.storage.testing.samples import NOW, fill, unique

FORKED = """
import os, oauthprov.chance
oauthprov.chance.getrandbits(64)
for _ in range(2):
    if not (child := os.fork()):
        print(oauthprov.chance.getrandbits(64), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
print(oauthprov.chance.getrandbits(64))
"""


def seeded(make):
    """What ``make`` returns, twice, each time after the host has seeded its generator."""
    state = random.getstate()
    try:
        made = []
        for _ in "ab":
            random.seed(1)
            made.append(make())
        return made
    finally:
        random.setstate(state)


def test_a_host_that_seeds_its_random_numbers_repeats_no_request_id():
    one, other = seeded(lambda: logs.new_request_id()[-10:])
    assert one != other


def test_a_host_that_seeds_its_random_numbers_repeats_no_version():
    with closing(open_storage("sqlite://")) as storage:
        storage.upgrade()

        def version():
            record = fill(Login, unique())
            storage.commit(Add(record), now=NOW)
            return storage.get(Login, record.storage_key).version

        one, other = seeded(version)
    assert one != other


def test_no_thread_of_the_server_draws_from_the_generator_of_its_host():
    before = random.getstate()
    chance.getrandbits(64), chance.randint(0, 9), chance.uniform(0, 1), logs.new_request_id()
    assert random.getstate() == before


def test_forked_processes_draw_numbers_of_their_own():
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, check=True)  # noqa: S603
    assert len(set(done.stdout.split())) == 3
