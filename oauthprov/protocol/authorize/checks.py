"""The rules of an authorization request that oauthlib lacks: one table, in their order.

What else knows the parameters of such a request takes them from here (:data:`PARAMETERS`). The
rules run once the client and its redirect URI are proven, so their errors may go to the client.
Only the error of a missing ``redirect_uri`` can't go there and is shown to the user.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, MissingRedirectURIError

from oauthprov.accounts import AccountSource
from oauthprov.errors import InvalidDPoPProofError, JoseError
from oauthprov.events import Reason
from oauthprov.protected_resource import bindings
from oauthprov.protocol.authorize import jarm
from oauthprov.protocol.clients import demands, response_types, subjects
from oauthprov.protocol.clients.members.openid import MAX_AGE_LIMIT
from oauthprov.protocol.request import params, refusals, scopes
from oauthprov.protocol.request.answers import ResponseMode
from oauthprov.protocol.request.checked_request import CheckedRequest
from oauthprov.protocol.request.claims import ClaimsRequest
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.operations import Authorizing
from oauthprov.protocol.token import id_tokens, pkce
from oauthprov.records import Client
from oauthprov.settings import OFFLINE_ACCESS, OPENID, Settings

PROMPTS = ("none", "login", "consent", "select_account", "create")
RESPONSE_MODES: Mapping[str, ResponseMode | None] = {
    "query": "query",
    "fragment": "fragment",
    "form_post": "form_post",
    **jarm.MODES,
}
"""Where the response goes, None for the default of the response type."""
LOGIN_HINT_LIMIT = 200
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
CARRIERS = ("request", "request_uri")
"""The parameters that bring a request object. It is resolved before the checks run."""

Check = Callable[["Given", CheckedRequest], None]
Endpoint = Literal["authorize", "pushed", "device"]


@dataclass(frozen=True, slots=True)
class Given:
    """The input of a check: the request so far, and the client that it is proven to come from.

    ``accounts`` say who users are, and how strongly they can prove it.
    """

    context: Context
    client: Client
    request: Authorizing
    accounts: AccountSource[Any]

    def get(self, name: str) -> str | None:
        """Return a parameter, None when it is absent."""
        return self.request.parsed.get(name)


def run(
    context: Context, request: Authorizing, *, endpoint: Endpoint, accounts: AccountSource[Any]
) -> CheckedRequest:
    """Run the checks of an endpoint over an authorization request. Raises OAuth2Error."""
    given = Given(context, context.known_client, request, accounts)
    asked = CheckedRequest(
        openid=_is_openid(given),
        subject_of=partial(subjects.subject, context.settings, given.client),
    )
    for rule in RULES:
        if endpoint in rule.endpoints and (asked.openid or not rule.openid):
            rule.check(given, asked)
    return asked


def response_modes(settings: Settings) -> list[str]:
    """Return the response modes that a server has."""
    return list(jarm.MODES if settings.message_signing else RESPONSE_MODES)


def _is_openid(given: Given) -> bool:
    if given.context.openid is None:
        return False
    scope = given.get("scope")
    if scope is None:
        return OPENID in scopes.defaults(given.context.settings, given.client)
    return OPENID in scope.split(" ")


def response_type(given: Given, asked: CheckedRequest) -> None:
    """Tokens from this endpoint go into the fragment (Multiple Response Types section 5)."""
    words = frozenset((given.get("response_type") or "").split())
    asked.response_type = words
    in_fragment = not words.isdisjoint({"id_token", "token"})
    if in_fragment and response_types.implicit_is_on(given.context.settings):
        given.request.response_mode = "fragment"


def response_mode(given: Given, asked: CheckedRequest) -> None:
    """The mode is supported; errors of later checks use it (Multiple Response Types section 2).

    Tokens never go into a query, in a JWT neither (JARM section 2.3.1).
    """
    value = given.get("response_mode")
    if value is None or "response_mode" in given.request.parsed.repeated:
        return
    if value not in RESPONSE_MODES:
        raise InvalidRequestError(f"The response_mode must be one of {', '.join(RESPONSE_MODES)}.")
    if value in jarm.MODES:
        given.request.sign = jarm.signer(given.context, given.client)
    mode = RESPONSE_MODES[value] or given.request.response_mode
    if mode == "query" and given.request.response_mode == "fragment":
        raise InvalidRequestError(f"The response_mode {value} is not for tokens.")
    given.request.response_mode = mode


def pushed_only(given: Given, asked: CheckedRequest) -> None:
    """Requests that weren't pushed count only where nobody demands it (RFC 9126 sections 5, 6)."""
    required = demands.must_push(given.context.settings, given.client)
    if required and given.get(params.PUSHED) is None:
        by_client = given.client.require_pushed_authorization_requests
        who = "the client" if by_client else "the server"
        given.context.note(Reason.NOT_PUSHED, compared=f"required by {who}")
        raise InvalidRequestError("The request must be pushed.")


