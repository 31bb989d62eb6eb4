"""Code for Authlib that uses a client. All values are quoted for Python.

Authlib has no proofs of keys and signs no requests.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from oauthprov.protocol.clients import methods
from oauthprov.protocol.clients.grant_types import DEVICE_CODE
from oauthprov.protocol.keys import jwk
from oauthprov.web.console.needs import Need
from oauthprov.web.console.signing import Key
from oauthprov.web.console.use import Use

CAN = frozenset({Need.KEY, Need.CERTIFICATE, Need.PUSH})
"""What Authlib can do beside sending an id and a secret."""
ALGORITHMS = frozenset(jwk.ALGORITHMS)
"""The algorithms that it signs with."""

_SESSION = "from authlib.integrations.requests_client import OAuth2Session"
_KEY_CLASSES = {"RS256": "RSAKey", "PS256": "RSAKey", "ES256": "ECKey"}
"""The classes of joserfc by algorithm; that of the others is OKPKey."""


def code_flow(use: Use) -> str:
    """Sign somebody in, and redeem the code."""
    pushes = Need.PUSH in use.needs
    lines = _session(
        use,
        f"redirect_uri={json.dumps(use.redirect_uri)}",
        f"scope={json.dumps(use.scope)}",
        'code_challenge_method="S256"',
        first=(
            *(["from urllib.parse import parse_qsl, urlencode, urlsplit"] if pushes else []),
            "from authlib.common.security import generate_token",
        ),
    )
    return f"""\
{lines}
verifier = generate_token(48)
url, state = client.create_authorization_url(
    {json.dumps(use.endpoints["authorize"])}, code_verifier=verifier
)
{_pushed(use) if pushes else ""}print("Open", url)
returned = input("The address of the page that follows: ")
tokens = client.fetch_token(
    {json.dumps(use.endpoints["token"])},
    authorization_response=returned,
    state=state,
    code_verifier=verifier,
)
print(sorted(tokens))"""


def _pushed(use: Use) -> str:
    return f"""\
asked = dict(parse_qsl(urlsplit(url).query))
del asked["client_id"]  # the authentication adds it
pushed = client.post(
    {json.dumps(use.endpoints["par"])},
    data=asked,
    auth=client.client_auth(client.token_endpoint_auth_method),
    withhold_token=True,
).json()
named = {{"client_id": client.client_id, "request_uri": pushed["request_uri"]}}
url = {json.dumps(use.endpoints["authorize"] + "?")} + urlencode(named)
"""


def device(use: Use) -> str:
    """Let somebody allow the device, and poll."""
    first = ("import time", "from authlib.integrations.base_client import OAuthError")
    return f"""\
{_session(use, first=first)}
asked = client.post(
    {json.dumps(use.endpoints["device_authorization"])},
    data={{"scope": {json.dumps(use.scope)}}},
    auth=client.client_auth(client.token_endpoint_auth_method),
    withhold_token=True,
).json()
print("Open", asked["verification_uri"], "and type", asked["user_code"])
tokens, interval = None, asked["interval"]
while tokens is None:
    time.sleep(interval)
    try:
        tokens = client.fetch_token(
            {json.dumps(use.endpoints["token"])},
            grant_type={json.dumps(DEVICE_CODE)},
            device_code=asked["device_code"],
        )
    except OAuthError as refused:
        if refused.error not in ("authorization_pending", "slow_down"):
            raise
        interval += 5 if refused.error == "slow_down" else 0
print(sorted(tokens))"""


def machine(use: Use) -> str:
    """Get a token of the client's own."""
    token = json.dumps(use.endpoints["token"])
    return f"""\
{_session(use)}
tokens = client.fetch_token({token}, grant_type="client_credentials")
print(sorted(tokens))"""


def api(use: Use) -> str:
    """Introspect a token."""
    return f"""\
{_session(use)}
answer = client.introspect_token(
    {json.dumps(use.endpoints["introspect"])}, token=input("Access token: ")
)
print(answer.json())"""


def _session(use: Use, *more: str, first: Sequence[str] = ()) -> str:
    """Return the lines that make Authlib's client.

    ``more`` are further arguments, ``first`` the imports before.
    """
    key, imported = use.assertion_key, [*first, _SESSION]
    if key is not None:
        imported.append("from authlib.oauth2.rfc7523 import PrivateKeyJWT")
        imported.append(f"from joserfc.jwk import {_class(key)}")
    assumed = ""
    if key is not None and key.assumed:
        assumed = f"# If your key isn't for {key.alg}, change that and {_class(key)}.\n"
    lines = [json.dumps(use.client.client_id), *_proof(use, key), *more]
    arguments = "".join(f"    {line},\n" for line in lines)
    certificate = '\nclient.cert = "client.crt", "client.key"'
    return (
        "\n".join(imported)
        + f"\n\n{assumed}client = OAuth2Session(\n{arguments})"
        + (certificate if Need.CERTIFICATE in use.needs else "")
    )


def _proof(use: Use, key: Key | None) -> Sequence[str]:
    """Return the arguments by which the client authenticates."""
    if use.method in (methods.BASIC, methods.POST):
        return json.dumps(use.secret), f"token_endpoint_auth_method={json.dumps(use.method)}"
    if key is None:  # Authlib has no method of certificates: the client sends its id alone
        return ('token_endpoint_auth_method="none"',)
    kid = f'headers={{"kid": {json.dumps(key.kid)}}}, ' if key.kid else ""
    made = f"PrivateKeyJWT({json.dumps(use.settings.issuer)}, {kid}alg={json.dumps(key.alg)})"
    read = f'{_class(key)}.import_key(open("private-key.pem").read())'
    return read, f"token_endpoint_auth_method={made}"


def _class(key: Key) -> str:
    return _KEY_CLASSES.get(key.alg, "OKPKey")
