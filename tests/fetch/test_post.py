"""Posting a form to a client's URL, by the rules of fetching."""

import threading
from contextlib import suppress

import pytest

from oauthprov.failures import FetchError, UnexpectedStatus
from oauthprov.fetch.exchange import HEADERS_LIMIT
from oauthprov.fetch.fetcher import PARALLEL
from tests.fetch.conftest import TYPES
from tests.fetch.server import JSON, answer


def post(place, **options):
    return place.fetcher(**options).post(place.url, {"a": "b c", "d": "\u00e9&"})


def test_a_post_sends_a_form_and_the_needed_headers_alone(place):
    place.server.reply = answer(b"")
    assert post(place) == 200
    [request] = place.server.asked
    head, _, body = request.decode().partition("\r\n\r\n")
    assert head.split("\r\n") == [
        "POST /jwks?x=1 HTTP/1.1",
        f"Host: app.example:{place.server.port}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        "User-Agent: oauthprov",
        "Connection: close",
    ]
    assert body == "a=b+c&d=%C3%A9%26"


def test_a_redirect_is_not_followed(place):
    place.server.reply = answer(b"", f"Location: {place.url}", status="307 Temporary Redirect")
    assert post(place) == 307
    assert place.server.connections == 1


def test_the_body_of_the_response_is_not_read(place):
    place.server.reply = answer(b"x" * 10 * HEADERS_LIMIT)
    assert post(place) == 200


def test_endless_headers_are_an_error(place):
    place.server.reply = b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * HEADERS_LIMIT
    with pytest.raises(FetchError):
        post(place)


@pytest.mark.parametrize(
    "options", [{"allow": ""}, {"ca_file": ""}, {"allow": "app.example:1"}], ids=str
)
def test_nothing_is_posted_where_fetch_allow_or_tls_forbids_it(place, options):
    with pytest.raises(FetchError):
        post(place, **options)
    assert place.server.asked == []


@pytest.mark.parametrize("stuck", ["posts", "fetches"])
def test_posts_and_fetches_don_t_wait_for_each_other(place, stuck):
    gate, fetcher = threading.Event(), place.fetcher()
    place.server.reply = lambda connection: gate.wait(60)

    def post():
        with suppress(FetchError):
            fetcher.post(place.url, {"a": "b"})

    def fetch():
        with suppress(FetchError):
            fetcher.fetch(place.url, media_types=TYPES, limit=10)

    work = post if stuck == "posts" else fetch
    threads = [threading.Thread(target=work) for _ in range(PARALLEL)]
    for thread in threads:
        thread.start()
    place.server.wait(PARALLEL)
    place.server.reply = answer(b"{}", JSON)
    if stuck == "posts":
        assert fetcher.fetch(place.url, media_types=TYPES, limit=10).content == b"{}"
    else:
        assert fetcher.post(place.url, {"a": "b"}) == 200
    gate.set()
    for thread in threads:
        thread.join(60)


def test_a_post_can_have_a_shorter_time_limit(place):
    place.server.reply = lambda connection: place.server.closing.wait(60)
    with pytest.raises(FetchError, match=r"app\.example"):
        place.fetcher(seconds=60).post(place.url, {"a": "b"}, seconds=0.2)
    place.server.closing.set()


def submit(place, limit=100, **options):
    """Post a form to a server that answers with a document."""
    headers = {"Authorization": "Basic x"}
    fetcher = place.fetcher(**options)
    return fetcher.submit(place.url, {"a": "b"}, headers=headers, media_types=TYPES, limit=limit)


def test_a_submitted_form_is_answered_with_a_document(place):
    place.server.reply = answer(b'{"x": 1}', JSON)
    assert submit(place).content == b'{"x": 1}'
    [request] = place.server.asked
    assert request.startswith(b"POST /jwks?x=1 HTTP/1.1\r\n")
    for line in (b"Authorization: Basic x", b"Accept: application/json", b"Content-Length: 3"):
        assert b"\r\n" + line + b"\r\n" in request


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (answer(b"x" * 101, JSON), "longer than 100 bytes"),
        (answer(b"x" * 1_000_000, JSON), "longer than 100 bytes"),
        (answer(b"x", "Content-Type: text/html"), "text/html"),
        (answer(b"x", JSON, "Content-Encoding: gzip"), "compressed"),
        (answer(b"{}", JSON, status="302 Found"), "status 302"),
        (answer(b"{}", JSON, status="201 Created"), "status 201"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", "incomplete|invalid HTTP"),
        (b"nonsense\r\n\r\n", "invalid HTTP"),
    ],
)
def test_an_answer_to_a_submitted_form_that_breaks_a_rule_is_an_error(place, reply, reason):
    place.server.reply = reply
    with pytest.raises(FetchError, match=reason):
        submit(place)


def test_the_status_of_a_refused_form_is_told(place):
    place.server.reply = answer(b"{}", JSON, status="401 Unauthorized")
    with pytest.raises(UnexpectedStatus) as raised:
        submit(place)
    assert raised.value.status == 401
