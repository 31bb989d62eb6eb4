"""The events of a client's registration."""

from __future__ import annotations

from dataclasses import fields

from oauthprov.events import ClientChanged, ClientRegistered, ClientRemoved
from oauthprov.records import Client

_WORDS = {"secrets": "client_secret", "disabled_at": "disabled"}


def registered(client: Client) -> ClientRegistered:
    """Return the event that a client was registered."""
    owner = "operator" if client.owner is None else "owner"
    how = owner if client.registration_token is None else "itself"
    return ClientRegistered(account_id=client.owner, client_id=client.client_id, how=how)


def changed(before: Client, after: Client) -> ClientChanged:
    """Return the event that a client has changed, with what differs."""
    names = [field.name for field in fields(Client) if field.name != "secret_created_at"]
    differing = (name for name in names if getattr(before, name) != getattr(after, name))
    words = (_WORDS.get(name, name) for name in differing)
    return ClientChanged(account_id=after.owner, client_id=after.client_id, changed=tuple(words))


def removed(client: Client) -> ClientRemoved:
    """Return the event that a client was removed."""
    return ClientRemoved(account_id=client.owner, client_id=client.client_id)