def signed_response(given: Given, asked: CheckedRequest) -> None:
    """Responses are JWTs where FAPI 2.0 Message Signing says so (section 5.4)."""
    modes = response_modes(given.context.settings)
    if given.get("response_mode") not in modes and given.context.settings.message_signing:
        raise InvalidRequestError(f"The response_mode must be one of {', '.join(modes)}.")


def nothing_repeats(given: Given, asked: CheckedRequest) -> None:
    """No parameter comes twice (RFC 6749 section 3.1)."""
    if given.request.parsed.repeated:
        raise InvalidRequestError(f"Duplicate {given.request.parsed.repeated[0]} parameter.")


def request_object(given: Given, asked: CheckedRequest) -> None:
    """A missing or refused request object raises its error here (RFC 9101 section 7).

    Request objects are resolved first, but only now may an error go to the client.
    """
    if given.request.parsed.refused is not None:
        raise given.request.parsed.refused


def redirect_uri(given: Given, asked: CheckedRequest) -> None:
    """The redirect URI is required, though OAuth has a default (Core section 3.1.2.1).

    FAPI 2.0 requires it of every request (Security Profile 5.3.2.2).
    """
    required = asked.openid or given.context.settings.fapi
    if required and given.get("redirect_uri") is None:
        raise MissingRedirectURIError()


def prompt(given: Given, asked: CheckedRequest) -> None:
    """Every value is known, and ``none`` stands alone (Core 3.1.2.1, Prompt Create 4.1)."""
    values = frozenset((given.get("prompt") or "").split())
    if not values.issubset(PROMPTS):
        raise InvalidRequestError(f"The prompt must be of {', '.join(PROMPTS)}.")
    if "none" in values and len(values) > 1:
        raise InvalidRequestError("The prompt none goes with no other.")
    asked.prompt = values


def max_age(given: Given, asked: CheckedRequest) -> None:
    """The age is a whole number of seconds, with OpenID Connect or without (RFC 9470 section 4).

    The client may have registered a default for authentication requests.
    """
    value = given.get("max_age")
    if value is None:
        asked.max_age = given.client.default_max_age if asked.openid else None
        return
    if not (value.isascii() and value.isdigit() and len(value) < 16):
        raise InvalidRequestError("The max_age must be a whole number of seconds.")
    asked.max_age = min(int(value), MAX_AGE_LIMIT)


def acr_values(given: Given, asked: CheckedRequest) -> None:
    """A preference, with OpenID Connect or without: unsupported values are ignored.

    The client may have registered one for authentication requests.
    """
    value = given.get("acr_values")
    default = given.client.default_acr_values if asked.openid else ()
    source = given.accounts
    wished = frozenset(default if value is None else value.split())
    asked.acr_values = wished.intersection(source.acr_values)
    asked.step_up = frozenset(source.acr_values) if source.can_step_up else None


def ui_locales(given: Given, asked: CheckedRequest) -> None:
    """A preference: unknown languages are ignored, never an error (Core section 3.1.2.1)."""
    asked.ui_locales = tuple((given.get("ui_locales") or "").split())


def nonce(given: Given, asked: CheckedRequest) -> None:
    """Any text will do; with a code it may be absent if PKCE protects the code.

    Core section 3.2.2.1, RFC 9700 section 2.1.1. Response types that aren't supported get their
    own error later, and so does a missing challenge that is required.
    """
    asked.nonce = given.get("nonce")
    words = " ".join(sorted(asked.response_type))
    if asked.nonce is None and words in response_types.WITHOUT_CODE:
        raise InvalidRequestError("The nonce is missing.")
    context, client = given.context, given.client
    if (
        asked.nonce is None
        and given.get("code_challenge") is None
        and pkce.may_omit(context, client)
        and pkce.needs_nonce(context, client)
    ):
        raise InvalidRequestError("Without PKCE a nonce is required here.")


