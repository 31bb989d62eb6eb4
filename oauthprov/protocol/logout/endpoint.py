"""Logout at a client's request (OpenID Connect RP-Initiated Logout 1.0).

The user must confirm, unless the request has the ID token that the client got for this very
session. Nobody is redirected before the client and its redirect URI are proven.

Anybody may send requests here, so few are stored: the question to a signed-in user if a client
requests the logout, and a posted request with an ID token of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from oauthprov.accounts import SignedIn
from oauthprov.errors import JoseError
from oauthprov.events import Reason
from oauthprov.messages import N_
from oauthprov.protocol.authorize import interactions
from oauthprov.protocol.clients import subjects
from oauthprov.protocol.engine.validator import Validator
from oauthprov.protocol.request import params, refusals
from oauthprov.protocol.request.answers import (
    Call,
    InteractionRequired,
    LogoutQuestion,
    LogoutRedirect,
    Redirect,
    Refusal,
    Visitor,
)
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.differences import from_expected
from oauthprov.protocol.request.params import Pairs, Parsed
from oauthprov.protocol.token import id_tokens
from oauthprov.records import Client, Interaction
from oauthprov.storage.interface import Claim, Conflict

Answer = LogoutRedirect | InteractionRequired | LogoutQuestion | Refusal

LOGOUT = "logout"
"""The purpose of these interactions. Nobody signs in for them, so they go on here alone."""

STATE_LIMIT = 1024
"""Characters of a ``state``, at most, since it may be stored."""

_PARAMS = frozenset(
    {
        "client_id",
        "id_token_hint",
        "logout_hint",
        "post_logout_redirect_uri",
        "state",
        "ui_locales",
    }
)
_PLAIN = frozenset({"client_id", "post_logout_redirect_uri", "state"})
"""Parameters that may come back in the query: none of them identifies a user."""
_INTERACTION = "interaction"
_OVER = N_("This sign-out has been answered or has expired.")


class _Wrong(Exception):
    """A request that can't be answered; the text is shown to the user.

    ``sent`` are the parameters at fault, ``client`` is the client that the request names.
    """

    def __init__(self, text: str, *sent: tuple[str, str], client: Client | None = None) -> None:
        super().__init__(text)
        self.sent = sent
        self.client = client


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """A checked request. ``subject`` and ``sid`` are those of the id_token_hint."""

    client_id: str | None = None
    post_logout_redirect_uri: str | None = None
    state: str | None = None
    subject: str | None = None
    sid: str | None = None

    @classmethod
    def of(cls, pairs: Pairs) -> LogoutRequest:
        """Read the output of :meth:`pairs`, also of another version, whose names may differ."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in pairs if name in known})

    def pairs(self) -> Pairs:
        """Return the request in the form that an Interaction stores."""
        named = [(field.name, getattr(self, field.name)) for field in fields(self)]
        return tuple((name, value) for name, value in named if value is not None)


class RPLogout:
    """The end session endpoint and its question. Methods may raise StorageError."""

    def __init__(self, validator: Validator) -> None:
        self._validator = validator

    def begin(self, call: Call, visitor: Visitor) -> Answer:
        """Answer a GET (RP-Initiated Logout 1.0 section 2), or resume a posted request.

        A query of ``interaction=<id>`` alone resumes it.
        """
        with self._validator.request("logout") as context:
            return context.answered(_begin(context, call, visitor))

    def store(self, call: Call) -> Pairs | Refusal:
        """Return the query with which a browser comes back for a posted request.

        The request is checked first. Without an ID token its parameters come back in the query,
        and nothing is stored, since anybody may have sent it. With one the request and the token's
        claims are stored, since an ID token never belongs in a URL of ours.
        """
        with self._validator.request("logout") as context:
            return context.answered(_store(context, call))

    def question(
        self, interaction_id: str | None, visitor: Visitor
    ) -> LogoutQuestion | LogoutRedirect | Refusal:
        """Return the question for the user, unless nobody is left to sign out.

        Without ``interaction_id`` no client requests the logout.
        """
        with self._validator.request("logout") as context:
            return context.answered(_question(context, interaction_id, visitor))

    def confirm(self, interaction_id: str | None, visitor: Visitor) -> LogoutRedirect | Refusal:
        """Sign out ``visitor.person``, who has confirmed; a request can be confirmed once.

        ``interaction_id`` is that of the :class:`LogoutQuestion`.
        """
        with self._validator.request("logout") as context:
            return context.answered(_confirm(context, interaction_id, visitor))


