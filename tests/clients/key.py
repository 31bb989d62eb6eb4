"""The key of all relying parties here: one, since making one takes long."""

from __future__ import annotations

from joserfc.jwk import RSAKey

KEY = RSAKey.generate_key(2048, {"kid": "own", "use": "sig", "alg": "RS256"})
JWKS = {"keys": [KEY.as_dict(private=False)]}
"""The registered public part."""
