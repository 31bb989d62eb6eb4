"""Checks of the storage: whether it answers and keeps what it confirmed, and what is stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from oauthprov.credentials import Keyring
from oauthprov.doctor.check import ERROR, WARNING, Check
from oauthprov.factors import Factors
from oauthprov.protocol.clients import demands, methods
from oauthprov.protocol.clients.demands import Unmet
from oauthprov.protocol.clients.documents.hosts import disabling
from oauthprov.protocol.keys.rotation import KeyRotation, is_over, is_published
from oauthprov.records import KINDS, Client, LogoutDelivery, R, SigningKey, Totp
from oauthprov.settings import Settings
from oauthprov.storage.interface import OUTDATED, Health, Storage, StorageError, UpgradeNeeded
from oauthprov.storage.transfer import incomplete

DAY = 86_400
SAMPLE = 200
"""Records of each kind that are looked at for a purge that lags."""
_UNMET = {
    Unmet.METHOD: "clients authenticate by {}, which this server hasn't",
    Unmet.PROOFS: "clients have bound tokens only, and oauthprov.dpop is off",
    Unmet.CERTIFICATES: "clients' tokens need a certificate, and oauthprov.mtls.format is off",
    Unmet.BINDING: "clients' tokens aren't bound to a certificate, and oauthprov.dpop is off",
}
WALK = 10_000
"""Records of a kind that are looked at, at most: the checks take bounded time."""
SHOWN = 10
"""Clients that a finding names, at most."""
_KEY_AGE = 400 * DAY
_TIMEOUT = 30
_LATE = 3600
_NAMED = "statement_timeout"


def now() -> int:
    """Return the time in epoch seconds."""
    return int(time.time())


@dataclass(slots=True)
class Stored:
    """The storage of the settings. It is asked for its health once."""

    settings: Settings
    storage: Storage
    clock: Callable[[], int] = now
    _health: Health | StorageError | None = field(default=None, init=False)

    def health(self) -> Health:
        """Return its problems. Raises StorageError, UpgradeNeeded for an outdated schema."""
        if self._health is None:
            try:
                self._health = self.storage.health()
            except StorageError as failed:
                self._health = failed
        if isinstance(self._health, StorageError):
            raise self._health
        return self._health

    def some(self, kind: type[R], most: int) -> Iterator[R]:
        """Yield up to ``most`` records of a kind."""
        found = islice(self.storage.walk(kind), most)
        return (stored.record for stored in found)


def _answers(on: Stored) -> Iterator[str]:
    try:
        on.health()
    except UpgradeNeeded:
        return
    except StorageError as failed:
        yield str(failed)


def _schema(on: Stored) -> Iterator[str]:
    try:
        if on.health().outdated:
            yield OUTDATED
    except UpgradeNeeded as outdated:
        yield str(outdated)
    except StorageError:
        return


def _full(on: Stored) -> Iterator[str]:
    if on.health().full:
        yield "the storage refuses new records"


def _loses(on: Stored) -> Iterator[str]:
    yield from on.health().warnings


def _half(on: Stored) -> Iterator[str]:
    half = incomplete(on.storage)
    if half is not None:
        yield half


def _read_only(on: Stored) -> Iterator[str]:
    if on.health().read_only:
        yield "oauthprov.storage.read_only is true"


def _timeouts(on: Stored) -> Iterator[str]:
    facts = on.storage.describe()
    if facts.get(_NAMED, "").partition(" ")[0] == "0":
        yield f"{_NAMED} of our connections is 0"


def _patience(on: Stored) -> Iterator[str]:
    timeout = on.settings.storage_options.get("timeout", "")
    if timeout.isdigit() and int(timeout) > _TIMEOUT:
        yield f"oauthprov.storage.timeout is {timeout} s"


def _lag(on: Stored) -> Iterator[str]:
    before = on.clock() - DAY
    for kind in KINDS:
        if not kind.shape.expires:
            continue
        ends = [getattr(record, "expires_at", None) for record in on.some(kind, SAMPLE)]
        late = sum(end is not None and end + kind.shape.keep < before for end in ends)
        if late:
            name = kind.shape.name.replace("_", " ")
            yield f"{late} of {len(ends)} records of the kind {name} could be gone for a day"


def _sealed(on: Stored) -> Iterator[str]:
    rotation = KeyRotation(on.settings, on.storage, Keyring(on.settings.secret), on.clock)
    for key in on.some(SigningKey, WALK):
        current = is_published(key, on.clock()) and not is_over(key, on.clock())
        if current and rotation.open(key) is None:
            yield f"no secret of oauthprov.secret opens the signing key {key.kid} ({key.alg})"


def _apps(on: Stored) -> Iterator[str]:
    totp = Factors.build(on.storage, on.settings.secret, on.clock).totp
    closed = 0
    for app in on.some(Totp, WALK):
        closed += not totp.opens(app)
    if closed:
        yield f"no secret of oauthprov.secret opens {closed} authenticator apps"


def _old_keys(on: Stored) -> Iterator[str]:
    if on.settings.keys_rotate_every:
        return
    for key in on.some(SigningKey, WALK):
        age = on.clock() - key.signs_from
        if key.retires_at is None and age > _KEY_AGE:
            yield f"the key {key.kid} ({key.alg}) has been signing for {age // DAY} days"


def _freed(on: Stored) -> Iterator[str]:
    freed = [client.client_id for client in on.some(Client, WALK) if client.pkce is not None]
    if freed:
        yield f"clients that may omit PKCE: {_listed(freed)}"


def _pushing(on: Stored) -> Iterator[str]:
    for client in on.some(Client, WALK):
        if demands.cannot_push(on.settings, client):
            yield f"the client {client.client_id} must push its requests, and oauthprov.par is off"


def _refused(on: Stored) -> Iterator[str]:
    found: dict[str, str] = {}
    for client in on.some(Client, WALK):
        why = None if client.disabled_at or client.removed_at else _why(client, on.settings)
        if why is not None:
            found[client.client_id] = why
    disabled = disabling(on.storage, found)
    refused: dict[str, list[str]] = {}
    for client_id, why in found.items():
        if client_id not in disabled:
            refused.setdefault(why, []).append(client_id)
    for why, names in refused.items():
        yield f"{why}: {_listed(names)}"


def _why(client: Client, settings: Settings) -> str | None:
    """Return why every request of a client for a token is refused, None if it isn't."""
    found = demands.unmet(settings, client)
    return None if found is None else _UNMET[found].format(methods.wire_name(client))


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} others" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


