"""Posting over http to this machine, as allowed in development."""

import pytest

from oauthprov.errors import FetchError
from oauthprov.fetch import Fetcher
from oauthprov.fetch.target import Target
from oauthprov.settings.values import fetch_allow
from tests.fetch.server import Names
from tests.servers.wsgi import Server


@pytest.fixture
def demo():
    """A server that records the host and body of every request."""
    asked = []

    def app(environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        asked.append((environ["HTTP_HOST"], body))
        start_response("200 OK", [("Content-Length", "0")])
        return []

    server = Server()
    server.asked = asked
    server.start(app)
    yield server
    server.close()


def fetcher(allow, *, loopback_http=True, names=None):
    options = {} if names is None else {"lookup": names}
    return Fetcher(fetch_allow(allow), loopback_http=loopback_http, seconds=30, **options)


def test_a_logout_token_can_be_posted_to_loopback_over_http(demo):
    place = demo.root.removeprefix("http://")
    assert fetcher(place).post(f"{demo.root}/logout", {"a": "b"}) == 200
    assert demo.asked == [(place, b"a=b")]


def test_loopback_is_posted_to_only_where_fetch_allow_permits_it(demo):
    with pytest.raises(FetchError, match="isn't public"):
        fetcher("localhost:1").post(f"{demo.root}/logout", {})
    assert demo.asked == []


def test_http_is_refused_unless_loopback_http_is_on(demo):
    strict = fetcher("127.0.0.0/8", loopback_http=False)
    with pytest.raises(FetchError, match="isn't https"):
        strict.post(f"{demo.root}/logout", {})
    assert demo.asked == []


def test_documents_are_fetched_over_https_even_with_loopback_http_on(demo):
    with pytest.raises(FetchError, match="isn't https"):
        fetcher("127.0.0.0/8").fetch(f"{demo.root}/jwks", media_types=("a/b",), limit=1)


def test_localhost_must_resolve_to_this_machine():
    names = Names()
    names.names["localhost"] = [["198.51.100.1"]]
    with pytest.raises(FetchError, match="isn't loopback"):
        fetcher("localhost:80", names=names).post("http://localhost/logout", {})


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://localhost/x", "localhost"),
        ("http://localhost:443/x", "localhost:443"),
        ("http://[::1]:8000/x", "[::1]:8000"),
    ],
)
def test_the_default_port_follows_the_scheme(url, authority):
    assert Target.parse(url, loopback_http=True).authority == authority


@pytest.mark.parametrize(
    "url",
    ["http://app.example/", "http://localhost.example/", "http://127.0.0.2/", "ftp://localhost/"],
)
def test_http_to_any_other_host_is_refused(url):
    with pytest.raises(FetchError, match="isn't https"):
        Target.parse(url, loopback_http=True)
