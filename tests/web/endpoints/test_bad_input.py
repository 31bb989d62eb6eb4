"""Whatever a stranger sends gets the registered error, and never a 500."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from oauthprov.protocol.authorize.checks import PARAMETERS
from oauthprov.protocol.request import params
from tests import site as sites
from tests.site import FORM
from tests.web.endpoints.test_authorize import is_error_page

ENDPOINTS = [
    f"/oauth/{name}" for name in ("token", "introspect", "revoke", "par", "device_authorization")
]
PAGES = [
    *("/", "/login", "/signup", "/consent", "/account", "/logout", "/device", "/oauth/authorize"),
]
REGISTERED = {
    "access_denied",
    "insufficient_scope",
    "invalid_client",
    "invalid_dpop_proof",
    "invalid_grant",
    "invalid_request",
    "invalid_request_object",
    "invalid_request_uri",
    "invalid_scope",
    "invalid_target",
    "invalid_token",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
    "unsupported_token_type",
}

BODIES = [
    b"grant_type=%zz",
    b"grant_type=%",
    b"grant_type=%ff",
    b"grant_type=\xff",
    b"grant_type=refresh_token%00",
    b"grant_type=refresh_token&grant_type=refresh_token",
    b"client_id=a&client_id=b&grant_type=refresh_token",
    b"token=a&token=b",
    b'{"grant_type": "client_credentials"}',
    b"[]",
    b"\0",
    b"&&&=&=",
    b"scope=" + b"a" * 1_000_000,
    b"&".join(b"p%d=1" % n for n in range(10_000)),
    b"x" * 1_100_000,
]


@pytest.fixture(scope="module")
def site():
    made = sites.standalone(sites.ini("sqlite://", development="true"))
    yield made
    made.close()


def assert_refused(response, *statuses):
    assert response.status_int in (statuses or (400,))
    assert response.content_type == "application/json"
    assert response.json["error"] in REGISTERED
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:40]))
def test_a_body_that_is_no_form_is_an_invalid_request(site, path, body):
    assert_refused(site.send("POST", path, body=body, content_type=FORM), 400, 401, 413)


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "text/plain",
        f"{FORM}; charset=bogus",
        f"{FORM}; charset=utf-16",
        f"{FORM}; charset=\xff",
        "\xff",
        "",
    ],
)
def test_a_content_type_other_than_a_utf_8_form_is_an_invalid_request(site, path, content_type):
    app = site.app("machine")
    form = {"grant_type": "client_credentials", "client_id": app.client.client_id}
    response = site.send("POST", path, body=urlencode(form).encode(), content_type=content_type)
    assert_refused(response)
    assert response.json["error"] == "invalid_request"


@pytest.mark.parametrize("path", ENDPOINTS)
def test_credentials_in_the_url_are_an_invalid_request(site, path):
    response = site.send("POST", path, query=b"client_secret=x", content_type=FORM)
    assert_refused(response)


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "99999999999999999999", "\u00b2"])
def test_an_invalid_content_length_is_refused(site, path, length):
    response = site.send("POST", path, content_type=FORM, content_length=length)
    assert_refused(response, 400, 401, 413)


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic !!!",
        "Basic \xff",
        "Basic Og==",
        "Basic YTpi, Basic YTpi",
        "Basic " + "YTpi" * 20_000,
        "Bearer x",
        "Digest username=x",
        "\0",
    ],
)
def test_an_invalid_authorization_header_is_refused(site, authorization):
    response = site.send(
        "POST",
        "/oauth/token",
        body=b"grant_type=client_credentials",
        content_type=FORM,
        authorization=authorization,
    )
    assert_refused(response, 401)
    assert response.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize(
    "query",
    [
        b"%zz",
        b"client_id=%ff",
        b"client_id=\xff",
        b"client_id=%00",
        b"scope=" + b"a" * 1_000_000,
        b"&".join(b"p%d=1" % n for n in range(10_000)),
        b"interaction=%ff",
        b"interaction=" + b"a" * 5_000,
        b"interaction=a&interaction=b",
        b"interaction=\xe2\x80\xae",
    ],
    ids=lambda query: repr(query[:30]),
)
def test_an_unreadable_query_is_refused(site, query):
    assert is_error_page(site.send("GET", "/oauth/authorize", query=query))
    for page in PAGES:
        assert site.send("GET", page, query=query).status_int < 500


@pytest.mark.parametrize(
    "path", ["/%ff", "/oauth/%ff", "/oauth/token%00", "/%", "/..%2f", "/%2e/"]
)
def test_a_path_that_is_no_text_is_refused(site, path):
    for method in ("GET", "POST", "OPTIONS"):
        assert site.send(method, path).status_int in (400, 404)


@pytest.mark.parametrize("cookie", ["\xff", "=", ";;;", "a" * 20_000, "__Host-oauthprov_sid=\xff"])
@pytest.mark.parametrize("path", PAGES)
def test_invalid_cookies_are_no_server_error(site, path, cookie):
    assert site.send("GET", path, cookie=cookie).status_int < 500


# What the endpoints know, and what oauthlib would take for an attribute of its request.
INNER = {"interaction", "user", "client", "scopes", "_params", "extra_credentials"}
NAMES = st.sampled_from(sorted(params.TOKEN | PARAMETERS | params.ABOUT_TOKEN | INNER))
VALUES = st.one_of(
    st.sampled_from(
        [
            "",
            "authorization_code",
            "client_credentials",
            "code",
            "openid",
            "password",
            "refresh_token",
            "S256",
            sites.CALLBACK,
            "opa_a.b",
            "opr_a.b",
            "opc_a.b",
        ]
    ),
    st.text(max_size=30),
)
FORMS = st.lists(st.tuples(NAMES, VALUES), max_size=8).map(
    lambda pairs: urlencode(pairs, errors="surrogatepass").encode()
)
RAW = st.one_of(FORMS, FORMS, st.binary(max_size=60))
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "authorization": st.one_of(
            st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40),
            st.sampled_from(["Basic YTpi", "Bearer opa_a.b", "DPoP opa_a.b", "DPoP", "Basic"]),
        ),
        "dpop": st.one_of(
            st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40),
            st.from_regex(r"[A-Za-z0-9_-]{1,30}\.[A-Za-z0-9_-]{1,30}\.[A-Za-z0-9_-]{1,30}"),
        ).filter(lambda text: "\n" not in text),
        "origin": st.sampled_from(["https://app.example", "null", "\xff", "https://[", "x" * 99]),
        "content_type": st.sampled_from([FORM, FORM, "application/json", "multipart/form-data"]),
        "cookie": st.text(st.characters(max_codepoint=255, exclude_characters="\r\n")),
    },
)
FUZZ = hypothesis_settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def app(site):
    """A public client, so that strangers get past client authentication."""
    return site.app("browser")


@pytest.mark.parametrize("path", ENDPOINTS)
@given(body=RAW, query=st.one_of(st.just(b""), RAW), headers=HEADERS, known=st.booleans())
@FUZZ
def test_random_input_to_endpoints_gets_a_registered_error(
    site, app, path, body, query, headers, known
):
    if known:
        body = b"client_id=" + app.client.client_id.encode() + b"&" + body
    headers = {"content_type": FORM} | headers
    response = site.send("POST", path, query, body, **headers)
    assert response.status_int in (200, 201, 400, 401, 413)
    if response.status_int >= 400:
        assert response.json["error"] in REGISTERED
        description = response.json.get("error_description", "")
        # RFC 6749 section 5.2: the characters that a description may hold.
        assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*", description)


@pytest.mark.parametrize("method", ["GET", "POST"])
@given(raw=RAW, headers=HEADERS, known=st.booleans())
@FUZZ
def test_random_authorization_requests_get_a_page_or_a_registered_error(
    site, app, method, raw, headers, known
):
    if known:
        proven = {"client_id": app.client.client_id, "redirect_uri": sites.CALLBACK}
        raw = urlencode(proven).encode() + b"&" + raw
    headers = {"content_type": FORM} | headers
    query, body = (raw, b"") if method == "GET" else (b"", raw)
    response = site.send(method, "/oauth/authorize", query, body, **headers)
    if "Location" in response.headers:
        assert response.status_int == (302 if method == "GET" else 303)
        ours = response.location.startswith(site.issuer + "/")
        assert ours or (known and response.location.startswith(sites.CALLBACK + "?"))
        if not ours:
            assert (
                f"iss={site.issuer.replace(':', '%3A').replace('/', '%2F')}" in response.location
            )
            assert re.search(r"error=(\w+)", response.location)[1] in REGISTERED
    else:
        assert is_error_page(response, response.status_int)
        assert response.status_int in (400, 413)


@given(headers=HEADERS, query=RAW)
@FUZZ
def test_random_requests_to_a_resource_get_a_challenge(site, headers, query):
    response = site.send("GET", "/api/me", query, **headers)
    assert response.status_int in (400, 401)
    assert response.headers.getall("WWW-Authenticate")[0].startswith('Bearer realm="')


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", ["GET", "POST"])
@given(raw=RAW, headers=HEADERS)
@FUZZ
def test_random_input_to_pages_is_no_server_error(site, path, method, raw, headers):
    query, body = (raw, b"") if method == "GET" else (b"", raw)
    response = site.send(method, path, query, body, **({"content_type": FORM} | headers))
    assert response.status_int < 500