def _logouts(on: Stored) -> Iterator[str]:
    late = 0
    for delivery in on.some(LogoutDelivery, WALK):
        late += delivery.due_at < on.clock() - _LATE
    if late:
        yield f"{late} logout tokens should have been delivered more than an hour ago"


BEGINNING: tuple[Check[Stored], ...] = (
    Check(
        "storage.answers",
        ERROR,
        "`oauthprov.storage.url`",
        "Without the storage every request fails.",
        "Correct the URL, start the database, or let this machine reach it.",
        _answers,
    ),
    Check(
        "storage.schema",
        ERROR,
        "the schema of the database; on Redis, records of an earlier version",
        "The server doesn't start on an outdated schema. On Redis, rights of clients are missing.",
        "Run oauthprov storage upgrade.",
        _schema,
    ),
)
"""Nothing else can be checked of a storage in which one of these finds something."""

CHECKS: tuple[Check[Stored], ...] = (
    Check(
        "storage.full",
        ERROR,
        "the room that the database has left",
        "No token can be issued.",
        "Give the database more room.",
        _full,
    ),
    Check(
        "storage.loses_records",
        WARNING,
        "`appendonly`, `appendfsync`, `maxmemory-policy` of Redis; durability of SQL databases",
        "A code may be redeemed twice, and a revoked token may be valid again.",
        "On Redis set appendonly yes and maxmemory-policy noeviction; on SQL databases switch"
        " durable commits on (docs/deployment.md).",
        _loses,
    ),
    Check(
        "storage.incomplete_transfer",
        ERROR,
        "the mark of `oauthprov transfer`",
        "No server starts there, and what is written is removed by the next run.",
        "Run the transfer until it is complete (docs/transfer.md).",
        _half,
    ),
    Check(
        "storage.read_only",
        WARNING,
        "`oauthprov.storage.read_only`",
        "Nobody can sign in, and no token is issued or revoked: it is meant for the end of a"
        " transfer.",
        "Complete the transfer and serve its target (docs/transfer.md), or remove the setting.",
        _read_only,
    ),
    Check(
        "storage.timeouts",
        WARNING,
        "`statement_timeout` of the connections to PostgreSQL",
        "oauthprov sets it when it connects, and something on the way drops it, such as PgBouncer"
        " with ignore_startup_parameters: a query may then last for ever.",
        "Let the pooler pass the parameter options on, or set statement_timeout for the role.",
        _timeouts,
    ),
    Check(
        "storage.patience",
        WARNING,
        "`oauthprov.storage.timeout`",
        "While the database is away, each request holds a thread for as long.",
        "Set oauthprov.storage.timeout = 5.",
        _patience,
    ),
    Check(
        "storage.purge_lag",
        WARNING,
        f"up to {SAMPLE} records of each kind that expires",
        "The purge doesn't run or doesn't keep up, and the database grows.",
        "Set oauthprov.purge.worker = true, or run oauthprov storage purge every few minutes.",
        _lag,
    ),
    Check(
        "storage.sealed_keys",
        ERROR,
        "the signing keys",
        "Requests that need an ID token or a JWT fail.",
        "Append the secret that was removed, or run oauthprov keys rotate (docs/deployment.md).",
        _sealed,
    ),
    Check(
        "storage.sealed_apps",
        ERROR,
        f"up to {WALK} authenticator apps",
        "Their users can't sign in.",
        "Append the secret that was removed, and run oauthprov keys reseal.",
        _apps,
    ),
    Check(
        "storage.old_keys",
        WARNING,
        "the age of the signing keys, if `oauthprov.keys.rotate_every` is 0",
        "The longer a key is used, the more a copy of it is worth.",
        "Run oauthprov keys rotate, or set oauthprov.keys.rotate_every.",
        _old_keys,
    ),
    Check(
        "storage.clients_without_pkce",
        WARNING,
        f"up to {WALK} clients",
        "Their codes are protected by a nonce at best (RFC 9700 section 2.1.1).",
        "Run oauthprov client edit INI CLIENT_ID --pkce required once the client sends a"
        " challenge.",
        _freed,
    ),
    Check(
        "storage.clients_that_push",
        ERROR,
        f"up to {WALK} clients, if `oauthprov.par` is off",
        "Nobody can sign in to them.",
        "Set oauthprov.par = offered, or run oauthprov client edit INI CLIENT_ID"
        " --no-require-pushed-authorization-requests.",
        _pushing,
    ),
    Check(
        "storage.refused_clients",
        ERROR,
        f"up to {WALK} clients, against `oauthprov.profile`, `oauthprov.dpop`, `oauthprov.mtls.*`",
        "Every request of theirs for a token is refused.",
        "Switch on what they were registered for, or run oauthprov client edit INI CLIENT_ID with"
        " --auth-method, --no-dpop-bound-access-tokens or"
        " --[no-]tls-client-certificate-bound-access-tokens.",
        _refused,
    ),
    Check(
        "storage.late_logouts",
        WARNING,
        f"up to {WALK} logout tokens that wait",
        "Apps still consider users signed in who have signed out here.",
        "Set oauthprov.logout.worker = true, or run oauthprov logout deliver every minute.",
        _logouts,
    ),
)
