"""Fetches the logos of clients that a command registers or changes, before it ends."""

from __future__ import annotations

from oauthprov.cli.ini import Opened
from oauthprov.cli.output import Refused, note
from oauthprov.errors import FetchError
from oauthprov.fetch import Fetcher
from oauthprov.protocol.clients.logos import Logos
from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.records import Client


def with_logo(on: Opened, client: Client) -> Client:
    """Fetch the logo of a client; return the client. A failed fetch isn't an error."""
    try:
        _logos(on).refresh(client.client_id)
    except FetchError as error:
        note(f"The client is stored, but its logo can't be fetched: {error}.")
    return _stored(on, client.client_id)


def refresh(on: Opened, client_id: str) -> Client:
    """Fetch the logo of a client again; return the client. Raises Refused with the reason."""
    if _stored(on, client_id).logo_uri is None:
        raise Refused("The client has no logo_uri.")
    try:
        _logos(on).refresh(client_id)
    except FetchError as error:
        raise Refused(f"The logo can't be fetched: {error}.") from None
    return _stored(on, client_id)


def _logos(on: Opened) -> Logos:
    return Logos(on.storage, Fetcher.of(on.settings), on.clock)


def _stored(on: Opened, client_id: str) -> Client:
    return Registrar(on.settings, on.storage, on.clock).get(client_id).record
