"""All handling of secrets: they are generated, digested, compared, hashed and sealed here.

Generated secrets have 256 bits, so a plain SHA-256 protects them (RFC 6819 section 5.1.4.1.3);
passwords of users are hashed with Argon2id (RFC 9106).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import argon2
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from oauthprov.records import Digest

ACCESS_TOKEN = "opa"  # noqa: S105 - the prefixes are public: secret scanners search for them
REFRESH_TOKEN = "opr"  # noqa: S105
AUTHORIZATION_CODE = "opc"
PUSHED_REQUEST = "opp"
CLIENT_SECRET = "ops"  # noqa: S105
REGISTRATION_TOKEN = "opm"  # noqa: S105
INITIAL_ACCESS_TOKEN = "opi"  # noqa: S105
DEVICE_CODE = "opd"

SECRET = r"\bop[acdimprs]_(?:[A-Za-z0-9_-]{1,64}\.)?[A-Za-z0-9_-]{20,}"  # noqa: S105
"""A regular expression of what looks like a credential of ours, of any kind above."""

T = TypeVar("T")

PASSWORD_LIMIT = 1024
_KINDS = (
    ACCESS_TOKEN,
    REFRESH_TOKEN,
    AUTHORIZATION_CODE,
    PUSHED_REQUEST,
    INITIAL_ACCESS_TOKEN,
    DEVICE_CODE,
)
_BEARER = re.compile(rf"({'|'.join(_KINDS)})_([A-Za-z0-9_-]{{1,64}})\.[A-Za-z0-9_-]{{1,128}}")
_NONCE_BYTES = 12
_URLSAFE = bytes.maketrans(b"+/", b"-_")
# Default_Ignorable_Code_Point beyond category C, and the blank Braille pattern.
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)


def mint(kind: str | None = None) -> tuple[str, Digest]:
    """Return a new 256-bit secret, after ``kind`` and an underscore if given, and its digest."""
    raw = _random(32)
    if kind is not None:
        raw = f"{kind}_{raw}"
    return raw, digest(raw)


def mint_id() -> str:
    """Return a new identifier: 128 random bits, base64url, no dot. Not a secret.

    It never begins with a dash, which a command line would take for an option.
    """
    while (made := _random(16)).startswith("-"):
        pass
    return made


def digest(raw: str) -> Digest:
    """Return the SHA-256 of ``raw`` (UTF-8), base64url without padding: 43 characters."""
    return Digest(base64url(hashlib.sha256(raw.encode("utf-8", "surrogatepass")).digest()))


def matches(raw: str, expected: Digest) -> bool:
    """Return whether ``expected`` is the digest of ``raw``, in constant time."""
    return hmac.compare_digest(digest(raw), expected)


def name_key(name: str) -> Digest:
    """Return the key of a user name: the digest of its NFKC-normalised, case-folded form.

    A run of blanks counts as one blank, since pages show it as one.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return digest(" ".join(folded.split()))


def is_invisible(character: str) -> bool:
    """Return whether a character is invisible, so that two different names may look the same.

    These are line breaks, control, format, surrogate and unassigned characters, and characters
    that fonts may ignore according to Unicode. Format characters include those that change the
    direction of text.
    """
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp") or bool(_IGNORABLE.match(character))


def replay_key(namespace: str, value: str) -> Digest:
    """Return the key of the ReplayMark for ``value``, such as a ``jti``, in ``namespace``."""
    return digest(f"{namespace} {digest(value)}")


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token or code in the form that clients receive: ``<kind>_<slot>.<secret>``.

    ``key`` is its key in storage: the slot, and the digest of the whole.
    """

    kind: str
    slot: str
    raw: str = field(repr=False)
    key: str

    @classmethod
    def mint(cls, kind: str, slot: str) -> Bearer:
        """Return a new one in ``slot``: the grant id, except for client credentials tokens."""
        return cls._of(kind, slot, f"{kind}_{slot}.{_random(32)}")

    @classmethod
    def parse(cls, raw: str) -> Bearer | None:
        """Parse a presented token or code; return None if it can't be one of ours."""
        match = _BEARER.fullmatch(raw)
        return None if match is None else cls._of(match[1], match[2], raw)

    @classmethod
    def _of(cls, kind: str, slot: str, raw: str) -> Bearer:
        return cls(kind, slot, raw, f"{slot}.{digest(raw)}")


class Keyring:
    """The secrets of ``oauthprov.secret``: the first seals and signs, the others only open.

    Each purpose has its own label, and thus its own key.
    """

    def __init__(self, secret: Sequence[str]) -> None:
        if not secret:
            raise ValueError("a keyring needs at least one secret")
        self._secret = tuple(part.encode() for part in secret)

    def sign(self, label: str, message: str) -> str:
        """Return the HMAC-SHA-256 of ``message`` with the first secret, base64url."""
        return self._sign(self._secret[0], label, message)

    def signatures(self, label: str, message: str) -> tuple[str, ...]:
        """Return the signatures of ``message`` with every secret, as :meth:`sign` makes them."""
        return tuple(self._sign(secret, label, message) for secret in self._secret)

    def verify(self, label: str, message: str, signature: str) -> bool:
        """Return whether any secret made ``signature`` of ``message``, in constant time."""
        given = signature.encode("utf-8", "surrogatepass")
        made = self.signatures(label, message)
        return any([hmac.compare_digest(one.encode(), given) for one in made])

    @staticmethod
    def _sign(secret: bytes, label: str, message: str) -> str:
        return base64url(_mac(_derive(secret, label), message.encode()))

    def seal(self, label: str, plaintext: bytes) -> str:
        """Encrypt and authenticate with the first secret (AES-256-GCM); base64url."""
        return seal(_derive(self._secret[0], label), plaintext)

    def open(self, label: str, sealed: str) -> bytes | None:
        """Return the plaintext sealed under ``label`` with any of the secrets, else None."""
        opened = (open_sealed(_derive(s, label), sealed) for s in self._secret)
        return next((plain for plain in opened if plain is not None), None)


