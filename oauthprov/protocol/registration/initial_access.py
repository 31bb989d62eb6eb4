"""Initial access tokens: the operator's permission to register clients (RFC 7591 section 1.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from oauthprov import credentials
from oauthprov.credentials import Bearer
from oauthprov.events import RegistrationTokenChanged, on_commit
from oauthprov.records import InitialAccessToken
from oauthprov.storage.interface import Add, Page, Remove, Replace, Storage, Stored

LIFETIME = 604_800
"""Seconds that a token lives unless the operator chooses otherwise: a week."""
NOTE_LIMIT = 200
"""The most characters of a note."""


class WrongNote(ValueError):
    """The note is too long, or has more than a line."""


def issue(
    storage: Storage, now: int, *, lifetime: int, uses: int | None, note: str = ""
) -> tuple[InitialAccessToken, str]:
    """Store a token valid for ``lifetime`` seconds and ``uses`` clients; None means no limit.

    Returns the record and the token, which can't be read again. Raises WrongNote.
    """
    if len(note) > NOTE_LIMIT or not note.isprintable():
        raise WrongNote
    token_id = credentials.mint_id()
    bearer = Bearer.mint(credentials.INITIAL_ACCESS_TOKEN, token_id)
    secret = credentials.digest(bearer.raw)
    record = InitialAccessToken(token_id, secret, now, now + lifetime, uses, note)
    on_commit(RegistrationTokenChanged(named=token_id, how="created"))
    storage.commit(Add(record), now=now)
    return record, bearer.raw


def every(storage: Storage) -> Iterator[Stored[InitialAccessToken]]:
    """Yield every stored token, including expired and used-up ones."""
    return storage.walk(InitialAccessToken)


def page(storage: Storage, after: str | None, size: int) -> Page[InitialAccessToken]:
    """Return a page of what :func:`every` yields. Raises ValueError for an invalid ``after``."""
    return storage.find(InitialAccessToken, after=after, limit=size)


def revoke(storage: Storage, token_id: str, now: int) -> bool:
    """Delete a token; tell whether it existed. The clients that it registered stay."""
    found = storage.get(InitialAccessToken, token_id) is not None
    if found:
        on_commit(RegistrationTokenChanged(named=token_id, how="removed"))
    storage.commit(Remove(InitialAccessToken, token_id), now=now)
    return found


def present(storage: Storage, raw: str, now: int) -> Stored[InitialAccessToken] | None:
    """Return the token that a client presents, None when it can't register another client."""
    bearer = Bearer.parse(raw)
    if bearer is None or bearer.kind != credentials.INITIAL_ACCESS_TOKEN:
        return None
    stored = storage.get(InitialAccessToken, bearer.slot)
    if stored is None or not credentials.matches(raw, stored.record.secret):
        return None
    return stored if state(stored, now) == "good" else None


def state(stored: Stored[InitialAccessToken], now: int) -> str:
    """Return the state of a token: ``good`` for another client, ``expired``, or ``used up``."""
    if stored.state(now) != "live":
        return "expired"
    return "used up" if stored.record.uses_left == 0 else "good"


def spend(stored: Stored[InitialAccessToken]) -> tuple[Replace, ...]:
    """Return the change to commit before the client's: one use less; nothing if unlimited."""
    left = stored.record.uses_left
    if left is None:
        return ()
    return (Replace(replace(stored.record, uses_left=left - 1), expecting=stored),)
