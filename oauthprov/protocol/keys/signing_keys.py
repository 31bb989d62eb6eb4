"""Each node's copy of the signing keys, so that signing never waits for storage.

The keys that were read are kept. A new key is in storage long before it signs, so a copy younger
than ``oauthprov.keys.publish_ahead`` always includes the current signing key; the copy is renewed
every few seconds in the background. While storage fails, the copy is still used and published,
until a key might sign that clients can't know yet.
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
from oauthprov.credentials import Keyring
from oauthprov.errors import SigningKeySealed, UnknownKey
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jose import Verified
from oauthprov.protocol.keys.jwk import KeySet, PrivateKey, parse_key_set
from oauthprov.protocol.keys.rotation import KeyRotation, is_over, is_published, signing
from oauthprov.records import SigningKey
from oauthprov.settings import Settings
from oauthprov.storage.interface import Storage, StorageError, StorageReadOnly
from oauthprov.threads import in_thread

REFRESH = 5
"""Seconds after which the keys are read again."""
PAUSE = 1
"""Seconds after a failed read during which no caller waits for another one."""
JWKS_MAX_AGE = 300
"""Seconds that clients may cache the key set: half the least time a key is published ahead."""

log = logs.logger(__name__)


@dataclass(frozen=True, slots=True)
class _Read:
    """The keys in storage at ``read_at``; ``private`` are the opened keys, by ``kid``."""

    keys: tuple[SigningKey, ...]
    private: Mapping[str, PrivateKey]
    read_at: int


class _Attempt:
    """A read of the keys in progress; all callers that wait for it share its result."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.failure: StorageError | None = None


class SigningKeys:
    """The keys of this provider.

    ``background`` runs work that no caller should wait for; it returns False when it can't.
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
        self._kind: type[StorageError] = StorageError

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
        """Verify a token of ours as :func:`jose.verify` does. Raises JoseError, StorageError.

        If its key isn't known yet, the keys are read once more.
        """
        try:
            held = self._set(self._current())
            return jose.verify(token, held, algorithms=algorithms, types=types, now=now)
        except UnknownKey:
            fresh = self._set(self._fresh(within=1))
            return jose.verify(token, fresh, algorithms=algorithms, types=types, now=now)

    def jwks(self) -> dict[str, object]:
        """Return the key set to publish (RFC 7517 section 5), at most a few seconds old.

        While storage fails it may be older, as long as a client that caches it for JWKS_MAX_AGE
        still knows every key that signs meanwhile. Raises StorageError.
        """
        return {"keys": [json.loads(key) for key in self._public(self._publishable())]}

    def _set(self, read: _Read) -> KeySet:
        # Built as text: parse_key_set returns the same objects for the same text.
        return parse_key_set(f'{{"keys": [{", ".join(self._public(read))}]}}')

    def _public(self, read: _Read) -> list[str]:
        now = self._clock()
        return [key.public for key in read.keys if is_published(key, now)]

    def _current(self) -> _Read:
        """Return the last copy; wait for storage only if it may lack the current signing key."""
        read, now = self._read, self._clock()
        if read is None or not 0 <= now - read.read_at < self._settings.keys_publish_ahead:
            return self._fresh(within=0)
        if now - read.read_at >= REFRESH:
            self._renew()
        return read

    def _publishable(self) -> _Read:
        """Return a copy to publish: a recent one, or the one held while storage fails."""
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
        """Return a copy at most ``within`` seconds old, reading the keys if necessary.

        Raises StorageError, at once if another read has just failed.
        """
        read, failed_at, now = self._read, self._failed_at, self._clock()
        if read is not None and 0 <= now - read.read_at <= within:
            return read
        if failed_at is not None and 0 <= now - failed_at < PAUSE:
            raise self._kind("the signing keys couldn't be read a moment ago", explained=True)
        return self._read_again(read)

    def _read_again(self, held: _Read | None) -> _Read:
        """Return a copy newer than ``held``, or share a read in progress."""
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
        failure = attempt.failure
        if failure is not None or self._read is None:
            explained = failure is not None and failure.explained
            message = f"the signing keys can't be read: {failure}"
            raise self._kind(message, explained=explained) from failure
        return self._read

    def _lead(self, attempt: _Attempt) -> None:
        """Read the keys for all callers that wait."""
        attempt.failure = StorageError("reading the signing keys failed unexpectedly")
        try:
            self._read = self._load()
            self._failed_at = attempt.failure = None
        except StorageError as error:
            self._failed_at, attempt.failure = self._clock(), error
            # A read-only storage without a key isn't one that is down.
            self._kind = StorageReadOnly if isinstance(error, StorageReadOnly) else StorageError
            if self._read is not None:
                log.warning(
                    "the signing keys can't be read; those read last stay in use: %s", error
                )
        finally:
            self._tried_at = self._clock()
            with self._lock:
                self._attempt = None
            attempt.over.set()

    def _renew(self) -> None:
        """Read the keys in the background, unless that was tried recently."""
        if self._clock() - self._tried_at < REFRESH or not self._renewing.acquire(blocking=False):
            return

        def work() -> None:
            try:
                with suppress(StorageError):  # it is logged
                    self._read_again(self._read)
            finally:
                self._renewing.release()

        self._tried_at = self._clock()
        if not self._background(work):  # no thread can start; the next call tries again
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
