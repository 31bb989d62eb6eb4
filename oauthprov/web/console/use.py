"""A client, and what code that uses it must know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oauthprov.protocol.clients.methods import wire_name
from oauthprov.records import Client
from oauthprov.settings import Settings
from oauthprov.web.console.needs import Need, needs
from oauthprov.web.console.signing import Key, assertion_key, request_key


@dataclass(frozen=True, slots=True)
class Use:
    """A client, and what its code needs to know: the endpoints by name, and its redirect URI."""

    client: Client
    settings: Settings
    endpoints: Mapping[str, str]
    redirect_uri: str
    secret: str

    @property
    def method(self) -> str:
        """How the client authenticates, by the registered name."""
        return wire_name(self.client)

    @property
    def needs(self) -> frozenset[Need]:
        """What the client must do."""
        return needs(self.settings, self.client)

    @property
    def assertion_key(self) -> Key | None:
        """The key that the client authenticates by, None if it does otherwise."""
        found = assertion_key(self.settings, self.client)
        return found if Need.KEY in self.needs else None

    @property
    def request_key(self) -> Key | None:
        """The key that signs the client's requests, None if they need no signature."""
        found = request_key(self.settings, self.client)
        return found if Need.SIGNED_REQUEST in self.needs else None

    @property
    def algorithms(self) -> frozenset[str]:
        """The algorithms that the client signs with."""
        keys = (self.assertion_key, self.request_key)
        return frozenset(key.alg for key in keys if key is not None)

    @property
    def scope(self) -> str:
        """All scopes of the client, as a request has them."""
        return " ".join(self.client.scopes)