def dpop_jkt(given: Given, asked: CheckedRequest) -> None:
    """The code is bound to the key of this thumbprint, or of the request's proof (RFC 9449 10).

    If both are there, they must be of one key (section 10.1).
    """
    value, held = given.get("dpop_jkt"), given.context.confirmation
    asked.confirmation = held
    if value is None or given.context.settings.dpop == "off":
        return
    if not _THUMBPRINT.fullmatch(value):
        raise InvalidRequestError("The dpop_jkt must be the SHA-256 thumbprint of a key.")
    asked.confirmation = bindings.confirmation(bindings.JKT, value)
    if held not in (None, asked.confirmation):
        raise InvalidDPoPProofError()


def claims(given: Given, asked: CheckedRequest) -> None:
    """The claims parameter is JSON of the defined form; unknown claims are ignored (Core 5.5)."""
    value = given.get("claims")
    if value is None:
        return
    try:
        parsed = ClaimsRequest.parse(value)
    except ValueError as wrong:
        raise InvalidRequestError(f"The claims parameter {wrong}.") from None
    asked.claims = parsed.within(scopes.allowed(given.context.settings, given.client))


def login_hint(given: Given, asked: CheckedRequest) -> None:
    """A value that can't be a user name is ignored: it is only a hint."""
    value = given.get("login_hint")
    if value is not None and len(value) <= LOGIN_HINT_LIMIT and value.isprintable():
        asked.login_hint = value


def id_token_hint(given: Given, asked: CheckedRequest) -> None:
    """The hint is an ID token of ours for this client; it may have expired (Core 3.1.2.1)."""
    value = given.get("id_token_hint")
    if value is None:
        return
    try:
        token = id_tokens.hinted(given.context, value)
    except JoseError as refused:
        given.context.note(Reason.ID_TOKEN_HINT_REFUSED, compared=refused.reason)
        raise InvalidRequestError("The id_token_hint is no ID token of this server.") from refused
    if token.get("aud") != given.client.client_id:
        compared = refusals.issued_to(str(token.get("aud")))
        given.context.note(Reason.ID_TOKEN_HINT_REFUSED, compared=compared)
        raise InvalidRequestError("The id_token_hint was issued to another client.")
    asked.hint = str(token.get("sub"))


def offline_access(given: Given, asked: CheckedRequest) -> None:
    """Offline access needs ``prompt=consent``, or it is dropped (Core section 11).

    ``first_party`` clients are the exception, since they need no consent. It is also dropped if no
    code is requested.
    """
    consented = "consent" in asked.prompt or given.client.first_party
    if not consented or "code" not in asked.response_type:
        asked.dropped = frozenset({OFFLINE_ACCESS})


@dataclass(frozen=True, slots=True)
class Rule:
    """A check, the endpoints that run it, and whether it is for OpenID requests only.

    ``reads`` are the parameters that the check adds to those that oauthlib sees.
    """

    check: Check
    endpoints: frozenset[Endpoint]
    openid: bool
    reads: tuple[str, ...] = ()


_ALL: frozenset[Endpoint] = frozenset({"authorize", "pushed", "device"})
_REDIRECTING: frozenset[Endpoint] = frozenset({"authorize", "pushed"})

RULES = (
    Rule(response_type, _REDIRECTING, openid=False),
    Rule(response_mode, _REDIRECTING, openid=False),
    Rule(pushed_only, frozenset({"authorize"}), openid=False),
    Rule(signed_response, _REDIRECTING, openid=False),
    Rule(nothing_repeats, _ALL, openid=False),
    Rule(request_object, _REDIRECTING, openid=False, reads=CARRIERS),
    Rule(redirect_uri, _REDIRECTING, openid=False),
    Rule(prompt, _REDIRECTING, openid=True, reads=("prompt",)),
    Rule(max_age, _ALL, openid=False, reads=("max_age",)),
    Rule(ui_locales, _REDIRECTING, openid=True, reads=("ui_locales",)),
    Rule(acr_values, _ALL, openid=False, reads=("acr_values",)),
    Rule(nonce, _REDIRECTING, openid=True, reads=("nonce",)),
    Rule(dpop_jkt, _REDIRECTING, openid=False, reads=("dpop_jkt",)),
    Rule(claims, _REDIRECTING, openid=True, reads=("claims",)),
    Rule(login_hint, _REDIRECTING, openid=True, reads=("login_hint",)),
    Rule(id_token_hint, _REDIRECTING, openid=True, reads=("id_token_hint",)),
    Rule(offline_access, _REDIRECTING, openid=True),
)

_UNUSED = frozenset({"claims_locales", "display"})
"""Known parameters that nothing here depends on (Core section 3.1.2.1); they mayn't repeat."""
PARAMETERS = params.CODE_REQUEST.union(_UNUSED, *(rule.reads for rule in RULES))
"""Every parameter of an authorization request."""
