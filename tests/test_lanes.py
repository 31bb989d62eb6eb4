"""Work in lanes: a few threads, and one item of a key at a time."""

import threading

import pytest

from oauthprov.background import LANES_LIMIT, Lanes


class Gate:
    """Work that waits at a gate for the keys that a test holds."""

    def __init__(self, *held):
        self.held = held
        self.open = threading.Event()
        self.done, self.inside, self.most = [], {}, {}
        self.changed = threading.Condition()

    def __call__(self, item):
        key, _ = item
        with self.changed:
            self.inside[key] = self.inside.get(key, 0) + 1
            self.most[key] = max(self.most.get(key, 0), self.inside[key])
            self.changed.notify_all()
        if key in self.held:
            assert self.open.wait(60)
        with self.changed:
            self.inside[key] -= 1
            self.done.append(item)
            self.changed.notify_all()

    def wait_for(self, condition):
        with self.changed:
            assert self.changed.wait_for(condition, 60)


def put(lanes, key, count):
    for number in range(count):
        lanes.put(key, (key, number))


def test_a_key_whose_work_blocks_holds_up_one_thread():
    work = Gate("mute")
    lanes = Lanes(work, threads=2)
    put(lanes, "mute", 10)
    put(lanes, "honest", 10)
    work.wait_for(lambda: len(work.done) == 10)
    assert work.done == [("honest", number) for number in range(10)]
    assert work.inside["mute"] == 1
    work.open.set()
    lanes.join()
    assert len(work.done) == 20


def test_items_of_one_key_are_processed_in_order():
    work = Gate()
    lanes = Lanes(work, threads=8)
    for number in range(50):
        for key in ("one", "two"):
            lanes.put(key, (key, number))
    lanes.join()
    for key in ("one", "two"):
        assert [item for item in work.done if item[0] == key] == [(key, n) for n in range(50)]
    assert work.most == {"one": 1, "two": 1}


def test_no_more_threads_run_than_allowed():
    keys = [f"mute {number}" for number in range(5)]
    work = Gate(*keys)
    lanes = Lanes(work, threads=3)
    for key in keys:
        put(lanes, key, 1)
    work.wait_for(lambda: len(work.inside) == 3)
    assert sum(work.inside.values()) == 3
    work.open.set()
    lanes.join()
    assert len(work.done) == 5


def test_the_first_error_stops_the_remaining_work():
    def fail(item):
        raise OSError(item)

    lanes = Lanes(fail, threads=1)
    put(lanes, "key", 20)
    with pytest.raises(OSError, match="0"):
        lanes.join()


def test_the_number_of_waiting_items_is_bounded():
    work = Gate("mute")
    lanes = Lanes(work, threads=1)
    putting = threading.Thread(target=put, args=(lanes, "mute", LANES_LIMIT + 5))
    putting.start()
    work.wait_for(lambda: work.inside.get("mute"))
    putting.join(0.2)
    assert sum(map(len, lanes._waiting.values())) <= LANES_LIMIT
    work.open.set()
    putting.join(60)
    lanes.join()
    assert len(work.done) == LANES_LIMIT + 5
