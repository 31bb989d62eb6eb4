"""A record that names a grant is live only as long as the grant is."""

from __future__ import annotations

from oauthprov.records import AccessToken, AuthorizationCode, Grant, RefreshToken
from oauthprov.storage.interface import Add, Claim, Remove, Revoke, Storage
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.backend import Backend
from oauthprov.storage.testing.expecting import add, conflict, read
from oauthprov.storage.testing.samples import LIFE, NOW


class Grants(Backend):
    """The state of tokens with and without a grant."""

    def test_a_token_comes_with_its_grant(self, storage: Storage) -> None:
        grant = samples.grant()
        token = samples.refresh(grant.grant_id)
        add(storage, grant, token)
        stored = read(storage, token)
        assert stored.grant is not None
        assert stored.grant == read(storage, grant)
        assert stored.state(NOW) == "live"
        storage.commit(Claim(RefreshToken, token.key), now=NOW)

    def test_revoke_kills_all_tokens_of_one_grant(self, storage: Storage) -> None:
        mine, other = samples.grant(), samples.grant()
        access, refresh = samples.access(mine.grant_id), samples.refresh(mine.grant_id)
        spared = samples.access(other.grant_id)
        add(storage, mine, other, access, refresh, spared)
        storage.commit(Revoke(mine.grant_id), now=NOW)
        for token in (access, refresh):
            stored = read(storage, token)
            assert (stored.state(NOW), stored.revoked_at) == ("revoked", None)
            assert stored.grant is not None
            assert stored.grant.revoked_at == NOW
            found = conflict(storage, Claim(type(token), token.key), state="revoked")
            assert found is not None
            assert (found.record, found.state(NOW)) == (token, "revoked")
        assert read(storage, spared).state(NOW) == "live"

    def test_a_token_born_under_a_revoked_grant_is_dead(self, storage: Storage) -> None:
        grant = samples.grant()
        add(storage, grant)
        storage.commit(Revoke(grant.grant_id), now=NOW)
        token = samples.access(grant.grant_id)
        add(storage, token)
        assert read(storage, token).state(NOW) == "revoked"

    def test_a_token_without_its_grant_is_dead(self, storage: Storage) -> None:
        token = samples.access("absent")
        add(storage, token)
        assert read(storage, token).grant is None
        assert read(storage, token).state(NOW) == "revoked"
        conflict(storage, Claim(AccessToken, token.key), state="revoked")

    def test_removing_a_grant_kills_its_tokens(self, storage: Storage) -> None:
        grant = samples.grant()
        token = samples.refresh(grant.grant_id)
        add(storage, grant, token)
        storage.commit(Remove(Grant, grant.grant_id), now=NOW)
        assert read(storage, token).state(NOW) == "revoked"
        conflict(storage, Claim(RefreshToken, token.key), state="revoked")

    def test_a_token_expires_with_its_grant(self, storage: Storage) -> None:
        grant = samples.grant(expires_at=NOW + 10)
        token = samples.refresh(grant.grant_id, expires_at=NOW + LIFE)
        add(storage, grant, token)
        assert read(storage, token).state(NOW + 9) == "live"
        assert read(storage, token).state(NOW + 10) == "expired"
        found = conflict(storage, Claim(RefreshToken, token.key), state="expired", now=NOW + 10)
        assert found is not None
        assert found.record == token
        storage.commit(Claim(RefreshToken, token.key), now=NOW + 9)

    def test_the_order_of_the_states(self, storage: Storage) -> None:
        grant = samples.grant(expires_at=NOW + 10)
        token = samples.refresh(grant.grant_id, expires_at=NOW + 20)
        claim = Claim(RefreshToken, token.key)
        add(storage, grant, token)
        storage.commit(claim, now=NOW)
        assert read(storage, token).state(NOW + 10) == "claimed"
        conflict(storage, claim, state="claimed", now=NOW + 10)
        storage.commit(Revoke(grant.grant_id), now=NOW + 1)
        assert read(storage, token).state(NOW + 10) == "revoked"
        found = conflict(storage, claim, state="revoked", now=NOW + 10)
        assert found is not None
        assert found.claimed_at == NOW

    def test_a_machine_token_needs_no_grant(self, storage: Storage) -> None:
        token = samples.machine_token()
        add(storage, token)
        assert (read(storage, token).grant, read(storage, token).state(NOW)) == (None, "live")
        storage.commit(Claim(AccessToken, token.key), now=NOW)
        conflict(storage, Claim(AccessToken, token.key), state="claimed")

    def test_a_code_precedes_its_grant_and_outlives_it(self, storage: Storage) -> None:
        grant = samples.grant()
        code = samples.code(grant.grant_id)
        claim = Claim(AuthorizationCode, code.key)
        add(storage, code)
        assert read(storage, code).state(NOW) == "live"
        storage.commit(claim, Add(grant), Add(samples.access(grant.grant_id)), now=NOW)
        storage.commit(Revoke(grant.grant_id), now=NOW)
        assert (read(storage, code).grant, read(storage, code).state(NOW)) == (None, "claimed")
        conflict(storage, claim, state="claimed")
