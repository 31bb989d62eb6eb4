"""An API in Flask that verifies access tokens by their signature (RFC 9068), with Authlib."""

import os
import time

import requests
from authlib.integrations.flask_oauth2 import ResourceProtector, current_token
from authlib.oauth2.rfc6750.errors import InvalidTokenError
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from flask import Flask, abort
from joserfc.jwk import KeySet

ISSUER = os.environ.get("ISSUER", "http://127.0.0.1:5000")
RESOURCE = os.environ.get("RESOURCE", "http://127.0.0.1:5002/")
KEEP = 300
"""Seconds for which the issuer's keys are used without reading them again."""

app = Flask(__name__)


class Validator(JWTBearerTokenValidator):
    keys, read_at = None, 0.0

    def get_jwks(self):
        if self.keys is None or time.monotonic() - self.read_at > KEEP:
            try:
                metadata = requests.get(
                    f"{self.issuer}/.well-known/oauth-authorization-server", timeout=3
                ).json()
                known = requests.get(metadata["jwks_uri"], timeout=3).json()
                self.keys, self.read_at = KeySet.import_key_set(known), time.monotonic()
            except (requests.RequestException, ValueError, KeyError):
                abort(503)
        return self.keys

    def authenticate_token(self, token_string):
        token = super().authenticate_token(token_string)
        if token.header.get("typ") != "at+jwt":  # Authlib accepts a token without it, too
            raise InvalidTokenError()
        if "cnf" in token:  # bound to a key of its client, of which nothing here asks for a proof
            raise InvalidTokenError()
        return token


require_token = ResourceProtector()
require_token.register_token_validator(Validator(ISSUER, RESOURCE))


@app.get("/photos")
@require_token("photos:read")
def photos():
    return {"photos_of": current_token["sub"]}
