"""The keys of a client, and what is signed with which algorithm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from oauthprov.errors import FetchError, JoseError
from oauthprov.fetch.target import Target
from oauthprov.protocol.client_rules.rule import Rule
from oauthprov.protocol.client_types import ClientType
from oauthprov.protocol.jwk import parse_key_set
from oauthprov.settings import Settings


def _jwks_uri(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    if not given:
        return None
    try:
        Target.parse(given)
    except FetchError as wrong:
        raise ValueError(f"It can't be fetched: {wrong}.") from None
    return given


def _jwks(given: Mapping[str, Any] | None, kind: ClientType, settings: Settings) -> str | None:
    if given is None:
        return None
    made = json.dumps(given, separators=(",", ":"))
    try:
        parse_key_set(made)
    except JoseError as wrong:
        raise ValueError(f"It can't be used: {wrong.reason}.") from None
    return made


RULES: Mapping[str, Rule] = {
    "jwks_uri": _jwks_uri,
    "jwks": _jwks,
}
