"""Answers are kept for some seconds and never too long; concurrent look-ups are one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from oauthprov.protected_resource.tokens import TokenInfo
from oauthprov.resource_server import cache as caches
from oauthprov.resource_server.cache import Cache
from oauthprov.resource_server.unavailable import Unavailable
from tests.site import Clock


class Issuer:
    """Counts the look-ups; tokens that begin with ``live`` are live for ``lifetime`` seconds."""

    def __init__(self):
        self.clock = Clock()
        self.asked = []
        self.lifetime = 600
        self.down = False

    def __call__(self, raw):
        self.asked.append(raw)
        if self.down:
            raise Unavailable("it is down")
        if not raw.startswith("live"):
            return None
        now = self.clock()
        return TokenInfo("alice", "app", ("read",), (), now, now + self.lifetime, None)

    def cache(self, seconds=5):
        return Cache(self, seconds, self.clock)


@pytest.fixture
def issuer():
    return Issuer()


@pytest.mark.parametrize("token", ["live", "dead"])
def test_an_answer_is_used_again_for_some_seconds(issuer, token):
    cache = issuer.cache()
    first = cache.token_info(token)
    issuer.clock.pass_by(4)
    assert cache.token_info(token) == first
    assert len(issuer.asked) == 1
    issuer.clock.pass_by(1)
    cache.token_info(token)
    assert len(issuer.asked) == 2


def test_the_seconds_count_from_the_question_and_not_from_the_answer(issuer):
    def slow(raw):
        found = issuer(raw)
        issuer.clock.pass_by(3)
        return found

    cache = Cache(slow, 5, issuer.clock)
    cache.token_info("live")
    issuer.clock.pass_by(2)
    cache.token_info("live")
    assert len(issuer.asked) == 2


def test_no_answer_outlives_its_token(issuer):
    issuer.lifetime = 3
    cache = issuer.cache()
    assert cache.token_info("live") is not None
    issuer.clock.pass_by(3)
    assert cache.token_info("live") is None


def test_an_answer_about_an_expired_token_is_no_token(issuer):
    issuer.lifetime = 0
    assert issuer.cache().token_info("live") is None
    assert issuer.cache(0).token_info("live") is None


def test_a_clock_that_is_set_back_prolongs_nothing(issuer):
    cache = issuer.cache()
    cache.token_info("live")
    issuer.clock.pass_by(-1)
    cache.token_info("live")
    assert len(issuer.asked) == 2


def test_a_cache_of_0_seconds_asks_each_time(issuer):
    cache = issuer.cache(0)
    for _ in range(3):
        cache.token_info("live")
    assert len(issuer.asked) == 3


def test_a_failure_is_not_kept(issuer):
    cache = issuer.cache()
    issuer.down = True
    with pytest.raises(Unavailable):
        cache.token_info("live")
    issuer.down = False
    assert cache.token_info("live") is not None


def test_an_answer_that_is_kept_serves_while_the_issuer_is_down(issuer):
    cache = issuer.cache()
    cache.token_info("live")
    issuer.down = True
    assert cache.token_info("live") is not None
    issuer.clock.pass_by(5)
    with pytest.raises(Unavailable):
        cache.token_info("live")


def test_the_number_of_answers_is_bounded_and_dead_tokens_displace_no_live_one(
    issuer, monkeypatch
):
    monkeypatch.setattr(caches, "LIVE", 3)
    monkeypatch.setattr(caches, "DEAD", 2)
    cache = issuer.cache()
    for number in range(4):
        cache.token_info(f"live {number}")
        cache.token_info(f"dead {number}")
    cache.token_info("live 1")
    cache.token_info("live 4")
    issuer.asked.clear()
    for token in ("live 1", "live 3", "live 4", "dead 3"):
        cache.token_info(token)
    assert issuer.asked == []
    for token in ("live 2", "dead 1"):
        cache.token_info(token)
    assert issuer.asked == ["live 2", "dead 1"]


@pytest.mark.parametrize("down", [False, True])
def test_concurrent_look_ups_of_one_token_are_one_question(issuer, down):
    came, release = threading.Event(), threading.Event()

    def slow(raw):
        came.set()
        assert release.wait(60)
        return issuer(raw)

    issuer.down = down
    cache = Cache(slow, 5, issuer.clock)

    def ask():
        try:
            return cache.token_info("live")
        except Unavailable:
            return "503"

    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(ask)
        assert came.wait(60)
        others = [threads.submit(ask) for _ in range(7)]
        release.set()
        answers = {first.result(60), *(other.result(60) for other in others)}
    assert len(answers) == 1
    assert (answers == {"503"}) is down
    # When the issuer is down, who comes after the failure asks again.
    assert len(issuer.asked) == 1 or down


def test_a_bug_in_a_look_up_reaches_everybody_and_leaves_no_flight(issuer):
    def broken(raw):
        raise ZeroDivisionError

    cache = Cache(broken, 5, issuer.clock)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            cache.token_info("live")
