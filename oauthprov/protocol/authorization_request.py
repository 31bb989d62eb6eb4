"""An authorization request (RFC 6749 section 4.1.1) once it is checked."""

from __future__ import annotations

from dataclasses import dataclass

from oauthprov.protocol import consents, scopes
from oauthprov.protocol.authentication_request import AuthenticationRequest
from oauthprov.protocol.params import Pairs
from oauthprov.records import Client


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request whose client, redirect URI and parameters are proven."""

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    pairs: Pairs
    authentication: AuthenticationRequest

    @property
    def asked(self) -> consents.Asking:
        """What a person is asked for: scopes, those of single claims too, and resources."""
        return scopes.union(self.scopes, self.authentication.claims.scopes), self.resources
