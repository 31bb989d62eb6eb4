"""The rules of an authorization request that oauthlib doesn't have: one table, in their order.

They run when the client and its redirect URI are proven, so the client may be told what is wrong.
Only what may not go there, a missing ``redirect_uri``, is shown to the person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, MissingRedirectURIError

from oauthprov.errors import JoseError
from oauthprov.protocol.clients import response_types, subjects
from oauthprov.protocol.clients.rules.openid import MAX_AGE_LIMIT
from oauthprov.protocol.request import scopes
from oauthprov.protocol.request.answers import ResponseMode
from oauthprov.protocol.request.authentication_request import AuthenticationRequest
from oauthprov.protocol.request.claims import ClaimsRequest
from oauthprov.protocol.request.context import Context, required
from oauthprov.protocol.token import id_tokens
from oauthprov.settings import OFFLINE_ACCESS, OPENID

PROMPTS = ("none", "login", "consent", "select_account", "create")
RESPONSE_MODES: dict[str, ResponseMode] = {
    "query": "query",
    "fragment": "fragment",
    "form_post": "form_post",
}
LOGIN_HINT_LIMIT = 200

Check = Callable[[Context, AuthenticationRequest], None]
Endpoint = Literal["authorize", "pushed", "device"]


def run(context: Context, endpoint: Endpoint) -> AuthenticationRequest:
    """Run the checks of an endpoint over ``context.parsed``. Raises OAuth2Error."""
    asked = AuthenticationRequest(
        openid=_is_openid(context),
        subject_of=partial(subjects.subject, context.settings, required(context.client)),
    )
    for rule in RULES:
        if endpoint in rule.endpoints and (asked.openid or not rule.openid):
            rule.check(context, asked)
    return asked


def _is_openid(context: Context) -> bool:
    if context.openid is None:
        return False
    scope = context.parsed.get("scope")
    client = required(context.client)
    words = scopes.defaults(context.settings, client) if scope is None else scope.split(" ")
    return OPENID in words


def response_type(context: Context, asked: AuthenticationRequest) -> None:
    """What is issued right here goes into the fragment (Multiple Response Types section 5)."""
    words = frozenset((context.parsed.get("response_type") or "").split())
    asked.response_type = words
    in_fragment = not words.isdisjoint({"id_token", "token"})
    if in_fragment and response_types.implicit_is_on(context.settings):
        context.response_mode = "fragment"


def response_mode(context: Context, asked: AuthenticationRequest) -> None:
    """The mode is one of ours; the errors of later checks take it (Multiple Response Types 2)."""
    given = context.parsed.get("response_mode")
    if given is None or "response_mode" in context.parsed.repeated:
        return
    if given not in RESPONSE_MODES:
        raise InvalidRequestError(f"The response_mode must be one of {', '.join(RESPONSE_MODES)}.")
    if given == "query" and context.response_mode == "fragment":
        raise InvalidRequestError("The response_mode query is not for tokens.")
    context.response_mode = RESPONSE_MODES[given]


def nothing_repeats(context: Context, asked: AuthenticationRequest) -> None:
    """No parameter comes twice (RFC 6749 section 3.1)."""
    if context.parsed.repeated:
        raise InvalidRequestError(f"Duplicate {context.parsed.repeated[0]} parameter.")


def request_object(context: Context, asked: AuthenticationRequest) -> None:
    """A request object that was refused, or is missing, says so here (RFC 9101 section 7).

    It is resolved first of all; only now is there a client to tell.
    """
    if context.parsed.refused is not None:
        raise context.parsed.refused


def redirect_uri(context: Context, asked: AuthenticationRequest) -> None:
    """The redirect URI is required, where OAuth has a default (Core section 3.1.2.1)."""
    if context.parsed.get("redirect_uri") is None:
        raise MissingRedirectURIError()


def prompt(context: Context, asked: AuthenticationRequest) -> None:
    """Every value is known, and ``none`` stands alone (Core 3.1.2.1, Prompt Create 4.1)."""
    values = frozenset((context.parsed.get("prompt") or "").split())
    if not values.issubset(PROMPTS):
        raise InvalidRequestError(f"The prompt must be of {', '.join(PROMPTS)}.")
    if "none" in values and len(values) > 1:
        raise InvalidRequestError("The prompt none goes with no other.")
    asked.prompt = values


def max_age(context: Context, asked: AuthenticationRequest) -> None:
    """The age is a whole number of seconds; the client may have registered a default."""
    given = context.parsed.get("max_age")
    if given is None:
        asked.max_age = required(context.client).default_max_age
        return
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise InvalidRequestError("The max_age must be a whole number of seconds.")
    asked.max_age = min(int(given), MAX_AGE_LIMIT)


def acr_values(context: Context, asked: AuthenticationRequest) -> None:
    """A wish, which the client may have registered: what can't be met here is ignored."""
    given = context.parsed.get("acr_values")
    default = required(context.client).default_acr_values
    known = required(context.openid).accounts.acr_values
    asked.acr_values = frozenset(default if given is None else given.split()).intersection(known)


