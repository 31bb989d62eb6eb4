"""The passkeys of accounts: added, used, renamed and removed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeGuard

from oauthprov.credentials import base64url, digest, is_invisible
from oauthprov.events import FactorChanged, PasskeyCopied, on_commit
from oauthprov.passkeys import options, responses
from oauthprov.passkeys.challenges import Challenges
from oauthprov.passkeys.options import Options
from oauthprov.passkeys.refusal import Copied, Refused
from oauthprov.passkeys.relying_party import RelyingParty
from oauthprov.passkeys.responses import Assertion
from oauthprov.records import Account, Passkey, ReplayMark, slot
from oauthprov.storage.interface import (
    Add,
    Change,
    Conflict,
    Replace,
    Storage,
    Stored,
    persistently,
)

FACTOR = "passkey"
"""The name of the factor in ``Account.factors``."""
LIMIT = 20
"""The most passkeys of an account."""
NAME_LIMIT = 60
"""Characters of a passkey's name."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read for a response; ``mark`` is the one to be added when it is used."""

    passkey: Stored[Passkey]
    account: Stored[Account] | None
    mark: ReplayMark


@dataclass(frozen=True, slots=True)
class _Use:
    """A valid use of a passkey, and the changes that store it and end the challenge."""

    user_verified: bool
    changes: tuple[Change, ...]


