"""A person's session, and the tokens that clients get by it."""

import dataclasses

from oauthprov.credentials import digest
from oauthprov.protocol.sessions import Sessions
from oauthprov.records import Session

from .world import ALICE


class Visit:
    """A person's session, and what they do in it."""

    def __init__(self, world, account_id="alice-id", replacing=None):
        self.world = world
        self.sessions = Sessions(
            world.settings, world.storage, lambda: world.now, world.provider.end_session
        )
        self.account_id = account_id
        self.secret = self.start(replacing)

    def start(self, replacing=None):
        return self.sessions.start(self.account_id, ("pwd",), "", "", replacing=replacing)

    def sign_in_again(self):
        self.secret = self.start(self.secret)

    @property
    def person(self):
        key = digest(self.secret)
        sid = self.world.storage.get(Session, key).record.sid
        return dataclasses.replace(ALICE, account_id=self.account_id, session_key=key, sid=sid)

    def tokens(self, client_id="app", scope="openid"):
        return self.world.tokens(client_id, person=self.person, scope=scope)

    def sid(self, client_id="app", scope="openid"):
        token = self.tokens(client_id, scope)["id_token"]
        return self.world.id_token(token).claims["sid"]

    def leave(self):
        self.sessions.end(self.secret)
