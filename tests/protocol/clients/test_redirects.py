"""Redirect URIs: exact matching, loopback ports, what may be registered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.uri_validate import is_absolute_uri

from oauthprov.protocol.clients.redirects import (
    AUTHORIZATION_RESPONSE,
    LOGOUT_RESPONSE,
    destination,
    leaves_browser,
    problem_with,
    redirect_allowed,
)

HTTPS = "https://app.example/cb?x=1"
PIECES = st.sampled_from(
    [*"/:@#?.%[]\\ ", "127.0.0.1", "[::1]", "localhost", "http", "https", "://", "evil", "8080"]
)
URIS = st.lists(PIECES, max_size=8).map("".join)


@given(URIS | st.text(max_size=60))
def test_only_the_registered_uri_matches(requested):
    assert redirect_allowed([HTTPS], requested, any_port=True) == (requested == HTTPS)


@given(st.integers(1, 65535))
def test_any_port_of_a_loopback_ip_matches(port):
    for host in ("127.0.0.1", "[::1]"):
        registered = [f"http://{host}/cb", f"http://{host}:1234/cb?x"]
        assert redirect_allowed(registered, f"http://{host}:{port}/cb", any_port=True)
        assert redirect_allowed(registered, f"http://{host}:{port}/cb?x", any_port=True)
        assert not redirect_allowed([registered[0]], f"http://{host}:{port}/cb")


@given(URIS)
def test_only_the_port_of_a_loopback_ip_may_differ(requested):
    if redirect_allowed(["http://127.0.0.1/cb"], requested, any_port=True):
        rest = requested.removeprefix("http://127.0.0.1").removesuffix("/cb")
        assert rest == "" or (rest[0] == ":" and rest[1:].isdigit())


@pytest.mark.parametrize(
    "requested",
    [
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:080/cb",
        "http://127.0.0.1:-1/cb",
        "http://127.0.0.1:٣/cb",
        "http://127.0.0.1:80@evil.example/cb",
        "http://user@127.0.0.1:80/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.1:80/cb/",
        "http://127.0.0.1:80/CB",
        "http://127.0.0.1:80/cb#x",
        "http://127.0.0.1:80/cb?x",
        "http://127.0.0.1:80/cb\n",
        "https://127.0.0.1:80/cb",
        "http://localhost:80/cb",
        "http://[::1]:80/cb",
        "http://127.1:80/cb",
        "http://127.0.0.2:80/cb",
        "http://2130706433:80/cb",
        "HTTP://127.0.0.1:80/cb",
    ],
)
def test_look_alikes_of_a_loopback_uri_do_not_match(requested):
    assert not redirect_allowed(["http://127.0.0.1/cb"], requested, any_port=True)


def test_localhost_keeps_its_port():
    registered = ["http://localhost:8000/cb"]
    assert redirect_allowed(registered, registered[0], any_port=True)
    assert not redirect_allowed(registered, "http://localhost:8001/cb", any_port=True)


@pytest.mark.parametrize(
    ("uri", "types"),
    [
        ("https://app.example/cb", "web browser native"),
        ("https://app.example:8443/cb?x=1", "web browser native"),
        ("https://app.example", "web browser native"),
        ("http://localhost:8000/cb", "web browser native"),
        ("http://127.0.0.1/cb", "web browser native"),
        ("http://[::1]:9000/cb", "web browser native"),
        ("com.example.app:/cb", "native"),
        ("com.example.app://cb", "native"),
        ("http://app.example/cb", ""),
        ("http://localhost.evil.example/cb", ""),
        ("http://127.0.0.1.evil.example/cb", ""),
        ("https://app.example/cb#fragment", ""),
        ("https://app.example/cb#", ""),
        ("https://user:password@app.example/cb", ""),
        ("https://app.example@evil.example/cb", ""),
        ("https://APP.example/cb", ""),
        ("HTTPS://app.example/cb", ""),
        ("https://app.example/a/../cb", ""),
        ("https://app.example/a/%2E%2e/cb", ""),
        ("https://app.example/./cb", ""),
        ("https://app.example:port/cb", ""),
        ("https://app.example:99999/cb", ""),
        ("https://*.example/cb", ""),
        ("https://app_.example/cb", ""),
        ("https:///cb", ""),
        ("https://", ""),
        ("https:app.example/cb", ""),
        ("https://[::1/cb", ""),
        ("https://app.example/ä", ""),
        ("https://app.example/a b", ""),
        ("https://app.example/cb\n", ""),
        ("https://app.example\\cb", ""),
        ("/cb", ""),
        ("", ""),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("file:///etc/passwd", ""),
        ("urn:ietf:wg:oauth:2.0:oob", ""),
        ("myapp:/cb", ""),
        ("Com.Example.App:/cb", ""),
        ("com.example.app://user@cb", ""),
        ("com.example.app:/a/../cb", ""),
        ("https://app.example/" + "a" * 2000, ""),
        ("https://app.example/cb?dummy1=lorem&dummy2=ipsum", "web browser native"),
        ("https://app.example/cb?State=1&my_code=2&codes", "web browser native"),
        ("https://app.example/code?x=code%3Dy%26state", "web browser native"),
    ],
)
def test_each_client_type_allows_its_own_kinds_of_redirect_uri(uri, types):
    allowed = {kind for kind in ("web", "browser", "native") if problem_with(uri, kind) is None}
    assert allowed == set(types.split())
    assert problem_with(uri, "machine")


@pytest.mark.parametrize(
    ("uri", "registrable"),
    [
        ("cursor://anysphere.cursor-mcp/oauth/callback", True),
        ("cursor:/callback", True),
        ("vscode://callback", False),
        ("cursors://callback", False),
        ("Cursor://callback", False),
        ("cursor://alice@callback", False),
        ("cursor:/a/../callback", False),
        ("cursor://callback#fragment", False),
        ("cursor://callback?code=1", False),
    ],
)
def test_a_scheme_that_the_operator_allows_needs_no_dot(uri, registrable):
    assert (problem_with(uri, "native", schemes=("cursor",)) is None) is registrable
    assert problem_with(uri, "native")
    assert problem_with(uri, "web", schemes=("cursor",))
    assert problem_with(uri, "browser", schemes=("cursor",))


@pytest.mark.parametrize("name", sorted(AUTHORIZATION_RESPONSE))
@pytest.mark.parametrize(
    "uri", ["https://app.example/cb", "http://127.0.0.1/cb", "com.example.app:/cb"]
)
def test_a_query_may_not_hold_what_an_authorization_response_adds(uri, name):
    for query in (f"{name}=x", f"x=1&{name}", f"{name}=", f"%{ord(name[0]):x}{name[1:]}=x"):
        assert name in problem_with(f"{uri}?{query}", "native")


def test_a_response_to_a_logout_request_adds_state_alone():
    uri = "https://app.example/bye"
    assert problem_with(f"{uri}?x=1&state=2", "web", added=LOGOUT_RESPONSE)
    assert problem_with(f"{uri}?code=1&iss=2", "web", added=LOGOUT_RESPONSE) is None


@given(URIS | st.text(max_size=60))
def test_every_registrable_uri_is_absolute_and_has_no_fragment(uri):
    for kind in ("web", "browser", "native"):
        if problem_with(uri, kind) is None:
            assert is_absolute_uri(uri)
            assert "#" not in uri
            assert destination(uri)


@pytest.mark.parametrize(
    ("uri", "leaves", "leads"),
    [
        ("https://app.example/cb", False, "app.example"),
        ("https://app.example:8443/cb", False, "app.example:8443"),
        ("http://localhost:8000/cb", True, "an app on this device (localhost:8000)"),
        ("http://127.0.0.1/cb", True, "an app on this device (127.0.0.1)"),
        ("com.example.app:/cb", True, "an app on this device (com.example.app)"),
    ],
)
def test_the_destination_shown_for_a_uri_is_its_host_or_app(uri, leaves, leads):
    assert (leaves_browser(uri), destination(uri)) == (leaves, leads)


def test_a_private_use_scheme_cannot_pose_as_a_host():
    assert destination("com.example.app://bank.example/cb") == (
        "an app on this device (com.example.app)"
    )
