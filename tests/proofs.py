"""Clients that hold a key and prove it by DPoP (RFC 9449), well or badly."""

import base64
import hashlib
import json
from itertools import count

from joserfc.jws import JWSRegistry

from oauthprov.protocol.keys.jwk import PrivateKey

_numbers = count()


def encoded(raw):
    raw = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def hashed(token):
    """The ``ath`` of an access token."""
    return encoded(hashlib.sha256(token.encode()).digest())


def without(members, *names):
    return {name: value for name, value in members.items() if name not in names}


class Holder:
    """The holder of a key, who signs proofs with it."""

    def __init__(self, alg="ES256"):
        self.alg = alg
        self.key = PrivateKey.generate(alg)
        self.jwk = without(self.key.public(), "kid", "alg", "use")
        self.jkt = self.key.key.thumbprint()

    def claims(self, method, url, now, **more):
        return {"htm": method, "htu": url, "iat": now, "jti": f"proof-{next(_numbers)}"} | more

    def header(self, **more):
        return {"typ": "dpop+jwt", "alg": self.alg, "jwk": self.jwk} | more

    def signed(self, header, claims):
        """A proof of any members, or of raw bytes, with a signature by this key."""
        signed = f"{encoded(header)}.{encoded(claims)}"
        signature = JWSRegistry.algorithms[self.alg].sign(signed.encode(), self.key.key)
        return f"{signed}.{encoded(signature)}"

    def proof(self, method, url, now, *, token=None, nonce=None, **more):
        """A good proof, but for the claims ``more``."""
        if token is not None:
            more = {"ath": hashed(token)} | more
        if nonce is not None:
            more = {"nonce": nonce} | more
        return self.signed(self.header(), self.claims(method, url, now, **more))
