"""Authorization responses: where they arrive, and their required and forbidden parameters."""

from __future__ import annotations

import math
import re
from collections import Counter

from tests.conformance.browser import Arrival

DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*")
ERROR_PARAMETERS = {"error", "error_description", "error_uri", "state", "session_state", "iss"}
NEEDS_A_PAGE = {
    *("interaction_required", "login_required", "account_selection_required"),
    "consent_required",
}


def parameters(arrival: object, response_type: str, response_mode: str | None) -> dict[str, str]:
    """Return the parameters, which may be in one place alone."""
    assert isinstance(arrival, Arrival), f"it ended on a page: {arrival.text}"
    if response_mode == "form_post":
        assert arrival.method == "POST"
        given, elsewhere = arrival.form, arrival.query | arrival.fragment
    elif response_type == "code":
        assert arrival.method == "GET"
        given, elsewhere = arrival.query, arrival.fragment
    else:
        assert arrival.method == "GET"
        given, elsewhere = arrival.fragment, arrival.query
    assert elsewhere == {}
    return given


def check_success(given: dict[str, str], state: str, issuer: str) -> None:
    """It is no error, has this request's state, and comes from this issuer (RFC 9207)."""
    assert "error" not in given, given
    assert given["state"] == state
    assert given["iss"] == issuer


def check_error(given: dict[str, str], state: str, issuer: str) -> str:
    """It has only the parameters of an error (RFC 6749 section 4.1.2.1); return the code."""
    assert set(given) <= ERROR_PARAMETERS
    assert given["state"] == state
    assert given["iss"] == issuer
    assert DESCRIPTION.fullmatch(given.get("error_description", ""))
    return given["error"]


def check_entropy(value: str, bits: float) -> None:
    """It is long enough, and its characters are spread enough, to have these bits."""
    counts = Counter(value).values()
    shannon = -sum(n / len(value) * math.log2(n / len(value)) for n in counts)
    assert shannon * len(value) > bits
