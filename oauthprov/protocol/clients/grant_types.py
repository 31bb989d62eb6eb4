"""What each grant type is to clients: who may have it, who may register it, what it reads.

How the token endpoint answers it is a row of ``engine.token_grants``, some rooms above.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from oauthprov.protocol.clients.response_types import (
    CODE,
    IMPLICIT,
    WITHOUT_CODE,
    implicit_is_on,
)
from oauthprov.records import Client
from oauthprov.settings import Settings

AUTHORIZATION_CODE = "authorization_code"
REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of a grant type
CLIENT_CREDENTIALS = "client_credentials"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"

_WITH_USERS = ("web", "browser", "native")


def _always(settings: Settings) -> bool:
    return True


def _device_is_on(settings: Settings) -> bool:
    return settings.device


@dataclass(frozen=True, slots=True)
class GrantType:
    """A grant type, and what the rooms that don't answer it must know of it.

    * ``client_types`` are the types of client that may have it; with ``implied``, clients of these
      types have it if they register without naming any, and so have types that can't begin with
      what is implied.
    * ``has_users``: its tokens are a user's, who has allowed the client; otherwise they are the
      client's own.
    * ``begins``: it needs no tokens of an earlier grant, so a client may have it alone.
    * ``parameters`` are those that the token endpoint reads for it alone.
    * ``response_types`` are those that go with it (RFC 7591 section 2.1): users of its clients
      are redirected to them.
    * ``registered_by``: who may register it in the protocol of RFC 7591. ``token_holder`` is
      anybody with an initial access token.
    * ``is_on``: whether the server offers it.
    """

    name: str
    client_types: tuple[str, ...]
    has_users: bool
    parameters: frozenset[str] = frozenset()
    response_types: tuple[str, ...] = ()
    begins: bool = True
    implied: bool = True
    registered_by: Literal["anybody", "token_holder"] = "anybody"
    is_on: Callable[[Settings], bool] = _always


GRANT_TYPES: dict[str, GrantType] = {
    row.name: row
    for row in (
        GrantType(
            AUTHORIZATION_CODE,
            _WITH_USERS,
            has_users=True,
            parameters=frozenset({"code", "code_verifier", "redirect_uri"}),
            response_types=(CODE,),
        ),
        GrantType(
            REFRESH_TOKEN,
            (*_WITH_USERS, "device"),
            has_users=True,
            parameters=frozenset({"refresh_token"}),
            begins=False,
        ),
        GrantType(CLIENT_CREDENTIALS, ("machine",), has_users=False, registered_by="token_holder"),
        GrantType(
            DEVICE_CODE,
            ("web", "native", "device"),
            has_users=True,
            parameters=frozenset({"device_code"}),
            implied=False,
            is_on=_device_is_on,
        ),
        GrantType(
            IMPLICIT,
            _WITH_USERS,
            has_users=True,
            response_types=WITHOUT_CODE,
            implied=False,
            is_on=implicit_is_on,
        ),
    )
}
"""The grant types by name, in the order of documents."""


def offered(settings: Settings) -> list[GrantType]:
    """Return the grant types that the server offers."""
    return [row for row in GRANT_TYPES.values() if row.is_on(settings)]


def of_type(client_type: str) -> list[GrantType]:
    """Return the grant types that clients of a type may have, if the server offers them."""
    return [row for row in GRANT_TYPES.values() if client_type in row.client_types]


def have_users(names: Iterable[str]) -> bool:
    """Tell whether users allow something to a client with these grant types."""
    return any([GRANT_TYPES[name].has_users for name in names if name in GRANT_TYPES])


def response_types(names: Collection[str]) -> tuple[str, ...]:
    """Return the response types that go with these grant types (RFC 7591 section 2.1)."""
    rows = GRANT_TYPES.values()
    return tuple([one for row in rows if row.name in names for one in row.response_types])


def redirects_users(client: Client) -> bool:
    """Tell whether users are redirected to this client: its redirect URIs are of use."""
    return bool(response_types(client.grant_types))


def response_types_of(client: Client) -> tuple[str, ...]:
    """Return a client's response types: those registered, else all that its grant types allow."""
    every = response_types(client.grant_types)
    return tuple([name for name in every if name in client.response_types]) or every