class Passkeys:
    """The passkeys of the built-in accounts. ``clock`` returns epoch seconds.

    ``holder`` is what a challenge is bound to besides its purpose: the browser that asked for it,
    and what else must be the same when the response comes. A passkey's user handle is the id of
    its account, so one trip reads both.
    """

    def __init__(
        self,
        storage: Storage,
        party: RelyingParty | None,
        challenges: Challenges,
        clock: Callable[[], int],
    ) -> None:
        self._storage = storage
        self._maybe_party = party
        self._challenges = challenges
        self._clock = clock

    @property
    def possible(self) -> bool:
        """Whether there can be passkeys at this host; without, only ``of`` and removals work."""
        return self._maybe_party is not None

    @property
    def _party(self) -> RelyingParty:
        if self._maybe_party is None:
            raise RuntimeError("there can be no passkeys at this host: it is an IP address")
        return self._maybe_party

    def of(self, account_id: str) -> list[Passkey]:
        """Return the passkeys of an account, the oldest first; one read."""
        found = [stored.record for stored in self._storage.walk(Passkey, account_id=account_id)]
        return sorted(found, key=lambda passkey: (passkey.created_at, passkey.key))

    def creation_options(
        self, account_id: str, name: str, holder: str, existing: Sequence[Passkey]
    ) -> Options:
        """Return the options for adding a passkey to the ``existing`` ones of an account.

        ``name`` is the user name. Raises Refused if the account is full.
        """
        if len(existing) >= LIMIT:
            raise Refused("full")
        challenge = self._challenges.mint("register", _of(account_id, holder))
        return options.creation(self._party, account_id, name, challenge, existing)

    def made(self, account_id: str, sent: str, holder: str, name: str) -> tuple[Passkey, Add]:
        """Return the passkey that a browser made, with the text that it sent. Raises Refused.

        The caller adds the record, in one commit with the change that ends the challenge; a
        conflict of the latter means that the text was sent twice.
        """
        answer = responses.attestation(sent)
        mark = self._challenges.check(
            answer.challenge, "register", _of(account_id, holder), account_id
        )
        from oauthprov.passkeys import verification  # here, for the reason that it gives

        key = verification.new_key(self._party, answer)
        if len(self.of(account_id)) >= LIMIT:
            raise Refused("full")
        credential_id = base64url(answer.credential_id)
        passkey = Passkey(
            key=_key(account_id, credential_id),
            account_id=account_id,
            credential_id=credential_id,
            public_key=key.public_key,
            sign_count=key.sign_count,
            name=shown(name),
            created_at=self._clock(),
            transports=answer.transports,
            aaguid=key.aaguid,
            backup_eligible=key.backup_eligible,
            backed_up=key.backed_up,
        )
        return passkey, Add(mark)

    def sign_in_options(self, holder: str) -> Options:
        """Return the options for signing in with a passkey alone; reads nothing."""
        challenge = self._challenges.mint("sign in", holder)
        return options.request(self._party, challenge, "required")

    def sign_in(self, sent: str, holder: str) -> Account:
        """Return the account whose passkey signed; one read, one write. Raises Refused.

        The device must have verified its user, since this is the only factor.
        """
        answer = responses.assertion(sent)
        account_id = answer.user_handle
        if not account_id:
            raise Refused("unknown", "the passkey doesn't name its account")
        mark = self._challenges.check(answer.challenge, "sign in", holder, account_id)

        def attempt() -> Account:
            read = self._read(account_id, answer, mark)
            if not _may_sign_in(read.account):
                raise Refused("unknown", "the account is disabled, or has no passkeys any more")
            use = self._use(read, answer)
            if not use.user_verified:
                raise Refused("unverified")
            self._storage.commit(*use.changes, now=self._clock())
            return read.account.record

        return persistently(attempt)

    def step_options(self, account_id: str, holder: str) -> Options:
        """Return the options for a passkey of the account as a further factor; one read."""
        challenge = self._challenges.mint("second step", _of(account_id, holder))
        allowed = [passkey for passkey in self.of(account_id) if passkey.copied_at is None]
        return options.request(self._party, challenge, "preferred", allowed)

    def step(self, account_id: str, sent: str, holder: str) -> tuple[Change, ...]:
        """Return the changes that use the account's passkey that signed; one read.

        Raises Refused, also if ``sent`` was used before; a conflict of one of the changes means
        that it is being used at this moment.
        """
        answer = responses.assertion(sent)
        mark = self._challenges.check(
            answer.challenge, "second step", _of(account_id, holder), account_id
        )
        if answer.user_handle not in (None, account_id):
            raise Refused("unknown", "the passkey is of another account")
        return self._use(self._read(account_id, answer, mark), answer).changes

    def rename(self, account_id: str, key: str, name: str) -> bool:
        """Give a passkey of the account another name; return whether it has that now.

        It keeps its name if nothing of the other one is visible.
        """
        visible = shown(name)

        def attempt() -> bool:
            stored = self._storage.get(Passkey, key) if slot(key) == account_id else None
            if stored is None or not visible:
                return False
            changed = replace(stored.record, name=visible)
            on_commit(FactorChanged(account_id=account_id, factor="passkey", how="renamed"))
            self._storage.commit(Replace(changed, expecting=stored), now=self._clock())
            return True

        return persistently(attempt)

    def _read(self, account_id: str, answer: Assertion, mark: ReplayMark) -> _Read:
        key = _key(account_id, base64url(answer.credential_id))
        pairs: list[Any] = [(Passkey, key), (Account, account_id), (ReplayMark, mark.key)]
        found: Any = self._storage.get_many(pairs)
        passkey, account, used = found
        if used is not None:
            raise Refused("used")
        if passkey is None:
            raise Refused("unknown", "there is no such passkey")
        return _Read(passkey, account, mark)

    def _use(self, read: _Read, answer: Assertion) -> _Use:
        """Judge the use of a passkey. Raises Refused."""
        from oauthprov.passkeys import verification  # here, for the reason that it gives

        passkey, now = read.passkey.record, self._clock()
        use = verification.use(self._party, passkey, answer)
        if passkey.copied_at is not None:
            raise Copied(passkey, first=False)
        # An authenticator that counts nothing always says 0 (section 6.1.1).
        counts = use.sign_count > 0 or passkey.sign_count > 0
        if counts and use.sign_count <= passkey.sign_count:
            self._end_copied(read, now)
        used = replace(
            passkey, sign_count=use.sign_count, backed_up=use.backed_up, last_used_at=now
        )
        changes = (Add(read.mark), Replace(used, expecting=read.passkey))
        return _Use(use.user_verified, changes)

    def _end_copied(self, read: _Read, now: int) -> NoReturn:
        ended = replace(read.passkey.record, copied_at=now)
        on_commit(PasskeyCopied(account_id=ended.account_id))
        try:
            self._storage.commit(Add(read.mark), Replace(ended, expecting=read.passkey), now=now)
        except Conflict:  # the same text twice at once, which shows no copy
            raise Refused("used") from None
        raise Copied(ended, first=True)


def _may_sign_in(account: Stored[Account] | None) -> TypeGuard[Stored[Account]]:
    """Return whether an account counts its passkeys: a reset of factors may have missed one."""
    if account is None or account.record.disabled_at is not None:
        return False
    return FACTOR in account.record.factors


def shown(name: str) -> str:
    """Return a name as pages show it: no invisible characters, blanks or more than the limit."""
    visible = "".join(" " if is_invisible(character) else character for character in name)
    return " ".join(visible.split())[:NAME_LIMIT].strip()


def _of(account_id: str, holder: str) -> str:
    return f"{account_id} {holder}"


def _key(account_id: str, credential_id: str) -> str:
    return f"{account_id}.{digest(credential_id)}"
