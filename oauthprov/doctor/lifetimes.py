"""Checks of lifetimes: those that are too long, and those that never take effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from oauthprov.doctor.check import WARNING, Check
from oauthprov.doctor.configured import Configured
from oauthprov.settings import PREFIX, Settings

MINUTE, HOUR, DAY = 60, 3600, 86_400


def _at_most(
    key: str, value: Callable[[Settings], int], most: int
) -> Callable[[Configured], Iterator[str]]:
    def find(on: Configured) -> Iterator[str]:
        seconds = value(on.settings)
        if seconds > most:
            yield f"{PREFIX}{key} is {seconds} s, more than {most} s"

    return find


def _jwt(on: Configured) -> Iterator[str]:
    seconds = on.settings.jwt_access_token_lifetime
    if on.settings.jwt_resources and seconds > 15 * MINUTE:
        yield f"{PREFIX}jwt_access_token_lifetime is {seconds} s, more than {15 * MINUTE} s"


def _ineffective(on: Configured) -> Iterator[str]:
    given = on.settings
    for shorter, longer, key, other in (
        (given.session_idle, given.session_lifetime, "session.idle", "session.lifetime"),
        (
            given.refresh_token_lifetime,
            given.grant_lifetime,
            "refresh_token_lifetime",
            "grant_lifetime",
        ),
        (
            given.access_token_lifetime,
            given.refresh_token_lifetime,
            "access_token_lifetime",
            "refresh_token_lifetime",
        ),
    ):
        if shorter > longer:
            yield f"{PREFIX}{key} is longer than {PREFIX}{other}"


CHECKS: tuple[Check[Configured], ...] = (
    Check(
        "lifetimes.code",
        WARNING,
        "`oauthprov.code_lifetime`",
        "A stolen code can be used for as long; clients redeem it within seconds.",
        "Set oauthprov.code_lifetime = 60.",
        _at_most("code_lifetime", lambda given: given.code_lifetime, 5 * MINUTE),
    ),
    Check(
        "lifetimes.access_token",
        WARNING,
        "`oauthprov.access_token_lifetime`",
        "A stolen access token works for as long (RFC 9700 section 2.2).",
        "Set oauthprov.access_token_lifetime = 600, and let clients refresh.",
        _at_most("access_token_lifetime", lambda given: given.access_token_lifetime, HOUR),
    ),
    Check(
        "lifetimes.jwt_access_token",
        WARNING,
        "`oauthprov.jwt_access_token_lifetime`, if a resource has JWTs",
        "APIs that verify a JWT themselves accept it until then, though it is revoked.",
        "Set oauthprov.jwt_access_token_lifetime = 300.",
        _jwt,
    ),
    Check(
        "lifetimes.refresh_grace",
        WARNING,
        "`oauthprov.refresh_token_grace`",
        "For as long, a replayed refresh token isn't taken for stolen (RFC 9700 section 4.14.2).",
        "Set oauthprov.refresh_token_grace = 10.",
        _at_most("refresh_token_grace", lambda given: given.refresh_token_grace, 30),
    ),
    Check(
        "lifetimes.session",
        WARNING,
        "`oauthprov.session.lifetime`",
        "Whoever uses the browser later is still signed in.",
        "Set oauthprov.session.lifetime = 43200.",
        _at_most("session.lifetime", lambda given: given.session_lifetime, 30 * DAY),
    ),
    Check(
        "lifetimes.grant",
        WARNING,
        "`oauthprov.grant_lifetime`",
        "An app that its user has forgotten keeps its access.",
        "Set oauthprov.grant_lifetime = 15552000.",
        _at_most("grant_lifetime", lambda given: given.grant_lifetime, 400 * DAY),
    ),
    Check(
        "lifetimes.ineffective",
        WARNING,
        "lifetimes that another one ends earlier",
        "The longer lifetime never takes effect.",
        "Shorten the first, or lengthen the second.",
        _ineffective,
    ),
)
