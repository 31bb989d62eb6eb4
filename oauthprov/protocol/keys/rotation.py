"""The life of signing keys in storage: made, replaced by a successor, retired, removed.

The keys of an algorithm are numbered, and the number is part of the record's key: of all nodes
that add the next one at the same moment, only one succeeds. They share a slot, so a successor and
the end of its predecessor are one commit on every backend.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from oauthprov import logs
from oauthprov.credentials import Keyring
from oauthprov.errors import SigningKeySealed
from oauthprov.events import KeyChanged, on_commit
from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.records import SigningKey
from oauthprov.settings import Settings
from oauthprov.storage.interface import Add, Change, Conflict, Remove, Replace, Storage, Stored

LABEL = "signing key"
SLACK = 60
"""Seconds that a retired key stays published after its last token: clocks and caches differ."""

log = logs.logger(__name__)

Keys = Sequence[Stored[SigningKey]]


class UnknownSigningKey(Exception):
    """There is no signing key of that ``kid``."""


def longest_lifetime(settings: Settings) -> int:
    """Return the seconds for which a signed token may be used, at most.

    An ID token may serve as an ``id_token_hint`` for as long as its session lives.
    """
    lifetimes = [settings.id_token_lifetime, settings.session_lifetime]
    if settings.jwt_resources:
        lifetimes.append(settings.jwt_access_token_lifetime)
    return max(lifetimes)


def serial(key: SigningKey) -> int:
    """Return the number of a key within its algorithm."""
    return int(key.key.rpartition(".")[2])


def signing(keys: Iterable[SigningKey], alg: str, now: int) -> SigningKey | None:
    """Return the key that signs with ``alg`` at ``now``, None when there is none."""
    begun = [key for key in keys if key.alg == alg and key.signs_from <= now]
    return max([key for key in begun if not is_over(key, now)], key=serial, default=None)


def newest(keys: Iterable[SigningKey], alg: str) -> SigningKey | None:
    """Return the newest key of ``alg`` that has no successor, None when there is none."""
    lasting = [key for key in keys if key.alg == alg and key.retires_at is None]
    return max(lasting, key=serial, default=None)


def next_at(key: SigningKey, settings: Settings) -> int | None:
    """Return when the successor of the newest key is to sign, None if keys aren't rotated."""
    every = settings.keys_rotate_every
    return key.signs_from + every if every > 0 else None


def is_over(key: SigningKey, now: int) -> bool:
    """Tell whether ``key`` no longer signs at ``now``."""
    return key.retires_at is not None and key.retires_at <= now


def is_published(key: SigningKey, now: int) -> bool:
    """Tell whether the published key set contains ``key`` at ``now``."""
    return key.published_until is None or now < key.published_until


