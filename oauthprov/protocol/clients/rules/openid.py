"""What a client gets to know of people and their sign-ins (OpenID Connect Registration 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oauthprov.protocol.clients import subjects
from oauthprov.protocol.clients.rules.rule import Rule, as_given, fetchable, stripped
from oauthprov.protocol.clients.types import ClientType
from oauthprov.settings import Settings

MAX_AGE_LIMIT = 10 * 365 * 86_400
"""Seconds of a ``max_age``, at most: a longer one counts as these ten years."""
ACR_VALUES_LIMIT = 10
ACR_VALUE_LENGTH = 200


def _subject_type(given: str, kind: ClientType, settings: Settings) -> str:
    if not kind.redirects and given != subjects.PUBLIC:
        raise ValueError("Nobody signs in to a machine, so it knows people by no subject.")
    if given not in subjects.types(settings):
        raise ValueError(f"Choose one of {', '.join(subjects.types(settings))}.")
    return given


def _sector_identifier_uri(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    uri = stripped(given)
    if uri is None or subjects.PAIRWISE not in subjects.types(settings):
        return None
    return fetchable(uri)


def _alg(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    """What signs is one of ours; the algorithms of clients' own keys are another rule."""
    alg = stripped(given)
    if alg is None:
        return None
    if alg not in settings.keys_algorithms:
        raise ValueError(f"Choose one of {', '.join(settings.keys_algorithms)}.")
    return alg


def _default_max_age(given: int | None, kind: ClientType, settings: Settings) -> int | None:
    if given is not None and given < 0:
        raise ValueError("Give a whole number of seconds.")
    return given if given is None else min(given, MAX_AGE_LIMIT)


def _default_acr_values(
    given: Sequence[str], kind: ClientType, settings: Settings
) -> tuple[str, ...]:
    values = tuple(dict.fromkeys(given))
    if len(values) > ACR_VALUES_LIMIT:
        raise ValueError(f"Give at most {ACR_VALUES_LIMIT} values.")
    if not all(
        0 < len(v) <= ACR_VALUE_LENGTH and v.isprintable() and " " not in v for v in values
    ):
        raise ValueError(f"A value has no blanks, and at most {ACR_VALUE_LENGTH} characters.")
    return values


RULES: Mapping[str, Rule] = {
    "subject_type": _subject_type,
    "sector_identifier_uri": _sector_identifier_uri,
    "id_token_signed_response_alg": _alg,
    "userinfo_signed_response_alg": _alg,
    "default_max_age": _default_max_age,
    "require_auth_time": as_given,
    "default_acr_values": _default_acr_values,
}
