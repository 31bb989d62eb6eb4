"""What a server demands of a client's requests, by its settings and by the client's registration.

The rooms above refuse the requests that fall short; the console and the doctor say so before.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum, auto

from oauthprov.protocol.clients import methods
from oauthprov.protocol.clients.types import CLIENT_TYPES
from oauthprov.records import Client
from oauthprov.settings import Settings


class Unmet(Enum):
    """Why no client like this gets a token: its registration and the settings don't agree.

    * ``METHOD``: the server hasn't the client's authentication method.
    * ``PROOFS``: its tokens are bound to a key, and the server takes no proofs.
    * ``CERTIFICATES``: its tokens are bound to a certificate, and the server takes none.
    * ``BINDING``: its tokens must be bound, the server takes no proofs, and the client isn't
      registered for tokens that are bound to its certificate.
    """

    METHOD = auto()
    PROOFS = auto()
    CERTIFICATES = auto()
    BINDING = auto()


def must_push(settings: Settings, client: Client) -> bool:
    """Tell whether the client pushes its authorization requests (RFC 9126 sections 5, 6)."""
    return settings.par == "required" or client.require_pushed_authorization_requests


def cannot_push(settings: Settings, client: Client) -> bool:
    """Tell whether the client must push its requests, and the server takes no pushed ones."""
    return settings.par == "off" and client.require_pushed_authorization_requests


def must_sign_requests(settings: Settings, client: Client) -> bool:
    """Tell whether authorization requests are signed (RFC 9101, Message Signing section 5.3)."""
    return settings.message_signing or client.require_signed_request_object


def must_bind(settings: Settings, client: Client, targets: Collection[str] = ()) -> bool:
    """Tell whether tokens for the resources ``targets`` must be bound, and no certificate does it.

    FAPI 2.0 Security Profile section 5.3.2.1 demands it of every token.
    """
    wanted = settings.fapi or not settings.bound_resources.isdisjoint(targets)
    return wanted and not client.tls_client_certificate_bound_access_tokens


def must_prove_key(settings: Settings, client: Client, targets: Collection[str] = ()) -> bool:
    """Tell whether a request for a token needs a proof of a key (RFC 9449)."""
    return (
        must_bind(settings, client, targets)
        or settings.dpop == "required"
        or client.dpop_bound_access_tokens
    )


def unmet(settings: Settings, client: Client) -> Unmet | None:
    """Return why no request of the client for a token can succeed, None if one can."""
    if client.auth_method not in methods.offered(tuple(methods.METHODS), settings):
        return Unmet.METHOD
    if not CLIENT_TYPES[client.client_type].gets_tokens:
        return None
    if client.tls_client_certificate_bound_access_tokens and not settings.mtls:
        return Unmet.CERTIFICATES
    if settings.dpop == "off" and client.dpop_bound_access_tokens:
        return Unmet.PROOFS
    if settings.dpop == "off" and must_bind(settings, client):
        return Unmet.BINDING
    return None
