"""Raw bytes to parameters: RFC 6749 section 3.1 and appendix B."""

import re
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from oauthprov.protocol.request import params
from oauthprov.protocol.request.answers import Call, Refusal, Visitor
from tests.protocol.world import BROWSER, FORM, World

PROVIDER = World().provider

KNOWN = frozenset({"scope", "state", "resource", "code"})
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


def parse(raw):
    return params.parse(raw, KNOWN, 1000)


def test_a_form_is_parsed_into_pairs():
    assert parse(b"scope=read+write&state=%C3%A4%3D").pairs == (
        ("scope", "read write"),
        ("state", "ä="),
    )


def test_an_empty_parameter_counts_as_absent():
    assert parse(b"scope=&state&code=x").pairs == (("code", "x"),)
    assert parse(b"").pairs == parse(b"&&").pairs == ()


def test_unknown_names_are_dropped():
    assert parse(b"user=admin&scope=a&client=x&_cache=evil&user=b").strict() == (("scope", "a"),)


def test_a_known_name_may_not_repeat():
    parsed = parse(b"scope=a&scope=b")
    assert parsed.repeated == ("scope",)
    assert parsed.get("scope") == "a"
    with pytest.raises(InvalidRequestError, match="Duplicate scope parameter"):
        parsed.strict()


def test_an_empty_repeated_parameter_counts_as_repeated():
    assert parse(b"scope=&scope=a").repeated == ("scope",)


def test_resource_may_repeat():
    assert parse(b"resource=a&resource=b").strict() == (("resource", "a"), ("resource", "b"))


@pytest.mark.parametrize("name", sorted(params.URIS))
def test_a_uri_has_at_most_2000_characters(name):
    longest = "https://app.example/" + "a" * 1980
    assert parse_uri(name, longest).get(name) == longest
    with pytest.raises(InvalidRequestError, match=f"The {name} is too long"):
        parse_uri(name, longest + "a")


def parse_uri(name, value):
    return params.parse(urlencode({name: value}).encode(), params.URIS, params.QUERY_LIMIT)


@pytest.mark.parametrize(
    "raw",
    [
        b"scope=%",
        b"scope=%a",
        b"scope=%zz",
        b"%zz=scope",
        b"scope=%ff",
        b"scope=%C3",
        b"unknown=%ff",
        b"scope=%00",
        b"sco%00pe=a",
        b"scope=\x00",
        b"scope=\xc3\xa4",
        b"scope=a b",
        b"scope=a\r\n",
        b"scope=%ED%A0%80",
        b"scope=" + b"a" * 1000,
        b"&".join([b"a=b"] * 101),
        b"&" * 101,
    ],
)
def test_a_malformed_form_is_an_invalid_request(raw):
    with pytest.raises(InvalidRequestError):
        parse(raw)


def read(raw):
    """Return the parameters, or None and check that the error is one to show."""
    try:
        return parse(raw)
    except InvalidRequestError as refused:
        if not re.fullmatch(r"[\x20\x21\x23-\x5b\x5d-\x7e]+", refused.description):
            raise
        return None


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw):
    parsed = read(raw)
    if parsed is not None:
        assert all(value and "\0" not in value for _, value in parsed.pairs)
        assert {name for name, _ in parsed.pairs} <= KNOWN


@given(st.dictionaries(st.sampled_from(sorted(KNOWN)), TEXT), st.lists(TEXT, max_size=3))
def test_an_encoded_form_reads_back_unchanged(single, resources):
    single.pop("resource", None)
    pairs = [*single.items(), *[("resource", value) for value in resources]]
    parsed = params.parse(urlencode(pairs).encode(), KNOWN, 100_000)
    assert list(parsed.strict()) == [(name, value) for name, value in pairs if value]


def body(headers, query=b"", raw=b"scope=a"):
    return params.from_body(Call("POST", query, raw, headers), KNOWN)


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "Application/X-WWW-Form-URLEncoded; charset=UTF-8",
        'application/x-www-form-urlencoded;charset="utf-8"',
    ],
)
def test_a_form_is_read(kind):
    assert body({"content-type": kind}).get("scope") == "a"


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
        "application/x-www-form-urlencoded; charset=latin-1",
        "application/x-www-form-urlencoded; charset=bogus",
        "application/x-www-form-urlencodedx",
    ],
)
def test_another_content_type_is_an_invalid_request(kind):
    with pytest.raises(InvalidRequestError):
        body({"content-type": kind})


def test_no_content_type_is_an_invalid_request():
    with pytest.raises(InvalidRequestError):
        body({})


def test_a_query_beside_a_form_is_an_invalid_request():
    with pytest.raises(InvalidRequestError):
        body(FORM, query=b"client_secret=x")


@pytest.mark.parametrize("endpoint", ["token", "introspect", "revoke"])
@pytest.mark.parametrize(
    ("query", "raw", "headers", "status"),
    [
        (b"", b'{"grant_type": "client_credentials"}', {"content-type": "application/json"}, 400),
        (b"", b"--x\r\n", {"content-type": "multipart/form-data; boundary=x"}, 400),
        (b"grant_type=client_credentials&client_secret=x", b"", FORM, 400),
        (b"", b"token=%zz&grant_type=%zz", FORM, 400),
        (b"", b"scope=" + b"a" * 1_000_000, FORM, 413),
        (b"", b"&".join(b"p%d=1" % i for i in range(10_000)), FORM, 413),
        (b"", b"token=a&token=b&grant_type=a&grant_type=b", FORM, 400),
    ],
)
def test_every_endpoint_answers_bad_input_with_json(world, endpoint, query, raw, headers, status):
    answer = getattr(world.provider.endpoints, endpoint)(Call("POST", query, raw, headers))
    assert (answer.status, answer.body["error"]) == (status, "invalid_request")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"


@pytest.mark.parametrize("endpoint", ["token", "introspect", "revoke"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "X"])
def test_every_endpoint_is_post_only(world, endpoint, method):
    answer = getattr(world.provider.endpoints, endpoint)(Call(method, b"token=x", b"", {}))
    assert (answer.status, answer.body["error"]) == (405, "invalid_request")
    assert answer.headers["Allow"] == "POST"


@given(raw=st.binary(max_size=300))
def test_no_body_makes_an_endpoint_raise(raw):
    for endpoint in ("token", "introspect", "revoke"):
        answer = getattr(PROVIDER.endpoints, endpoint)(Call("POST", b"", raw, FORM))
        assert answer.status in (400, 401)


@given(raw=st.binary(max_size=300))
def test_no_query_makes_the_authorization_endpoint_raise(raw):
    answer = PROVIDER.authorization.begin(Call("GET", raw), lambda: Visitor(BROWSER))
    assert isinstance(answer, Refusal)