def _begin(context: Context, call: Call, visitor: Visitor) -> Answer:
    try:
        parsed = params.from_query(call, _PARAMS | {_INTERACTION})
        interaction_id = parsed.get(_INTERACTION)
        if interaction_id is not None:
            found = interactions.adopt(context, interaction_id, visitor, (LOGOUT,))
            if found is None:
                return Refusal("invalid_request", _OVER)
            request = LogoutRequest.of(found.record.params)
        else:
            request = _checked(context, parsed)
        client = _proven(context, request)
    except (_Wrong, InvalidRequestError) as wrong:
        return _refusal(wrong)
    leaving = _leaving(context, request, client, visitor)
    if leaving is None or _of_this_session(context, request, client, leaving):
        return _redirected(request, client, leaving)
    if client is None:
        return LogoutQuestion(None, None, leaving)
    if interaction_id is None:
        pairs = request.pairs()
        interaction_id = interactions.store(context, LOGOUT, client.client_id, pairs, visitor)
    return InteractionRequired("logout", interaction_id)


def _store(context: Context, call: Call) -> Pairs | Refusal:
    try:
        parsed = params.from_body(call, _PARAMS, params.QUERY_LIMIT)
        request = _checked(context, parsed)
        client = _proven(context, request)
    except (_Wrong, InvalidRequestError) as wrong:
        return _refusal(wrong)
    if client is None:
        return ()
    if request.subject is None:
        return tuple(pair for pair in parsed.pairs if pair[0] in _PLAIN)
    pairs = request.pairs()
    stored = interactions.store(context, LOGOUT, client.client_id, pairs)
    return ((_INTERACTION, stored),)


def _question(
    context: Context, interaction_id: str | None, visitor: Visitor
) -> LogoutQuestion | LogoutRedirect | Refusal:
    if interaction_id is None:
        person = visitor.person
        return LogoutRedirect(None) if person is None else LogoutQuestion(None, None, person)
    stored = interactions.load(context, interaction_id, visitor.browser, (LOGOUT,))
    if stored is None:
        return Refusal("invalid_request", _OVER)
    request = LogoutRequest.of(stored.record.params)
    try:
        client = _proven(context, request)
    except _Wrong as wrong:
        return _refusal(wrong)
    leaving = _leaving(context, request, client, visitor)
    if leaving is None:
        return _redirected(request, client, None)
    return LogoutQuestion(interaction_id, client, leaving)


def _confirm(
    context: Context, interaction_id: str | None, visitor: Visitor
) -> LogoutRedirect | Refusal:
    if interaction_id is None:
        return LogoutRedirect(ends=visitor.person)
    stored = interactions.load(context, interaction_id, visitor.browser, (LOGOUT,))
    if stored is None:
        return Refusal("invalid_request", _OVER)
    request = LogoutRequest.of(stored.record.params)
    try:
        client = _proven(context, request)
        context.commit(Claim(Interaction, stored.record.key))
    except _Wrong as wrong:
        return _refusal(wrong)
    except Conflict:
        return Refusal("invalid_request", _OVER)
    return LogoutRedirect(ends=visitor.person, client=client, redirect=_redirect(request))


def _checked(context: Context, parsed: Parsed) -> LogoutRequest:
    """Return the request, its hint verified. Raises _Wrong, InvalidRequestError."""
    parsed.strict()
    if len(parsed.get("state") or "") > STATE_LIMIT:
        raise _Wrong(N_("The state has more than ${n} characters.", n=STATE_LIMIT))
    hint = _hint(context, parsed.get("id_token_hint"))
    audience, client_id = hint.get("aud"), parsed.get("client_id")
    if hint and (not isinstance(audience, str) or client_id not in (None, audience)):
        compared = refusals.issued_to(str(audience))
        context.note(Reason.ID_TOKEN_HINT_REFUSED, client_id=client_id, compared=compared)
        raise _Wrong(N_("The id_token_hint was issued to another client."))
    return LogoutRequest(
        client_id=client_id or audience,
        post_logout_redirect_uri=parsed.get("post_logout_redirect_uri"),
        state=parsed.get("state"),
        subject=_text(hint, "sub"),
        sid=_text(hint, "sid"),
    )


