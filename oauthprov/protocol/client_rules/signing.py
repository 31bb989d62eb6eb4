"""The keys of a client, and what is signed with which algorithm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from oauthprov.errors import FetchError, JoseError
from oauthprov.fetch.target import Target
from oauthprov.protocol.client_rules.rule import Rule
from oauthprov.protocol.client_types import ClientType
from oauthprov.protocol.jwk import ALGORITHMS, parse_key_set
from oauthprov.settings import Settings


def _jwks_uri(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    if not given:
        return None
    try:
        Target.parse(given)
    except FetchError as wrong:
        raise ValueError(f"It can't be fetched: {wrong}.") from None
    return given


def _jwks(
    given: Mapping[str, Any] | str | None, kind: ClientType, settings: Settings
) -> str | None:
    if given is None or (isinstance(given, str) and not given.strip()):
        return None
    made = given if isinstance(given, str) else json.dumps(given, separators=(",", ":"))
    try:
        parse_key_set(made)
    except JoseError as wrong:
        raise ValueError(f"It can't be used: {wrong.reason}.") from None
    return json.dumps(json.loads(made), separators=(",", ":"))


def _algorithm(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    if not given:
        return None
    if given not in ALGORITHMS:
        raise ValueError(f"Choose one of {', '.join(ALGORITHMS)}.")
    return given


RULES: Mapping[str, Rule] = {
    "jwks_uri": _jwks_uri,
    "jwks": _jwks,
    "token_endpoint_auth_signing_alg": _algorithm,
}
