"""The code on a client's page knows every client authentication method."""

from oauthprov.protocol.clients import methods
from oauthprov.web.console.proofs import PROOFS
from tests.certificates import Authority
from tests.protocol.certified import CertifiedWorld


def test_each_method_that_clients_may_register_has_code(tmp_path):
    settings = CertifiedWorld(Authority().file(tmp_path / "ca.pem")).settings
    assert set(PROOFS) == set(methods.registrable(settings))
