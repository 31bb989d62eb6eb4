"""What a client learns about users and their sign-ins (OpenID Connect Registration 2)."""

from __future__ import annotations

from collections.abc import Sequence

from oauthprov.messages import N_
from oauthprov.protocol.clients import signed_responses, subjects
from oauthprov.protocol.clients.members.member import (
    Datatype,
    Group,
    Member,
    SetBy,
    to_signing_in,
)
from oauthprov.protocol.clients.members.responses import algorithm, algorithms
from oauthprov.protocol.clients.members.rule import as_given, fetchable, stripped
from oauthprov.protocol.clients.types import ClientType
from oauthprov.settings import Settings

MAX_AGE_LIMIT = 10 * 365 * 86_400
"""Seconds of a ``max_age``, at most: a longer one counts as these ten years."""
ACR_VALUES_LIMIT = 10
ACR_VALUE_LENGTH = 200


def _subject_type(given: str | None, kind: ClientType, settings: Settings) -> str:
    given = given or subjects.PUBLIC
    if not kind.has_users and given != subjects.PUBLIC:
        raise ValueError(N_("Nobody signs in to a machine: it needs no subject identifiers."))
    if given not in subjects.types(settings):
        raise ValueError(N_("Choose one of ${some}.", some=", ".join(subjects.types(settings))))
    return given


def _sector_identifier_uri(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    uri = stripped(given)
    if uri is None or subjects.PAIRWISE not in subjects.types(settings):
        return None
    return fetchable(uri)


def _default_max_age(given: int | None, kind: ClientType, settings: Settings) -> int | None:
    if given is not None and given < 0:
        raise ValueError(N_("Give a whole number of seconds."))
    return given if given is None else min(given, MAX_AGE_LIMIT)


def _default_acr_values(
    given: Sequence[str], kind: ClientType, settings: Settings
) -> tuple[str, ...]:
    values = tuple(dict.fromkeys(given))
    if len(values) > ACR_VALUES_LIMIT:
        raise ValueError(N_("Give at most ${n} values.", n=ACR_VALUES_LIMIT))
    if not all(
        0 < len(v) <= ACR_VALUE_LENGTH and v.isprintable() and " " not in v for v in values
    ):
        raise ValueError(
            N_("A value has no blanks, and at most ${n} characters.", n=ACR_VALUE_LENGTH)
        )
    return values


def _subject_types(kind: ClientType, settings: Settings) -> Sequence[str]:
    return subjects.types(settings)


def _to_pairwise(kind: ClientType, settings: Settings) -> bool:
    return kind.has_users and subjects.PAIRWISE in subjects.types(settings)


MEMBERS: Sequence[Member] = (
    Member(
        "subject_type",
        Datatype.TEXT,
        _subject_type,
        f"the sub it knows people by: {' or '.join(subjects.TYPES)}",
        default=subjects.PUBLIC,
        openid=True,
        label=N_("Subject type"),
        hint=N_("A client can't be changed to pairwise later: it would lose track of everybody."),
        group=Group.PEOPLE,
        offered=_to_pairwise,
        choices=_subject_types,
        words={
            subjects.PUBLIC: N_("People have the same sub at every app"),
            subjects.PAIRWISE: N_("People have a sub for this app, so that apps can't compare"),
        },
        metavar="TYPE",
    ),
    Member(
        "sector_identifier_uri",
        Datatype.URI,
        _sector_identifier_uri,
        "where a JSON array has all its redirect URIs",
        openid=True,
        label=N_("Sector identifier URI"),
        hint=N_("A JSON array of redirect URIs there lets apps on several hosts share subjects."),
        group=Group.PEOPLE,
        example="https://photos.example/redirect-uris.json",
        offered=_to_pairwise,
    ),
    Member(
        "id_token_signed_response_alg",
        Datatype.TEXT,
        algorithm,
        "how its ID tokens are signed: one of oauthprov.keys.algorithms",
        default=signed_responses.DEFAULT,
        openid=True,
        label=N_("ID token signature"),
        hint=N_("The algorithm that the app verifies."),
        group=Group.TOKENS,
        offered=to_signing_in,
        choices=algorithms,
        words={"": N_("The default of this server")},
        metavar="ALG",
    ),
    Member(
        "id_token_claims",
        Datatype.FLAG,
        as_given,
        "its ID tokens have the claims of UserInfo, for apps that don't ask UserInfo",
        set_by=SetBy.OWNER,
        openid=True,
        label=N_("Claims in the ID token"),
        hint=N_("The app reads people's data from the ID token and doesn't ask UserInfo."),
        group=Group.PEOPLE,
        offered=to_signing_in,
    ),
    Member(
        "userinfo_signed_response_alg",
        Datatype.TEXT,
        algorithm,
        "how UserInfo is signed: one of oauthprov.keys.algorithms, or not at all",
        openid=True,
        metavar="ALG",
    ),
    Member(
        "default_max_age",
        Datatype.NUMBER,
        _default_max_age,
        "max_age of requests that have none",
        openid=True,
        metavar="SECONDS",
    ),
    Member(
        "require_auth_time",
        Datatype.FLAG,
        as_given,
        "it needs the auth_time of a sign-in, which every ID token has",
        openid=True,
    ),
    Member(
        "default_acr_values",
        Datatype.TEXTS,
        _default_acr_values,
        "acr_values of requests that have none",
        openid=True,
        metavar="ACR",
    ),
)
