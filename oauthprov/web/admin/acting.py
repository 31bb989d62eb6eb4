"""Who acts on the admin pages: every event of such a request names the admin."""

from __future__ import annotations

from oauthprov.accounts import SignedIn
from oauthprov.events import admin as actor_of
from oauthprov.events.event import current


def acting(admin: SignedIn) -> None:
    """Name ``admin`` as the actor of all events of this request: whatever it changes is one."""
    scope = current.get()
    if scope is not None:
        scope.actor = actor_of(admin.account_id)
