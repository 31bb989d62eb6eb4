"""Records as they are after years of use, any number of each kind, to fill a storage with.

The functions yield the records of the given numbers, of which each has keys of its own: filling
with further numbers adds to what is there. Keys are digests, so they are spread as real ones are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oauthprov.credentials import digest, name_key
from oauthprov.events.entry import day_of, key_of
from oauthprov.protocol.logout import backchannel
from oauthprov.records import (
    AccessToken,
    Account,
    AuditEntry,
    AuthorizationCode,
    Client,
    Consent,
    DisabledHost,
    Grant,
    InitialAccessToken,
    Login,
    LogoutDelivery,
    Record,
    RefreshToken,
    Session,
    consent_key,
)
from oauthprov.storage.interface import Storage, Stored, batches

DAY = 86_400
CALLBACK = "https://client.example/callback"
SCOPES = ("profile:read",)

Numbers = Iterable[int]


def fill(storage: Storage, records: Iterable[Record], now: int) -> None:
    """Store the records, each in place of the one under its key."""
    for some in batches(records):
        storage.load(*(Stored(record, 1) for record in some), now=now)


def client(name: str, now: int, owner: str | None = None) -> Client:
    """Return a web client as the console registers one."""
    return Client(
        client_id=_id(f"client {owner} {name}"),
        name=name,
        client_type="web",
        created_at=now,
        owner=owner,
        redirect_uris=(CALLBACK,),
        grant_types=("authorization_code", "refresh_token"),
        auth_method="client_secret_basic",
        secrets=(digest(name),),
        secret_created_at=now,
        scopes=SCOPES,
        default_scopes=SCOPES,
        homepage_uri="https://client.example/",
    )


def clients(numbers: Numbers, now: int, owner: str | None = None) -> Iterator[Record]:
    """Yield clients, of ``owner`` or of the operator."""
    for number in numbers:
        yield client(f"Client {number}", now, owner)


def accounts(numbers: Numbers, now: int) -> Iterator[Record]:
    """Yield accounts, and their user names."""
    for number in numbers:
        account_id, name = _id(f"account {number}"), f"person{number}"
        yield Account(account_id, name, now)
        yield Login(name_key(name), account_id)


def grants(
    numbers: Numbers, now: int, account_id: str | None = None, client_id: str = "none"
) -> Iterator[Record]:
    """Yield grants with their tokens, of an account or of one account each."""
    for number in numbers:
        account = account_id or _id(f"account {number}")
        yield from _family(f"grant {account_id} {number}", account, client_id, now)


def apps(numbers: Numbers, now: int, account_id: str) -> Iterator[Record]:
    """Yield clients with what an account has allowed them: a consent, a grant and its tokens."""
    for number in numbers:
        app = client(f"App {number}", now)
        yield app
        yield Consent(
            consent_key(account_id, app.client_id),
            account_id,
            app.client_id,
            SCOPES,
            (),
            now,
            now,
        )
        yield from _family(f"app {account_id} {number}", account_id, app.client_id, now)


def machine_tokens(numbers: Numbers, now: int, client_id: str) -> Iterator[Record]:
    """Yield access tokens of the client credentials grant."""
    for number in numbers:
        key = f"{_id(f'machine {number}')}.{_id(f'token {number}')}"
        yield AccessToken(key, None, client_id, None, SCOPES, (), now, now + DAY)


def sessions(numbers: Numbers, now: int, account_id: str) -> Iterator[Record]:
    """Yield sessions of an account."""
    for number in numbers:
        key = digest(f"session {account_id} {number}")
        agent = f"Mozilla/5.0 (X11; Linux x86_64; rv:{number}.0) Gecko/20100101 Firefox/{number}.0"
        sid = _id(f"sid {number}")
        yield Session(key, account_id, now, now, now, now + DAY, ("pwd",), "192.0.2.7", agent, sid)


def deliveries(numbers: Numbers, now: int, client_id: str) -> Iterator[Record]:
    """Yield logout tokens that wait for another attempt an hour from now."""
    for number in numbers:
        yield LogoutDelivery(
            digest(f"logout {number}"),
            backchannel.QUEUE,
            client_id,
            _id(f"account {number}"),
            _id(f"sid {number}"),
            now + 3600,
            now + DAY,
            attempts=3,
        )


def initial_tokens(numbers: Numbers, now: int) -> Iterator[Record]:
    """Yield initial access tokens."""
    for number in numbers:
        name = _id(f"initial {number}")
        yield InitialAccessToken(name, digest(name), now, now + DAY, 1, f"for team {number}")


def disabled_hosts(numbers: Numbers, now: int) -> Iterator[Record]:
    """Yield hosts whose documents describe no client."""
    for number in numbers:
        yield DisabledHost(f"host{number}.client.example", now)


def events(numbers: Numbers, now: int, account_id: str) -> Iterator[Record]:
    """Yield entries of the audit of the last twenty days, each second one of an account."""
    for number in numbers:
        at, owner = now - number * 37 % (20 * DAY), account_id
        if number % 2:
            owner = _id(f"account {number % 1000}")
        age = (1 << 56) - at * 1_000_000
        yield AuditEntry(
            key_of(f"{(age << 40) + number:024x}", 1),
            *("sign_in.succeeded", at, day_of(at), at + 30 * DAY, '{"amr": "pwd"}'),
            about=owner,
            account_id=owner,
            address="192.0.2.7",
        )


def expired(numbers: Numbers, now: int) -> Iterator[Record]:
    """Yield authorization codes that a purge drops."""
    for number in numbers:
        key = f"{_id(f'expired {number}')}.{_id(f'code {number}')}"
        account_id = _id(f"account {number % 1000}")
        challenge = digest(f"challenge {number}")
        yield AuthorizationCode(
            *(key, "none", account_id, CALLBACK, challenge, SCOPES, ()),
            issued_at=now - 2 * DAY,
            expires_at=now - DAY,
        )


def _family(name: str, account_id: str, client_id: str, now: int) -> Iterator[Record]:
    grant_id, end = _id(name), now + 30 * DAY
    yield Grant(grant_id, client_id, account_id, SCOPES, (), now, now, end)
    yield AccessToken(
        f"{grant_id}.{digest(f'access {name}')}",
        *(grant_id, client_id, account_id, SCOPES, ()),
        issued_at=now,
        expires_at=now + DAY,
    )
    yield RefreshToken(
        f"{grant_id}.{digest(f'refresh {name}')}",
        *(grant_id, client_id, SCOPES, ()),
        issued_at=now,
        expires_at=end,
    )


def _id(name: str) -> str:
    """Return an id as the server makes them: 22 characters."""
    return digest(name)[:22]
