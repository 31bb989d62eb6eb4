"""Tokens that a client signs, with any header and any payload."""

import base64
import json

from joserfc.jws import JWSRegistry


def encode(raw):
    """base64url of bytes, or of a value as JSON."""
    raw = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(claims, key, header=None):
    """A token with a good signature of ``key``; a None in ``header`` leaves a member out."""
    made = {"alg": key.alg, "kid": key.kid} | (header or {})
    made = {name: value for name, value in made.items() if value is not None}
    text = f"{encode(made)}.{encode(claims)}"
    signature = JWSRegistry.algorithms[key.alg].sign(text.encode(), key.key)
    return f"{text}.{encode(signature)}"


def key_set(*keys):
    """A JWK Set of public keys, as JSON."""
    return json.dumps({"keys": [key.public() for key in keys]})
