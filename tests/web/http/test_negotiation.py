"""Which of two forms of a response a client gets by its Accept: RFC 9110 section 12.5.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauthprov.protocol.token.signed_introspection import MEDIA_TYPE
from oauthprov.web.http.negotiation import prefers


@pytest.mark.parametrize(
    "accept",
    [
        MEDIA_TYPE,
        MEDIA_TYPE.upper(),
        f"{MEDIA_TYPE};q=0.1",
        f"{MEDIA_TYPE}, application/json;q=0.9",
        f"application/json;q=0.9, {MEDIA_TYPE}",
        f"{MEDIA_TYPE};q=0.5, application/json;q=0.499",
        f"{MEDIA_TYPE}, */*;q=0.8",
        f"{MEDIA_TYPE}, application/*;q=0.1, */*;q=0.8",
        f"text/html, {MEDIA_TYPE};q=0.2",
        f"{MEDIA_TYPE}, application/json;q=0",
        f"{MEDIA_TYPE} , ,",
        f"{MEDIA_TYPE};Q=0.3, */*;q=0.2",
    ],
)
def test_a_client_that_prefers_the_form_gets_it(accept):
    assert prefers(accept, MEDIA_TYPE)


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "application/*",
        "application/json",
        "application/json;q=0.1, */*",
        "text/html",
        "application/jwt",
        f"{MEDIA_TYPE}, application/json",
        f"{MEDIA_TYPE}, */*",
        f"{MEDIA_TYPE}, application/*",
        f"{MEDIA_TYPE};q=0.5, application/json;q=0.5",
        f"{MEDIA_TYPE};q=0.4, application/json;q=0.5",
        f"{MEDIA_TYPE};q=0.4, */*;q=0.5",
        f"{MEDIA_TYPE};q=0",
        f"{MEDIA_TYPE};q=0, */*",
        f"{MEDIA_TYPE};q=2",
        f"{MEDIA_TYPE};q=x",
        f"{MEDIA_TYPE};q=",
        f"{MEDIA_TYPE};charset=utf-8",
        f'text/html;a="{MEDIA_TYPE}"',
        f"x{MEDIA_TYPE}",
        f"{MEDIA_TYPE}x",
        f"{MEDIA_TYPE} application/json",
        f"{MEDIA_TYPE}\0",
        f"{MEDIA_TYPE}, é",
    ],
)
def test_every_other_client_gets_json(accept):
    assert not prefers(accept, MEDIA_TYPE)


RANGES = st.sampled_from([MEDIA_TYPE, "application/json", "application/*", "*/*", "text/html"])
QUALITIES = st.integers(0, 1000)


@given(st.dictionaries(RANGES, QUALITIES, min_size=1))
def test_the_form_needs_a_higher_quality_than_json(ranges):
    accept = ", ".join(f"{name};q={quality / 1000:.3f}" for name, quality in ranges.items())
    wildcard = ranges.get("application/*", ranges.get("*/*", 0))
    plain = ranges.get("application/json", wildcard)
    assert prefers(accept, MEDIA_TYPE) == (ranges.get(MEDIA_TYPE, 0) > plain)


PIECES = st.sampled_from([MEDIA_TYPE, "*/*", "application/json", ";q=", "0.5", ",", ";", '"', " "])


@given(st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=3))).map("".join)))
def test_any_text_is_an_answer_and_no_failure(accept):
    assert prefers(accept, MEDIA_TYPE) in (True, False)
    assert MEDIA_TYPE in accept.lower() or not prefers(accept, MEDIA_TYPE)