class KeyRotation:
    """Changes of the signing keys. Every method may raise StorageError."""

    def __init__(
        self, settings: Settings, storage: Storage, keyring: Keyring, clock: Callable[[], int]
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._keyring = keyring
        self._clock = clock

    def load(self) -> list[SigningKey]:
        """Return every stored key, by algorithm and number."""
        found = [stored.record for stored in self._storage.walk(SigningKey)]
        return sorted(found, key=lambda key: (key.alg, serial(key)))

    def open(self, key: SigningKey) -> PrivateKey | None:
        """Return the private key, None when no ``oauthprov.secret`` opens it."""
        private = self._keyring.open(LABEL, key.sealed)
        return None if private is None else PrivateKey.load(key.alg, private)

    def state(self, key: SigningKey) -> str:
        """Return the state of a key: waiting, signing, retired, unpublished or sealed.

        A ``retired`` key is published until its last token has expired; no ``oauthprov.secret``
        opens a ``sealed`` one.
        """
        now = self._clock()
        if not is_published(key, now):
            return "unpublished"
        if is_over(key, now):
            return "retired"
        if self.open(key) is None:
            return "sealed"
        return "waiting" if key.signs_from > now else "signing"

    def check(self) -> None:
        """Raise SigningKeySealed if a current signing key can't be opened; makes no key."""
        keys, now = self.load(), self._clock()
        for alg in self._settings.keys_algorithms:
            key = signing(keys, alg, now)
            if key is not None and self._keyring.open(LABEL, key.sealed) is None:
                raise SigningKeySealed(alg)

    def keep_up(self, keys: Sequence[SigningKey]) -> bool:
        """Add the keys that are missing or due; tell whether ``keys`` is outdated now."""
        now = self._clock()
        due = [alg for alg in self._settings.keys_algorithms if self._is_due(keys, alg, now)]
        for alg in due:
            # ``keys`` were read a while ago, and another node may have added it since.
            stored = self._of(alg)
            if self._is_due([one.record for one in stored], alg, now):
                with suppress(Conflict):  # the next read of the keys tries again
                    self._follow(alg, stored, now)
        return bool(due)

    def _is_due(self, keys: Sequence[SigningKey], alg: str, now: int) -> bool:
        key = newest(keys, alg)
        if key is None:
            return True
        at = next_at(key, self._settings)
        return at is not None and now >= at - self._settings.keys_publish_ahead

    def rotate(self, alg: str) -> SigningKey:
        """Return the next key of ``alg``, made here unless it is published already.

        It signs after ``oauthprov.keys.publish_ahead``, or at once if no other key can sign.
        Raises Conflict when a key was retired meanwhile.
        """
        return self._follow(alg, self._of(alg), self._clock())

    def _follow(self, alg: str, keys: Keys, now: int) -> SigningKey:
        last = keys[-1].record if keys else None
        if last is not None and last.signs_from > now:
            return last
        current = signing((stored.record for stored in keys), alg, now)
        able = current is not None and self.open(current) is not None
        starts = now + self._settings.keys_publish_ahead if able else now
        made = self._make(alg, 1 if last is None else serial(last) + 1, starts)
        on_commit(KeyChanged(named=made.kid, how="created"))
        try:
            self._storage.commit(Add(made), *self._tidied(keys, starts, now), now=now)
        except Conflict:
            first = self._storage.get(SigningKey, made.key)
            if first is None:
                raise
            return first.record
        log.info("made signing key %s (%s), which signs from %d on", made.kid, alg, starts)
        return made

    def retire(self, kid: str, *, compromised: bool = False) -> None:
        """Stop a key from signing at once; if its algorithm is in use, a successor takes over.

        It stays published until its last token has expired, unless it is ``compromised``: then its
        tokens are invalid at once. A key that hasn't signed yet is removed. Raises
        UnknownSigningKey; Conflict when the keys were changed meanwhile.
        """
        alg = next((key.alg for key in self.load() if key.kid == kid), "")
        keys, now = self._of(alg), self._clock()
        goes = next((stored for stored in keys if stored.record.kid == kid), None)
        if goes is None:
            raise UnknownSigningKey(kid)
        if goes.record.signs_from > now:
            changes = [_gone(goes), *_resumed(keys, goes.record)]
        elif is_over(goes.record, now):
            changes = [_gone(goes)] if compromised else []
        else:
            ended = _gone(goes) if compromised else self._ended(goes, now)
            changes = [ended, *self._successor(keys, alg, now)]
        on_commit(KeyChanged(named=kid, how="compromised" if compromised else "retired"))
        self._storage.commit(*changes, now=now)
        log.info("retired signing key %s (%s)", kid, alg)

    def _of(self, alg: str) -> list[Stored[SigningKey]]:
        found = [stored for stored in self._storage.walk(SigningKey) if stored.record.alg == alg]
        return sorted(found, key=lambda stored: serial(stored.record))

    def _make(self, alg: str, number: int, signs_from: int) -> SigningKey:
        key = PrivateKey.generate(alg)
        return SigningKey(
            key=f"{alg}.{number}",
            kid=key.kid,
            alg=alg,
            public=json.dumps(key.public(), sort_keys=True),
            sealed=self._keyring.seal(LABEL, key.dump()),
            created_at=self._clock(),
            signs_from=signs_from,
        )

    def _tidied(self, keys: Keys, starts: int, now: int) -> Iterator[Change]:
        """Yield the changes to older keys when one is added: an end, a new seal, or a removal."""
        for stored in keys:
            if not is_published(stored.record, now):
                yield _gone(stored)
                continue
            key = self._ending(stored.record, starts)
            private = self._keyring.open(LABEL, key.sealed)
            if private is not None:
                key = replace(key, sealed=self._keyring.seal(LABEL, private))
            yield Replace(key, stored)

    def _ending(self, key: SigningKey, at: int) -> SigningKey:
        if key.retires_at is not None:
            return key
        until = at + longest_lifetime(self._settings) + SLACK
        return replace(key, retires_at=at, published_until=until)

    def _ended(self, stored: Stored[SigningKey], now: int) -> Change:
        # A node may sign with it until then: no node uses an older copy of the keys.
        at = now + self._settings.keys_publish_ahead
        ended = self._ending(replace(stored.record, retires_at=None), at)
        return Replace(replace(ended, retires_at=now), stored)

    def _successor(self, keys: Keys, alg: str, now: int) -> Iterator[Change]:
        """Yield the change that lets the waiting key sign now, or adds a key if none waits."""
        last = keys[-1]
        if last.record.signs_from > now:
            yield Replace(replace(last.record, signs_from=now), last)
        elif alg in self._settings.keys_algorithms:
            yield Add(self._make(alg, serial(last.record) + 1, now))


def _resumed(keys: Keys, dropped: SigningKey) -> Iterator[Change]:
    """Yield the change that keeps the key that was to end when ``dropped`` would begin."""
    for stored in keys:
        if stored.record.retires_at == dropped.signs_from:
            yield Replace(replace(stored.record, retires_at=None, published_until=None), stored)


def _gone(stored: Stored[SigningKey]) -> Change:
    return Remove(SigningKey, stored.record.key)
