"""What a client must do at this server beside sending its id and secret, for code that uses it.

The console shows no code that the server would refuse: a library that can't do all of it has none,
and a client that gets no token whatever it does is told what to change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from oauthprov.protocol.clients import demands, methods
from oauthprov.protocol.clients.demands import Unmet
from oauthprov.protocol.clients.grant_types import response_types_of
from oauthprov.protocol.clients.response_types import CODE
from oauthprov.protocol.clients.types import CLIENT_TYPES
from oauthprov.records import Client
from oauthprov.settings import Settings
from oauthprov.web.console.signing import assertion_key, request_key
from oauthprov.web.i18n import _


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence, and the page of the documentation that says more."""

    words: str
    page: str


class Need(Enum):
    """Something that the client must do, and that not every library can."""

    KEY = Advice(
        _("It authenticates by an assertion that it signs with its own key."),
        "docs/registration.md",
    )
    CERTIFICATE = Advice(_("It presents its certificate with each request."), "docs/mtls.md")
    PUSH = Advice(_("It pushes its authorization requests."), "docs/par.md")
    SIGNED_REQUEST = Advice(
        _("It signs its authorization requests with its own key."), "docs/openid.md"
    )
    SIGNED_RESPONSE = Advice(
        _("It asks for signed authorization responses, and verifies them."), "docs/jarm.md"
    )
    PROOF = Advice(
        _("It proves with each request for a token that it holds a key (DPoP)."), "docs/dpop.md"
    )


def gets_codes(client: Client) -> bool:
    """Tell whether the client has the authorization code flow."""
    return CODE in response_types_of(client)


def shows_certificate(client: Client) -> bool:
    """Tell whether the client's requests need its certificate, so that it uses the aliases."""
    binds = client.tls_client_certificate_bound_access_tokens
    return methods.has_certificate(client) or (binds and _gets_tokens(client))


def signs_requests(settings: Settings, client: Client) -> bool:
    """Tell whether the client has authorization requests, and must sign them."""
    return gets_codes(client) and demands.must_sign_requests(settings, client)


def pushes(settings: Settings, client: Client) -> bool:
    """Tell whether the client has authorization requests, and must push them."""
    return gets_codes(client) and demands.must_push(settings, client)


def proves_key(settings: Settings, client: Client) -> bool:
    """Tell whether the client's tokens need a proof of a key, for one of its resources at least.

    A resource that takes bound tokens alone takes no token of the client that is for none.
    """
    targets = [
        resource.uri
        for resource in settings.resources
        if resource.bound and not set(resource.scopes).isdisjoint(client.scopes)
    ]
    takes = settings.dpop != "off"
    return takes and _gets_tokens(client) and demands.must_prove_key(settings, client, targets)


def needs(settings: Settings, client: Client) -> frozenset[Need]:
    """Return what the client must do."""
    tests: Mapping[Need, Callable[[], bool]] = {
        Need.KEY: lambda: _has_key(client),
        Need.CERTIFICATE: lambda: shows_certificate(client),
        Need.PUSH: lambda: pushes(settings, client),
        Need.SIGNED_REQUEST: lambda: signs_requests(settings, client),
        Need.SIGNED_RESPONSE: lambda: gets_codes(client) and settings.message_signing,
        Need.PROOF: lambda: proves_key(settings, client),
    }
    return frozenset(need for need, applies in tests.items() if applies())


def obstacle(settings: Settings, client: Client) -> Advice | None:
    """Return why no request of the client can succeed and what to change, None if one can."""
    match demands.unmet(settings, client):
        case Unmet.METHOD:
            page = "docs/fapi.md" if settings.fapi else "docs/mtls.md"
            return Advice(_METHOD, page)
        case Unmet.PROOFS:
            return Advice(_PROOFS, "docs/dpop.md")
        case Unmet.CERTIFICATES:
            return Advice(_CERTIFICATES, "docs/mtls.md")
        case Unmet.BINDING:
            return Advice(_BINDING, "docs/mtls.md")
    if demands.cannot_push(settings, client):
        return Advice(_PUSHING, "docs/par.md")
    if _has_key(client) and assertion_key(settings, client) is None:
        return Advice(_KEYLESS, "docs/registration.md")
    if signs_requests(settings, client) and request_key(settings, client) is None:
        return Advice(_KEYLESS, "docs/openid.md")
    return None


def _has_key(client: Client) -> bool:
    return methods.of(client).kind is methods.Kind.KEY


def _gets_tokens(client: Client) -> bool:
    return CLIENT_TYPES[client.client_type].gets_tokens


_METHOD = _(
    "This server doesn't accept the way in which this client authenticates, so it refuses all of"
    " its requests. Choose another way when you edit the client, or register another client."
)
_PROOFS = _(
    "The tokens of this client must be bound to a key that it proves (DPoP), and this server"
    " accepts no such proofs. Edit the client."
)
_CERTIFICATES = _(
    "The tokens of this client must be bound to its certificate, and this server accepts no"
    " certificates. Edit the client."
)
_BINDING = _(
    "This server binds every token to the client's certificate. Edit the client, and let its"
    " tokens be bound."
)
_PUSHING = _(
    "This client must push its authorization requests, and this server accepts none that are"
    " pushed. Edit the client."
)
_KEYLESS = _(
    "This client must sign with its own key, and has registered none that this server accepts."
    " Edit the client, and register a key."
)
