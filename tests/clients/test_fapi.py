"""Clients of other authors under the profiles of FAPI 2.0: they push, sign and bind tokens."""

from __future__ import annotations

import json
import time

import pytest

from oauthprov.protocol.keys.jwk import PrivateKey
from tests import site as sites
from tests.clients import javascript
from tests.clients.conversation import converse
from tests.clients.engines import newcomer
from tests.servers.wsgi import Server
from tests.site import CALLBACK, OPENID

PROFILES = ["fapi2", "fapi2-message-signing"]
KEY = PrivateKey.generate("ES256")


@pytest.fixture(scope="module", params=PROFILES)
def provider(request):
    """A provider under a profile, whose clock is that of this machine."""
    listening = Server()
    given = {"development": "true", "scopes": OPENID, "profile": request.param}
    settings = sites.ini("sqlite://", issuer=listening.root, **given)
    del settings["oauthprov.device"]
    made = sites.standalone(settings)
    made.clock.now = int(time.time())
    listening.start(made.wsgi)
    yield made, request.param
    listening.close()
    made.close()


@pytest.mark.parametrize("library", ["oauth4webapi", "openid-client"])
def test_a_program_for_node_pushes_signs_and_binds(provider, library):
    site, profile = provider
    app = site.app(
        auth_method="private_key_jwt",
        jwks={"keys": [KEY.public()]},
        scopes=("openid", "profile:read"),
    )
    private = json.dumps(json.loads(KEY.dump()) | {"kid": KEY.kid})
    signed = "signed" if profile == "fapi2-message-signing" else ""
    client_id = app.client.client_id
    program = [javascript.node(), "fapi.js", library, site.issuer, CALLBACK, client_id, private]
    alice = newcomer(site)
    outcome = converse(
        [*program, signed], lambda asked: alice.allow(asked["visit"], CALLBACK), javascript.HOME
    )
    alice.browser.close()
    tokens, refreshed = outcome["tokens"], outcome["refreshed"]
    assert tokens["token_type"] == "dpop"  # as the libraries write it
    assert {made["refresh_token"] for made in refreshed} == {tokens["refresh_token"]}
    assert len({made["access_token"] for made in [tokens, *refreshed]}) == 3
    assert outcome["first"] == outcome["last"]
    assert outcome["first"][0] == 200
