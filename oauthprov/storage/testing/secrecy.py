"""A dump of the backend contains no secret that was ever issued."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from oauthprov.credentials import (
    ACCESS_TOKEN,
    AUTHORIZATION_CODE,
    CLIENT_SECRET,
    PUSHED_REQUEST,
    REFRESH_TOKEN,
    Bearer,
    PasswordHasher,
    key_from,
    mint,
    name_key,
    seal,
)
from oauthprov.records import (
    AccessToken,
    AuthorizationCode,
    Login,
    PushedRequest,
    Receipt,
    RefreshToken,
    Session,
)
from oauthprov.storage.interface import Add, Claim, Revoke, Storage
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.backend import Backend
from oauthprov.storage.testing.expecting import add
from oauthprov.storage.testing.samples import NOW

PASSWORD = "correct horse battery staple"  # noqa: S105 - it is what must not be found


class Secrecy(Backend):
    """The secrets of a whole flow, searched for in a dump."""

    def test_a_dump_holds_no_secret(self, storage: Storage, dump: Callable[[], bytes]) -> None:
        grant = samples.grant()
        slot = grant.grant_id
        pushed = Bearer.mint(PUSHED_REQUEST, slot)
        code = Bearer.mint(AUTHORIZATION_CODE, slot)
        old, new = Bearer.mint(REFRESH_TOKEN, slot), Bearer.mint(REFRESH_TOKEN, slot)
        access = Bearer.mint(ACCESS_TOKEN, slot)
        client_secret, client_digest = mint(CLIENT_SECRET)
        session_secret, session_digest = mint()
        hasher = PasswordHasher(memory_kib=8, time_cost=1)
        alice = replace(samples.account(), password_hash=hasher.hash(PASSWORD))
        response = f'{{"access_token": "{access.raw}", "refresh_token": "{new.raw}"}}'.encode()
        sealed = seal(key_from(old.raw, "receipt"), response)
        client = replace(samples.client("app"), secrets=(client_digest,))

        add(storage, alice, Login(name_key("alice"), alice.account_id), client)
        add(storage, samples.fill(Session, session_digest))
        add(storage, samples.fill(PushedRequest, pushed.key))
        used = Claim(PushedRequest, pushed.key)
        storage.commit(used, Add(samples.fill(AuthorizationCode, code.key)), now=NOW)
        tokens = (samples.fill(RefreshToken, old.key), samples.fill(AccessToken, access.key))
        storage.commit(Claim(AuthorizationCode, code.key), Add(grant), *map(Add, tokens), now=NOW)
        receipt = replace(samples.fill(Receipt, old.key), sealed=sealed, successor=new.key)
        rotated = samples.fill(RefreshToken, new.key)
        storage.commit(Claim(RefreshToken, old.key), Add(rotated), Add(receipt), now=NOW)
        storage.commit(Revoke(slot), now=NOW)

        held = dump()
        keys = (pushed.key, code.key, access.key, new.key)
        for told in (*keys, client_digest, session_digest, sealed):
            assert told.rpartition(".")[2].encode() in held, "the dump isn't all of the storage"
        bearers = [bearer.raw.partition(".")[2] for bearer in (pushed, code, old, new, access)]
        after_prefix = client_secret.partition("_")[2]
        for secret in (*bearers, after_prefix, session_secret, PASSWORD):
            assert secret.encode() not in held
