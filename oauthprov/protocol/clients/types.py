"""The client types, and what each may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oauthprov.messages import N_
from oauthprov.protocol.clients import methods
from oauthprov.protocol.clients.grant_types import GrantType, of_type
from oauthprov.settings import Settings


@dataclass(frozen=True, slots=True)
class ClientType:
    """A client type: what it may do (RFC 6749 section 2.1), and its purpose in a sentence.

    ``auth_methods`` has the default first; all of them or none make the client confidential.
    """

    name: str
    title: str
    sentence: str
    auth_methods: tuple[str, ...]

    @property
    def confidential(self) -> bool:
        """Whether clients of this type keep a secret or a key."""
        return self.auth_methods[0] in methods.CONFIDENTIAL

    def offered_methods(self, settings: Settings) -> tuple[str, ...]:
        """Return those of ``auth_methods`` that a server has."""
        return methods.offered(self.auth_methods, settings)

    @property
    def grant_types(self) -> tuple[str, ...]:
        """The grant types of a client of this type that has registered without naming any."""
        implied = [row for row in self._may_have if row.implied]
        enough = not implied or any(row.begins for row in implied)
        return tuple(row.name for row in (implied if enough else self._may_have))

    def is_offered(self, settings: Settings) -> bool:
        """Tell whether clients of this type are of use on this server."""
        if not self.offered_methods(settings):
            return False
        on = [row for row in self._may_have if row.is_on(settings)]
        return not self.gets_tokens or any(row.begins for row in on)

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


CLIENT_TYPES: Mapping[str, ClientType] = {
    kind.name: kind
    for kind in (
        ClientType(
            "web",
            N_("Web server"),
            N_("An application on a server of yours, which can keep a secret."),
            methods.CONFIDENTIAL,
        ),
        ClientType(
            "browser",
            N_("Browser app"),
            N_("JavaScript in the browser without a server behind it: it can't keep a secret."),
            methods.PUBLIC,
        ),
        ClientType(
            "native",
            N_("Native or CLI app"),
            N_("A program on a person's own phone or computer: it can't keep a secret."),
            methods.PUBLIC,
        ),
        ClientType(
            "device",
            N_("Device without a browser"),
            N_("A television or a printer: people allow it at their phone, by a code it shows."),
            methods.PUBLIC,
        ),
        ClientType(
            "machine",
            N_("Machine to machine"),
            N_("A job or service that acts as itself, with no person there to ask."),
            methods.CONFIDENTIAL,
        ),
        ClientType(
            "api",
            N_("API (resource server)"),
            N_("A service that checks the access tokens it receives. It gets no tokens itself."),
            methods.CONFIDENTIAL,
        ),
    )
}
