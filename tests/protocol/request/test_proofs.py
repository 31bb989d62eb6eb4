"""Proofs of a request are used up by its commit, each with the error of a second use."""

from __future__ import annotations

import pytest
from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError

from oauthprov.events import Reason
from oauthprov.protocol.request.proofs import Proof
from oauthprov.records import ReplayMark
from oauthprov.storage.interface import Add, Conflict


def proof(key, error=InvalidClientError):
    return Proof(Add(ReplayMark(key, 2_000_000)), error, Reason.CLIENT_ASSERTION_REPLAYED)


def used(world, *proofs, changes=()):
    with world.provider.validator.request() as context:
        context.proofs = proofs
        context.commit(*changes)


def test_all_proofs_of_a_request_are_used_up_by_one_commit(world):
    used(world, proof("one"), proof("two"))
    assert {stored.record.key for stored in world.all(ReplayMark)} == {"one", "two"}


@pytest.mark.parametrize(
    ("second", "error"), [("one", InvalidClientError), ("two", InvalidRequestError)]
)
def test_the_proof_that_was_used_before_names_the_error(world, second, error):
    used(world, proof(second))
    with pytest.raises(error):
        used(world, proof("one"), proof("two", InvalidRequestError))
    assert len(world.all(ReplayMark)) == 1


def test_proofs_are_used_up_at_the_end_if_nothing_else_is_committed(world):
    def present():
        with world.provider.validator.request() as context:
            context.proofs = (proof("one", InvalidRequestError),)

    present()
    assert len(world.all(ReplayMark)) == 1
    with pytest.raises(InvalidRequestError):
        present()


def test_a_commit_that_fails_for_another_reason_leaves_the_proofs_to_be_used_up(world):
    taken = Add(ReplayMark("taken", 2_000_000))
    world.storage.commit(taken, now=world.now)
    with world.provider.validator.request() as context:
        context.proofs = (proof("one"),)
        with pytest.raises(Conflict):
            context.commit(taken)
        assert [stored.record.key for stored in world.all(ReplayMark)] == ["taken"]
    assert {stored.record.key for stored in world.all(ReplayMark)} == {"one", "taken"}
