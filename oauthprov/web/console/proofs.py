"""How a client authenticates in code: a row for each client authentication method.

The rows have the registered names, by which clients know the methods. All values are quoted for
the language they stand in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from shlex import quote

from oauthprov.protocol.authentication import private_key_jwt
from oauthprov.web.i18n import _


@dataclass(frozen=True, slots=True)
class Proof:
    """How a client authenticates by one method.

    * ``curl`` makes the options of curl, of the client id and the secret.
    * ``authlib`` makes the arguments of Authlib's client that follow the client id, of the secret
      and of the audience of an assertion; ``authlib_import`` is what they need, ``authlib_after``
      are lines that follow.
    * ``javascript`` makes oauth4webapi's argument, of the secret.
    * ``elsewhere`` says why the page that tries the client can't redeem its code, if it can't.
    """

    curl: Callable[[str, str], str]
    authlib: Callable[[str, str], Sequence[str]]
    javascript: Callable[[str], str]
    _: KW_ONLY
    authlib_import: str = ""
    authlib_after: Sequence[str] = ()
    elsewhere: str = ""


def _named(method: str) -> str:
    return f'token_endpoint_auth_method="{method}"'


_CERTIFICATE = Proof(
    curl=lambda client_id, secret: (
        f"--cert client.crt --key client.key -d client_id={quote(client_id)}"
    ),
    # Authlib knows no such method: the client sends its id, and requests the certificate.
    authlib=lambda secret, audience: (_named("none"),),
    authlib_after=("client.cert = 'client.crt', 'client.key'",),
    javascript=lambda secret: "oauth.TlsClientAuth() /* fetch must send your certificate */",
    elsewhere=_(
        "This client proves itself by its certificate, which this page doesn't have. Redeem the"
        " code in your app."
    ),
)

PROOFS: Mapping[str, Proof] = {
    "client_secret_basic": Proof(
        curl=lambda client_id, secret: f"-u {quote(client_id)}:{quote(secret)}",
        authlib=lambda secret, audience: (json.dumps(secret), _named("client_secret_basic")),
        javascript=lambda secret: f"oauth.ClientSecretBasic({json.dumps(secret)})",
    ),
    "client_secret_post": Proof(
        curl=lambda client_id, secret: (
            f"-d client_id={quote(client_id)} -d client_secret={quote(secret)}"
        ),
        authlib=lambda secret, audience: (json.dumps(secret), _named("client_secret_post")),
        javascript=lambda secret: f"oauth.ClientSecretPost({json.dumps(secret)})",
    ),
    "private_key_jwt": Proof(
        curl=lambda client_id, secret: (
            f'-d client_assertion_type={private_key_jwt.TYPE} -d client_assertion="$ASSERTION"'
        ),
        authlib=lambda secret, audience: (
            "open('private-key.pem').read()",
            f"token_endpoint_auth_method=PrivateKeyJWT({json.dumps(audience)})",
        ),
        authlib_import="from authlib.oauth2.rfc7523 import PrivateKeyJWT",
        javascript=lambda secret: "oauth.PrivateKeyJwt(privateKey) /* a CryptoKey of yours */",
        elsewhere=_(
            "This client signs with its own key, which this page doesn't have. Redeem the code in"
            " your app."
        ),
    ),
    "tls_client_auth": _CERTIFICATE,
    "self_signed_tls_client_auth": _CERTIFICATE,
    "none": Proof(
        curl=lambda client_id, secret: f"-d client_id={quote(client_id)}",
        authlib=lambda secret, audience: (_named("none"),),
        javascript=lambda secret: "oauth.None()",
    ),
}
