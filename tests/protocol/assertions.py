"""Clients that authenticate by ``private_key_jwt``, and their assertions."""

import json
from itertools import count
from urllib.parse import urlencode

from oauthprov.protocol.authentication.private_key_jwt import TYPE
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.protocol.request.answers import Call
from tests.protocol.world import FORM, ISSUER, VERIFIER, World

TOKEN = f"{ISSUER}/oauth/token"
KEY = PrivateKey.generate("ES256")
_serial = count()


def published(*keys):
    """The JWK Set of a client, as it is stored."""
    return json.dumps({"keys": [key.public() for key in keys]})


def signed(client_id="app", key=KEY, typ=None, **claims):
    """A good assertion for a world at its first second; a claim of None is left out."""
    said = {
        "iss": client_id,
        "sub": client_id,
        "aud": TOKEN,
        "jti": f"jti {next(_serial)}",
        "iat": 1_000_000,
        "exp": 1_000_060,
    } | claims
    said = {name: value for name, value in said.items() if value is not None}
    return jose.sign(said, key, typ=typ)


def proof(assertion):
    """The two parameters that carry an assertion."""
    return {"client_assertion_type": TYPE, "client_assertion": assertion}


class SigningWorld(World):
    """A world whose client ``app`` has a key and no secret."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.signer()

    def signer(self, client_id="app", client_type="web", keys=(KEY,), **changes):
        """Store a client that signs with ``keys``."""
        chosen = {"auth_method": "private_key_jwt", "secrets": ()}
        if "jwks_uri" not in changes:
            chosen["jwks"] = published(*keys)
        return self.client(client_id, client_type, **chosen | changes)

    def send(self, endpoint, form, headers=None):
        """Post a form to an endpoint whose URL, and the token endpoint's, may be an audience."""
        audiences = (TOKEN, f"{ISSUER}/oauth/{endpoint}")
        body = urlencode(form).encode()
        call = Call("POST", b"", body, FORM | (headers or {}), audiences)
        return getattr(self.provider.endpoints, endpoint)(call)

    def exchange(self, code, assertion, **more):
        """Redeem a code with an assertion."""
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
        return self.send("token", form | proof(assertion) | more)

    def renew(self, token, assertion):
        """Use a refresh token with an assertion."""
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self.send("token", form | proof(assertion))


def worker(**claims):
    """An assertion of the machine ``worker``."""
    return signed("worker", **claims)


def ask(world, assertion, **more):
    """Ask for a token as a machine."""
    return world.send("token", {"grant_type": "client_credentials"} | proof(assertion) | more)


def works(world, assertion, **more):
    """Tell whether a machine authenticates; if not, the error is ``invalid_client``."""
    answer = ask(world, assertion, **more)
    assert answer.status in (200, 401), answer
    if answer.status == 401:
        assert answer.body["error"] == "invalid_client"
        assert "WWW-Authenticate" in answer.headers
    return answer.status == 200