def ui_locales(context: Context, asked: AuthenticationRequest) -> None:
    """A wish: of the languages that pages don't have none is an error."""
    asked.ui_locales = tuple((context.parsed.get("ui_locales") or "").split())


def nonce(context: Context, asked: AuthenticationRequest) -> None:
    """Any text will do; none will with a code, for PKCE is there (Core 3.2.2.1, RFC 9700).

    Response types that aren't supported are refused later, as such.
    """
    asked.nonce = context.parsed.get("nonce")
    words = " ".join(sorted(asked.response_type))
    if asked.nonce is None and words in response_types.WITHOUT_CODE:
        raise InvalidRequestError("The nonce is missing.")


def claims(context: Context, asked: AuthenticationRequest) -> None:
    """The claims parameter is JSON of the defined form; unknown claims are ignored (Core 5.5)."""
    given = context.parsed.get("claims")
    if given is None:
        return
    try:
        parsed = ClaimsRequest.parse(given)
    except ValueError as wrong:
        raise InvalidRequestError(f"The claims parameter {wrong}.") from None
    asked.claims = parsed.within(scopes.allowed(context.settings, required(context.client)))


def login_hint(context: Context, asked: AuthenticationRequest) -> None:
    """A hint that can't be a user name is ignored: it is only a hint."""
    given = context.parsed.get("login_hint")
    if given is not None and len(given) <= LOGIN_HINT_LIMIT and given.isprintable():
        asked.login_hint = given


def id_token_hint(context: Context, asked: AuthenticationRequest) -> None:
    """The hint is an ID token of ours for this client; it may have expired (Core 3.1.2.1)."""
    given = context.parsed.get("id_token_hint")
    if given is None:
        return
    try:
        token = id_tokens.hinted(context, given)
    except JoseError as refused:
        raise InvalidRequestError("The id_token_hint is no ID token of this server.") from refused
    if token.get("aud") != required(context.client).client_id:
        raise InvalidRequestError("The id_token_hint was issued to another client.")
    asked.hint = str(token.get("sub"))


def offline_access(context: Context, asked: AuthenticationRequest) -> None:
    """Offline access needs a consent that is asked for now, or is dropped (Core section 11).

    The operator's own clients are the exception: nobody is asked about them. Without a code there
    is none.
    """
    consented = "consent" in asked.prompt or required(context.client).first_party
    if not consented or "code" not in asked.response_type:
        asked.dropped = frozenset({OFFLINE_ACCESS})


@dataclass(frozen=True, slots=True)
class Rule:
    """A check, the endpoints that run it, and whether it is for OpenID requests only."""

    check: Check
    endpoints: frozenset[Endpoint]
    openid: bool


_ALL: frozenset[Endpoint] = frozenset({"authorize", "pushed", "device"})
_REDIRECTING: frozenset[Endpoint] = frozenset({"authorize", "pushed"})

RULES = (
    Rule(response_type, _REDIRECTING, openid=False),
    Rule(response_mode, _REDIRECTING, openid=False),
    Rule(nothing_repeats, _ALL, openid=False),
    Rule(request_object, _REDIRECTING, openid=False),
    Rule(redirect_uri, _REDIRECTING, openid=True),
    Rule(prompt, _REDIRECTING, openid=True),
    Rule(max_age, _ALL, openid=True),
    Rule(ui_locales, _REDIRECTING, openid=True),
    Rule(acr_values, _REDIRECTING, openid=True),
    Rule(nonce, _REDIRECTING, openid=True),
    Rule(claims, _ALL, openid=True),
    Rule(login_hint, _ALL, openid=True),
    Rule(id_token_hint, _ALL, openid=True),
    Rule(offline_access, _REDIRECTING, openid=True),
)
