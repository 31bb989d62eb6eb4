"""A person's session, and the tokens that clients get by it."""

import dataclasses

from oauthprov.credentials import digest
from oauthprov.protocol.sessions import Sessions
from oauthprov.records import Account, Session
from tests.protocol.world import ALICE


class Visit:
    """A person's session, and what they do in it."""

    def __init__(self, world, account="alice-id", replacing=None):
        """``account`` is the record of a built-in account, or the id of a host's."""
        self.world = world
        if isinstance(account, str):
            account = Account(account, "somebody", created_at=world.now)
        self.account = account
        self.sessions = Sessions(
            world.settings, world.storage, lambda: world.now, world.provider.endings.end_session
        )
        self.secret = self.start(replacing)

    def start(self, replacing=None):
        return self.sessions.start(self.account, ("pwd",), "", "", replacing=replacing)

    def sign_in_again(self):
        self.secret = self.start(self.secret)

    @property
    def person(self):
        key = digest(self.secret)
        session = self.world.storage.get(Session, key).record
        return dataclasses.replace(
            ALICE,
            account_id=self.account.account_id,
            session_key=key,
            sid=session.sid,
            session_ends_at=self.sessions.ends_at(session),
            epoch=session.epoch,
        )

    def tokens(self, client_id="app", scope="openid"):
        return self.world.tokens(client_id, person=self.person, scope=scope)

    def sid(self, client_id="app", scope="openid"):
        token = self.tokens(client_id, scope)["id_token"]
        return self.world.id_token(token).claims["sid"]

    def leave(self):
        self.sessions.end(self.secret)