def key_from(raw: str, label: str) -> bytes:
    """Return a 256-bit key that only the holder of the token ``raw`` can derive."""
    return _derive(raw.encode(), label)


def seal(key: bytes, plaintext: bytes) -> str:
    """Encrypt and authenticate ``plaintext`` with AES-256-GCM; base64url of nonce and text."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return base64url(nonce + AESGCM(key).encrypt(nonce, plaintext, None))


def open_sealed(key: bytes, sealed: str) -> bytes | None:
    """Return the plaintext sealed with ``key``, None for another key or altered text."""
    try:
        raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
        return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None)
    except (InvalidTag, ValueError):
        return None


class HashingBusy(Exception):
    """Too many passwords are being hashed; another one would wait too long."""


class Turns:
    """Lets ``concurrency`` calls hash at a time; others wait up to ``patience`` seconds.

    In a short rush all calls may wait. Once no call has found a free place for ``patience``
    seconds, at most as many wait as hash, and all others are refused at once: each waiting call
    holds a thread of the server that other requests need. ``clock`` returns seconds. ``tell`` is
    called with 1 when a call gets its turn, with -1 when that ends.
    """

    def __init__(
        self,
        concurrency: int,
        patience: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        tell: Callable[[int], object] = bool,
    ) -> None:
        self.patience = patience
        self._tell = tell
        self._concurrency = concurrency
        self._clock = clock
        self._changed = threading.Condition()
        self._taken = self._waiting = 0
        self._free_at = clock()

    @property
    def waiting(self) -> int:
        """The number of calls that are waiting."""
        return self._waiting

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn and hold it. Raises HashingBusy."""
        with self._changed:
            if self._taken < self._concurrency and not self._waiting:
                self._free_at = self._clock()
            else:
                self._wait()
            self._taken += 1
        self._tell(1)
        try:
            yield
        finally:
            self._tell(-1)
            with self._changed:
                self._taken -= 1
                self._changed.notify()

    def _wait(self) -> None:
        lasting = self._clock() - self._free_at >= self.patience
        if lasting and self._waiting >= self._concurrency:
            raise HashingBusy
        self._waiting += 1
        try:
            if not self._changed.wait_for(self._is_free, self.patience):
                raise HashingBusy
        finally:
            self._waiting -= 1

    def _is_free(self) -> bool:
        return self._taken < self._concurrency


class PasswordHasher:
    """Hashes passwords with Argon2id, ``concurrency`` at a time, in separate threads.

    The C library keeps the memory of a hash per thread: if the server's threads hashed, each of
    them would hold ``memory_kib`` permanently. Both methods raise HashingBusy. ``tell`` is that of
    :class:`Turns`.
    """

    def __init__(
        self,
        *,
        memory_kib: int,
        time_cost: int,
        concurrency: int = 1,
        tell: Callable[[int], object] = bool,
    ) -> None:
        self._hasher = argon2.PasswordHasher(
            memory_cost=memory_kib, time_cost=time_cost, parallelism=1
        )
        self._concurrency = concurrency
        self._tell = tell
        self._decoy = self._hasher.hash(secrets.token_urlsafe(16))
        self._begin()

    def hash(self, password: str) -> str:
        """Return the encoded hash. Raises ValueError for more than 1024 characters."""
        if len(password) > PASSWORD_LIMIT:
            raise ValueError("password too long")
        return self._run(self._hasher.hash, _normalise(password))

    def verify(self, encoded: str | None, password: str) -> bool:
        """Return whether ``encoded`` is a hash of ``password``; takes as long if it is None."""
        if len(password) > PASSWORD_LIMIT:
            return False
        try:
            self._run(self._hasher.verify, encoded or self._decoy, _normalise(password))
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
        return encoded is not None

    def needs_rehash(self, encoded: str) -> bool:
        """Return whether ``encoded`` was made with other costs than the current ones."""
        return self._hasher.check_needs_rehash(encoded)

    def _run(self, work: Callable[..., T], *arguments: object) -> T:
        if self._process != os.getpid():  # threads don't survive a fork
            self._begin()
        with self.turns.turn():
            return self._threads.submit(work, *arguments).result()

    def _begin(self) -> None:
        self._process = os.getpid()
        self.turns = Turns(self._concurrency, tell=self._tell)
        self._threads = ThreadPoolExecutor(self._concurrency, "oauthprov-password")


def _normalise(password: str) -> bytes:
    # RFC 8265 section 4.2: a password gives the same bytes whatever system it is typed on.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _derive(secret: bytes, label: str) -> bytes:
    return _mac(secret, f"oauthprov {label}".encode())


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def base64url(raw: bytes) -> str:
    """Return bytes as base64url without padding (RFC 7515 section 2)."""
    return binascii.b2a_base64(raw, newline=False).translate(_URLSAFE, b"=").decode("ascii")


def _random(size: int) -> str:
    return base64url(os.urandom(size))