def _hint(context: Context, given: str | None) -> Mapping[str, Any]:
    """Return the claims of the id_token_hint, none without one. Raises _Wrong."""
    if given is None:
        return {}
    try:
        return id_tokens.hinted(context, given)
    except JoseError as wrong:
        context.note(Reason.ID_TOKEN_HINT_REFUSED, compared=wrong.reason)
        raise _Wrong(N_("The id_token_hint is no ID token of this server.")) from None


def _proven(context: Context, request: LogoutRequest) -> Client | None:
    """Return the client once the address is proven to be its own (section 3.1). Raises _Wrong."""
    client = context.find_client(request.client_id) if request.client_id else None
    if request.client_id is not None and client is None:
        because = context.clients.why_unusable(request.client_id)
        context.refuse(Reason.CLIENT_UNKNOWN, request.client_id, request.client_id, because)
        raise _Wrong(N_("There is no such client."), ("client_id", request.client_id))
    if request.post_logout_redirect_uri is None:
        return client
    if client is None:
        raise _Wrong(N_("An address to go on to needs an id_token_hint or a client_id."))
    wanted = request.post_logout_redirect_uri
    if wanted not in client.post_logout_redirect_uris:
        because = from_expected(wanted, client.post_logout_redirect_uris, "registered")
        reason = Reason.POST_LOGOUT_REDIRECT_URI_UNREGISTERED
        context.refuse(reason, wanted, client.client_id, because)
        raise _Wrong(
            N_("The client has not registered this post_logout_redirect_uri."),
            ("post_logout_redirect_uri", wanted),
            ("client_id", client.client_id),
            client=client,
        )
    return client


def _leaving(
    context: Context, request: LogoutRequest, client: Client | None, visitor: Visitor
) -> SignedIn | None:
    """Return the user to sign out: the one in this browser that the hint names (section 2).

    The session of the hint comes first, then any of the same account, then the active account.
    """
    person = visitor.person
    if request.subject is None:
        return person
    if person is not None and _of_this_session(context, request, client, person):
        return person
    here = visitor.everybody
    named = [one for one in here if _of_this_session(context, request, client, one)]
    theirs = [one for one in here if _is_of(context, request, client, one)]
    return next(iter(named + theirs), person)


def _of_this_session(
    context: Context, request: LogoutRequest, client: Client | None, person: SignedIn
) -> bool:
    """Tell whether the hint names this account and this very session."""
    if client is None or person.sid is None or not _is_of(context, request, client, person):
        return False
    return request.sid == id_tokens.sid(person.sid, client.client_id)


def _is_of(
    context: Context, request: LogoutRequest, client: Client | None, person: SignedIn
) -> bool:
    """Tell whether the hint names this account."""
    if client is None:
        return False
    return request.subject == subjects.subject(context.settings, client, person.account_id)


def _redirected(
    request: LogoutRequest, client: Client | None, ends: SignedIn | None
) -> LogoutRedirect:
    # Without a hint anybody may have made the link: a page of ours shows where it leads.
    return LogoutRedirect(ends, client, _redirect(request), stays=request.subject is None)


def _redirect(request: LogoutRequest) -> Redirect | None:
    if request.post_logout_redirect_uri is None:
        return None
    state = () if request.state is None else (("state", request.state),)
    return Redirect(request.post_logout_redirect_uri, state)


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) else None


def _refusal(wrong: Exception) -> Refusal:
    if isinstance(wrong, _Wrong):
        sent = tuple((name, refusals.shown(value)) for name, value in wrong.sent)
        return Refusal("invalid_request", str(wrong), sent=sent, client=wrong.client)
    return Refusal("invalid_request", str(getattr(wrong, "description", "") or wrong))
