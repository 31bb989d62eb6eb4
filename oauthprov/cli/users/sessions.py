"""The sessions of an account, as commands list and end them.

The operator names a session by an id that is derived from its key, which is itself the digest of
the cookie: nobody can sign in with it.
"""

from __future__ import annotations

from hashlib import sha256

from oauthprov.cli.ini import Opened
from oauthprov.cli.output import Refused
from oauthprov.protocol.sessions import Sessions
from oauthprov.records import Session

ID_LENGTH = 12
"""Characters of an id: two sessions of an account with the same id are as good as impossible."""


def of(on: Opened, account_id: str) -> list[Session]:
    """Return the live sessions of an account, the last seen first."""
    return Sessions(on.settings, on.storage, on.clock).of(account_id)


def short_id(session: Session) -> str:
    """Return the id by which the operator names a session, in hexadecimal."""
    return sha256(session.key.encode()).hexdigest()[:ID_LENGTH]


def named(on: Opened, account_id: str, session_id: str) -> Session:
    """Return the live session of this id. Raises Refused."""
    for session in of(on, account_id):
        if short_id(session) == session_id:
            return session
    raise Refused(f"There is no session {session_id}: session list shows those that there are.")


def document(session: Session) -> dict[str, object]:
    """Return the JSON document of a session."""
    fields = (
        *("created_at", "last_seen_at", "auth_time", "expires_at"),
        *("amr", "address", "user_agent"),
    )
    return {"session_id": short_id(session)} | {name: getattr(session, name) for name in fields}
