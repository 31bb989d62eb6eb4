"""Code that uses a client: for curl, Authlib and oauth4webapi, with the client's own values.

A client that signs people in gets the authorization code flow, a device its own flow, a machine
the client credentials grant, an API the introspection of a token. A library that can't do what the
server demands of the client has no code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from oauthprov.protocol.clients.grant_types import CLIENT_CREDENTIALS, redirects_users
from oauthprov.web.console import authlib, curl, oauth4webapi
from oauthprov.web.console.needs import Need, gets_codes
from oauthprov.web.console.use import Use

SECRET = "CLIENT_SECRET"  # noqa: S105 - a placeholder
"""What stands for the secret: only the page that shows a new secret has it in the code."""

Flow = Literal["code_flow", "device", "machine", "api"]


@dataclass(frozen=True, slots=True)
class Library:
    """A tool or library: what it can do beside sending an id and a secret, and code by flow.

    ``algorithms`` are those that it signs with.
    """

    name: str
    can: frozenset[Need]
    algorithms: frozenset[str]
    code: Mapping[Flow, Callable[[Use], str]]

    def serves(self, use: Use) -> bool:
        """Tell whether it can do what the client must."""
        return use.needs <= self.can and use.algorithms <= self.algorithms


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of code, and the name of the tool or library that it is for."""

    name: str
    code: str


LIBRARIES = tuple(
    Library(
        name,
        module.CAN,
        module.ALGORITHMS,
        {
            "code_flow": module.code_flow,
            "device": module.device,
            "machine": module.machine,
            "api": module.api,
        },
    )
    for name, module in (("curl", curl), ("Authlib", authlib), ("oauth4webapi", oauth4webapi))
)


def flow(use: Use) -> Flow | None:
    """Return the flow of a client, None if it has none that code is shown for."""
    if gets_codes(use.client):
        return "code_flow"
    if redirects_users(use.client):  # tokens come from the authorization endpoint alone
        return None
    if "device_authorization" in use.endpoints:
        return "device"
    if CLIENT_CREDENTIALS in use.client.grant_types:
        return "machine"
    return "api" if not use.client.grant_types and "introspect" in use.endpoints else None


def snippets(use: Use) -> list[Snippet]:
    """Return the code for a client; none if the endpoint that it needs is switched off."""
    found = flow(use)
    if found is None:
        return []
    return [Snippet(one.name, one.code[found](use)) for one in LIBRARIES if one.serves(use)]


def incapable(use: Use) -> list[str]:
    """Return the names of the tools and libraries that can't do what the client must."""
    return [one.name for one in LIBRARIES if not one.serves(use)]
