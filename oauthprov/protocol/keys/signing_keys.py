"""The signing keys as a node sees them: signing never waits for storage.

What was read is kept. A new key is in storage long before it signs, so a copy younger than
``oauthprov.keys.publish_ahead`` always knows the key that signs now; it is renewed every few
seconds, behind the back of whoever signs. While storage fails, the copy goes on being used and
published, for as long as no key can sign that a client of it doesn't know.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from oauthprov import logs
from oauthprov.background import in_thread
from oauthprov.credentials import Keyring
from oauthprov.errors import SigningKeySealed, UnknownKey
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jose import Verified
from oauthprov.protocol.keys.jwk import KeySet, PrivateKey, parse_key_set
from oauthprov.protocol.keys.rotation import KeyRotation, is_over, is_published, signing
from oauthprov.records import SigningKey
from oauthprov.settings import Settings
from oauthprov.storage.interface import Storage, StorageError

REFRESH = 5
"""Seconds after which the keys are read anew."""
PAUSE = 1
"""Seconds after a read that failed in which nobody waits for another one."""
JWKS_MAX_AGE = 300
"""Seconds that clients may keep the key set: half of the least time a key is published ahead."""

log = logs.logger(__name__)


@dataclass(frozen=True, slots=True)
class _Read:
    """What storage held at ``read_at``; ``private`` are the opened keys, by ``kid``."""

    keys: tuple[SigningKey, ...]
    private: Mapping[str, PrivateKey]
    read_at: int


class _Attempt:
    """A read of the keys under way; its end is that of everybody who waits for it."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.failure: StorageError | None = None


