"""The addresses of a client: where users are redirected, and which pages we link to."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from oauthprov.messages import N_, joined
from oauthprov.protocol.clients.members.member import (
    Datatype,
    Group,
    Member,
    to_redirecting,
    to_signing_in,
)
from oauthprov.protocol.clients.members.rule import as_given, distinct, fetchable, stripped
from oauthprov.protocol.clients.redirects import (
    AUTHORIZATION_RESPONSE,
    LOGOUT_RESPONSE,
    URI_LIMIT,
    problem_with,
)
from oauthprov.protocol.clients.types import ClientType
from oauthprov.settings import LOOPBACK, Settings

REDIRECT_URIS_LIMIT = 50


def _redirect_uris(given: Sequence[str], kind: ClientType, settings: Settings) -> tuple[str, ...]:
    uris = distinct(given)
    if not kind.redirects:
        if uris:
            raise ValueError(N_("Such a client has no redirect URIs: nobody is sent back to it."))
        return ()
    return _redirectable(uris, kind, settings, AUTHORIZATION_RESPONSE)


def _redirectable(
    uris: tuple[str, ...], kind: ClientType, settings: Settings, added: frozenset[str]
) -> tuple[str, ...]:
    if len(uris) > REDIRECT_URIS_LIMIT:
        raise ValueError(N_("Give at most ${n} redirect URIs.", n=REDIRECT_URIS_LIMIT))
    schemes = settings.registration_schemes
    judged = ((uri, problem_with(uri, kind.name, added=added, schemes=schemes)) for uri in uris)
    problems = [
        N_("${uri}: ${problem}", uri=uri, problem=problem) for uri, problem in judged if problem
    ]
    if problems:
        raise ValueError(joined(problems))
    return uris


def _post_logout_redirect_uris(
    given: Sequence[str], kind: ClientType, settings: Settings
) -> tuple[str, ...]:
    return _redirectable(distinct(given), kind, settings, LOGOUT_RESPONSE)


def _web_uri(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    uri = stripped(given)
    if uri is None:
        return None
    wrong = ValueError(N_("Give an http or https address, without a user name in it."))
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
        raise ValueError(N_("Nobody signs in to a machine."))
    parts = urlsplit(uri)
    if parts.scheme != "https" and not (settings.development and parts.hostname in LOOPBACK):
        raise ValueError(N_("The address must be https."))
    if "#" in uri:
        raise ValueError(N_("The address may have no fragment."))
    return uri


def _backchannel_logout_uri(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    uri = stripped(given)
    if uri is None:
        return None
    if not kind.has_users:
        raise ValueError(N_("Nobody signs in to a machine, so it learns of no logout."))
    # Back-Channel Logout 2.2 allows http for confidential clients; we only in development.
    uri = fetchable(uri, loopback_http=settings.development and kind.confidential)
    if "#" in uri:
        raise ValueError(N_("The address may have no fragment."))
    return uri


MEMBERS: Sequence[Member] = (
    Member(
        "redirect_uris",
        Datatype.URIS,
        _redirect_uris,
        "where people return with a code",
        shown=True,
        trusted=True,
        label=N_("Redirect URIs"),
        hint=N_("Where people return to the app, one a line, compared character by character."),
        example="https://photos.example/callback",
        offered=to_redirecting,
    ),
    Member(
        "homepage_uri",
        Datatype.URI,
        _web_uri,
        "where people can read about it",
        wire="client_uri",
        shown=True,
        label=N_("Home page"),
        hint=N_("Where people can read about the app."),
        group=Group.FACE,
        example="https://photos.example/",
    ),
    Member(
        "logo_uri",
        Datatype.URI,
        _web_uri,
        "its logo, which is copied at once",
        shown=True,
        label=N_("Logo"),
        hint=N_("A PNG, JPEG, GIF or WebP image. The server copies it when you save."),
        group=Group.FACE,
        example="https://photos.example/logo.png",
    ),
    Member(
        "policy_uri",
        Datatype.URI,
        _web_uri,
        "its privacy policy",
        shown=True,
        label=N_("Privacy policy"),
        hint=N_("What the app does with people's data."),
        group=Group.FACE,
        example="https://photos.example/privacy",
    ),
    Member(
        "tos_uri",
        Datatype.URI,
        _web_uri,
        "its terms of service",
        shown=True,
        label=N_("Terms of service"),
        hint=N_("The terms on which people use the app."),
        group=Group.FACE,
        example="https://photos.example/terms",
    ),
    Member(
        "initiate_login_uri",
        Datatype.URI,
        _initiate_login_uri,
        "where it begins a sign-in here",
        openid=True,
        shown=True,
        label=N_("Where a sign-in begins"),
        hint=N_("The app starts to sign somebody in there. Pages here link to it."),
        group=Group.FACE,
        example="https://photos.example/sign-in",
        offered=to_redirecting,
    ),
    Member(
        "post_logout_redirect_uris",
        Datatype.URIS,
        _post_logout_redirect_uris,
        "where people may return after they have signed out",
        openid=True,
        label=N_("Post-logout redirect URIs"),
        hint=N_("Where people return after signing out, one a line."),
        group=Group.LOGOUT,
        example="https://photos.example/signed-out",
        offered=to_redirecting,
    ),
    Member(
        "backchannel_logout_uri",
        Datatype.URI,
        _backchannel_logout_uri,
        "where it is notified when people sign out",
        openid=True,
        label=N_("Back-channel logout URI"),
        hint=N_("The server notifies the app there when somebody signs out."),
        group=Group.LOGOUT,
        example="https://photos.example/backchannel-logout",
        offered=to_signing_in,
    ),
    Member(
        "backchannel_logout_session_required",
        Datatype.FLAG,
        as_given,
        "its logout notifications must name the session that ended",
        openid=True,
        label=N_("Session named at logout"),
        hint=N_("The app needs to know which session ended."),
        group=Group.LOGOUT,
        offered=to_signing_in,
    ),
)
