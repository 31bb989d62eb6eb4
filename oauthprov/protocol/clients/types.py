"""The client types, and what each may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from oauthprov.messages import N_
from oauthprov.protocol.clients.grant_types import GrantType, of_type
from oauthprov.records import Client
from oauthprov.settings import Settings


@dataclass(frozen=True, slots=True)
class ClientType:
    """A client type: what it may do (RFC 6749 section 2.1), and its purpose in a sentence.

    ``auth_methods`` has the default first; ``none`` makes the client public.
    """

    name: str
    title: str
    sentence: str
    auth_methods: tuple[Method, ...]

    @property
    def confidential(self) -> bool:
        """Whether clients of this type keep a secret or a key."""
        return self.auth_methods[0] != "none"

    @property
    def grant_types(self) -> tuple[str, ...]:
        """The grant types of a client of this type that has registered without naming any."""
        return tuple(row.name for row in self._may_have if row.implied)

    def may_have(self, settings: Settings) -> tuple[str, ...]:
        """Return the grant types that clients of this type may have on this server."""
        return tuple(row.name for row in self._may_have if row.is_on(settings))

    @property
    def _may_have(self) -> list[GrantType]:
        return of_type(self.name)

    @property
    def has_users(self) -> bool:
        """Whether users allow something to clients of this type, which may ask for their data."""
        return any(row.has_users for row in self._may_have)

    @property
    def redirects(self) -> bool:
        """Whether users may be redirected to clients of this type; a client may do without."""
        return any(row.response_types for row in self._may_have)

    @property
    def gets_tokens(self) -> bool:
        """Whether clients of this type get tokens; a resource server only introspects them."""
        return bool(self._may_have)


Method = Literal[
    "client_secret", "client_secret_basic", "client_secret_post", "private_key_jwt", "none"
]
ANY_SECRET: Method = "client_secret"  # noqa: S105 - the name of a method
"""The client may send its secret by any of SECRET_METHODS.

Only this server knows the name: no client can register it (RFC 7591), and no document has it.
"""
SECRET_METHODS: tuple[Method, ...] = ("client_secret_basic", "client_secret_post")
KEY_METHOD: Method = "private_key_jwt"
CONFIDENTIAL_METHODS: tuple[Method, ...] = (*SECRET_METHODS, KEY_METHOD)
METHODS: tuple[Method, ...] = (*CONFIDENTIAL_METHODS, "none")
"""Client authentication methods (RFC 6749 section 2.3, OpenID Connect Core section 9).

These are the registered names, which requests and documents use.
"""

CLIENT_TYPES: Mapping[str, ClientType] = {
    kind.name: kind
    for kind in (
        ClientType(
            "web",
            N_("Web server"),
            N_("An application on a server of yours, which can keep a secret."),
            (ANY_SECRET, *CONFIDENTIAL_METHODS),
        ),
        ClientType(
            "browser",
            N_("Browser app"),
            N_("JavaScript in the browser without a server behind it: it can't keep a secret."),
            ("none",),
        ),
        ClientType(
            "native",
            N_("Native or CLI app"),
            N_("A program on a person's own phone or computer: it can't keep a secret."),
            ("none",),
        ),
        ClientType(
            "machine",
            N_("Machine to machine"),
            N_("A job or service that acts as itself, with no person there to ask."),
            (ANY_SECRET, *CONFIDENTIAL_METHODS),
        ),
        ClientType(
            "api",
            N_("API (resource server)"),
            N_("A service that checks the access tokens it receives. It gets no tokens itself."),
            (ANY_SECRET, *CONFIDENTIAL_METHODS),
        ),
    )
}


def is_confidential(client: Client) -> bool:
    """Tell whether the client can keep a secret or a key (RFC 6749 section 2.1)."""
    return has_secret(client) or client.auth_method == KEY_METHOD


def has_secret(client: Client) -> bool:
    """Tell whether the client authenticates by a secret, and so may have one."""
    return uses_secret(client.auth_method)


def uses_secret(method: str) -> bool:
    """Tell whether clients authenticate by a secret with this method."""
    return method == ANY_SECRET or method in SECRET_METHODS


def accepted_methods(client: Client) -> Sequence[str]:
    """Return the methods by which the client may authenticate, as clients know them."""
    return SECRET_METHODS if client.auth_method == ANY_SECRET else (client.auth_method,)