class SigningKeys:
    """The keys of this provider.

    ``background`` runs what nobody should wait for; False when it can't.
    """

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        keyring: Keyring,
        clock: Callable[[], int],
        background: Callable[[Callable[[], None]], bool] | None = None,
    ) -> None:
        self.rotation = KeyRotation(settings, storage, keyring, clock)
        self._settings = settings
        self._clock = clock
        self._background = background or partial(in_thread, "keys")
        self._lock = threading.Lock()
        self._attempt: _Attempt | None = None
        self._renewing = threading.Lock()
        self._read: _Read | None = None
        self._tried_at = 0
        self._failed_at: int | None = None

    def sign(self, claims: Mapping[str, Any], *, typ: str | None, alg: str | None = None) -> str:
        """Return a signed token; ``alg`` is one of ``oauthprov.keys.algorithms``, or the first.

        Raises StorageError when the keys can't be read, SigningKeySealed when none can be opened.
        """
        return jose.sign(claims, self.signer(alg or self._settings.keys_algorithms[0]), typ=typ)

    def signer(self, alg: str) -> PrivateKey:
        """Return the key that signs with ``alg`` now. Raises StorageError, SigningKeySealed."""
        read = self._current()
        key = signing(read.keys, alg, self._clock())
        if key is None:
            raise StorageError(f"there is no {alg} key")
        if key.kid not in read.private:
            raise SigningKeySealed(alg)
        return read.private[key.kid]

    def verify(
        self,
        token: str,
        *,
        algorithms: Collection[str],
        types: Collection[str | None],
        now: int | None,
    ) -> Verified:
        """Verify a token of our own, as :func:`jose.verify` does. Raises JoseError, StorageError.

        A key that isn't known yet is looked for once more.
        """
        try:
            held = self._set(self._current())
            return jose.verify(token, held, algorithms=algorithms, types=types, now=now)
        except UnknownKey:
            fresh = self._set(self._fresh(within=1))
            return jose.verify(token, fresh, algorithms=algorithms, types=types, now=now)

    def jwks(self) -> dict[str, object]:
        """Return the key set to publish (RFC 7517 section 5), as it was within some seconds.

        While storage fails it is as old as it may be: whoever keeps it for JWKS_MAX_AGE must know
        every key that signs meanwhile. Raises StorageError.
        """
        return {"keys": self._public(self._publishable())}

    def _set(self, read: _Read) -> KeySet:
        return parse_key_set(json.dumps({"keys": self._public(read)}))

    def _public(self, read: _Read) -> list[dict[str, Any]]:
        now = self._clock()
        return [json.loads(key.public) for key in read.keys if is_published(key, now)]

    def _current(self) -> _Read:
        """What was read last; storage is waited for only if that may miss the key that signs."""
        read, now = self._read, self._clock()
        if read is None or not 0 <= now - read.read_at < self._settings.keys_publish_ahead:
            return self._fresh(within=0)
        if now - read.read_at >= REFRESH:
            self._renew()
        return read

    def _publishable(self) -> _Read:
        """Return what may be published: read lately, or what is held while storage fails."""
        read, limit = self._read, self._settings.keys_publish_ahead - JWKS_MAX_AGE
        if read is None or not 0 <= self._clock() - read.read_at < limit:
            return self._fresh(within=REFRESH)
        if self._failed_at is not None:
            self._renew()
            return read
        try:
            return self._fresh(within=REFRESH)
        except StorageError:
            return read

    def _fresh(self, within: int) -> _Read:
        """Return what was read in the last ``within`` seconds, reading it where it wasn't.

        Raises StorageError, at once where another read has just failed.
        """
        read, failed_at, now = self._read, self._failed_at, self._clock()
        if read is not None and 0 <= now - read.read_at <= within:
            return read
        if failed_at is not None and 0 <= now - failed_at < PAUSE:
            raise StorageError("the signing keys couldn't be read a moment ago")
        return self._read_again(read)

    def _read_again(self, held: _Read | None) -> _Read:
        """Read what is newer than ``held``, or share a read that is under way."""
        with self._lock:
            if self._read is not None and self._read is not held:
                return self._read
            attempt, leads = self._attempt, self._attempt is None
            if attempt is None:
                attempt = self._attempt = _Attempt()
        if leads:
            self._lead(attempt)
        else:
            attempt.over.wait()
        if attempt.failure is not None or self._read is None:
            raise StorageError("the signing keys can't be read") from attempt.failure
        return self._read

    def _lead(self, attempt: _Attempt) -> None:
        """Read the keys for all who wait."""
        attempt.failure = StorageError("the read ended by a defect of ours")
        try:
            self._read = self._load()
            self._failed_at = attempt.failure = None
        except StorageError as error:
            self._failed_at, attempt.failure = self._clock(), error
            if self._read is not None:
                log.warning("the signing keys can't be read; the last ones stay: %s", error)
        finally:
            self._tried_at = self._clock()
            with self._lock:
                self._attempt = None
            attempt.over.set()

    def _renew(self) -> None:
        """Read the keys behind the back of whoever uses them, unless that was tried lately."""
        if self._clock() - self._tried_at < REFRESH or not self._renewing.acquire(blocking=False):
            return

        def work() -> None:
            try:
                with suppress(StorageError):  # it is logged
                    self._read_again(self._read)
            finally:
                self._renewing.release()

        self._tried_at = self._clock()
        if not self._background(work):  # no thread can be had; whoever comes next tries again
            self._renewing.release()

    def _load(self) -> _Read:
        now = self._clock()
        keys = self.rotation.load()
        try:
            if self.rotation.keep_up(keys):
                keys = self.rotation.load()
        except StorageError as error:
            if not keys:
                raise
            log.warning("the signing keys can't be rotated: %s", error)
        return _Read(tuple(keys), self._opened(keys, now), now)

    def _opened(self, keys: Sequence[SigningKey], now: int) -> Mapping[str, PrivateKey]:
        known = {} if self._read is None else self._read.private
        private = {}
        for key in keys:
            if is_over(key, now):
                continue
            opened = known.get(key.kid) or self.rotation.open(key)
            if opened is None:
                sealed = SigningKeySealed(key.alg)
                log.error("%s (%s): %s", sealed.problem, key.kid, sealed.remedy)
            else:
                private[key.kid] = opened
        return private
