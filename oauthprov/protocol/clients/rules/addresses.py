"""The addresses of a client: where people are sent, and where pages link to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from oauthprov.protocol.clients.redirects import (
    AUTHORIZATION_RESPONSE,
    LOGOUT_RESPONSE,
    LOOPBACK,
    URI_LIMIT,
    problem_with,
)
from oauthprov.protocol.clients.rules.rule import Rule, as_given, distinct, fetchable, stripped
from oauthprov.protocol.clients.types import ClientType
from oauthprov.settings import Settings

REDIRECT_URIS_LIMIT = 50


def _redirect_uris(given: Sequence[str], kind: ClientType, settings: Settings) -> tuple[str, ...]:
    uris = distinct(given)
    if not kind.redirects:
        if uris:
            raise ValueError("A machine has no redirect URIs: nobody is sent back to it.")
        return ()
    if not uris:
        raise ValueError("Give the address to which people are sent back, one a line.")
    return _redirectable(uris, kind, AUTHORIZATION_RESPONSE)


def _redirectable(
    uris: tuple[str, ...], kind: ClientType, added: frozenset[str]
) -> tuple[str, ...]:
    if len(uris) > REDIRECT_URIS_LIMIT:
        raise ValueError(f"Give at most {REDIRECT_URIS_LIMIT} redirect URIs.")
    judged = ((uri, problem_with(uri, kind.name, added=added)) for uri in uris)
    problems = [f"{uri}: {problem}" for uri, problem in judged if problem is not None]
    if problems:
        raise ValueError(" ".join(problems))
    return uris


def _post_logout_redirect_uris(
    given: Sequence[str], kind: ClientType, settings: Settings
) -> tuple[str, ...]:
    return _redirectable(distinct(given), kind, LOGOUT_RESPONSE)


def _web_uri(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    uri = stripped(given)
    if uri is None:
        return None
    wrong = ValueError("Give an http or https address, without a user name in it.")
    # urlsplit drops tabs and line breaks, and browsers read a backslash as a slash.
    if len(uri) > URI_LIMIT or any(not "!" <= c <= "~" or c == "\\" for c in uri):
        raise wrong
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise wrong
    if port == 0:
        raise wrong
    return uri


def _initiate_login_uri(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    """https, and in development http on this computer (OpenID Connect Registration section 2)."""
    uri = _web_uri(given, kind, settings)
    if uri is None:
        return None
    if not kind.redirects:
        raise ValueError("Nobody signs in to a machine.")
    parts = urlsplit(uri)
    if parts.scheme != "https" and not (settings.development and parts.hostname in LOOPBACK):
        raise ValueError("The address must be https.")
    if "#" in uri:
        raise ValueError("The address may have no fragment.")
    return uri


def _backchannel_logout_uri(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    uri = stripped(given)
    if uri is None:
        return None
    if not kind.redirects:
        raise ValueError("Nobody signs in to a machine, so it learns of no logout.")
    # Back-Channel Logout 2.2 lets http be for confidential clients, we only while developing.
    uri = fetchable(uri, loopback_http=settings.development and kind.confidential)
    if "#" in uri:
        raise ValueError("The address may have no fragment.")
    return uri


RULES: Mapping[str, Rule] = {
    "redirect_uris": _redirect_uris,
    "post_logout_redirect_uris": _post_logout_redirect_uris,
    "homepage_uri": _web_uri,
    "logo_uri": _web_uri,
    "policy_uri": _web_uri,
    "tos_uri": _web_uri,
    "initiate_login_uri": _initiate_login_uri,
    "backchannel_logout_uri": _backchannel_logout_uri,
    "backchannel_logout_session_required": as_given,
}
