"""The code on a client's page knows every client authentication method."""

from oauthprov.protocol.clients import methods
from oauthprov.web.console.proofs import PROOFS
from tests.protocol.world import World


def test_each_method_that_clients_may_register_has_code():
    assert set(PROOFS) == set(methods.registrable(World().settings))
