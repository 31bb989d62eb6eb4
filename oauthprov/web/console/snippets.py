"""Code that uses a client: for curl, Authlib and oauth4webapi, with the client's own values.

A client that signs people in gets the authorization code flow, a device its own flow, a machine
the client credentials grant, an API the introspection of a token. All values are quoted for the
language they stand in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shlex import quote
from urllib.parse import quote as percent_encoded
from urllib.parse import urlencode

from oauthprov.protocol.clients.grant_types import (
    CLIENT_CREDENTIALS,
    DEVICE_CODE,
    redirects_users,
)
from oauthprov.protocol.clients.methods import has_certificate, wire_name
from oauthprov.records import Client
from oauthprov.web.console.proofs import PROOFS, Proof

SECRET = "CLIENT_SECRET"  # noqa: S105 - a placeholder
"""What stands for the secret: only the page that shows a new secret has it in the code."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of code, and the name of the tool or library that it is for."""

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Use:
    """A client, and what its code needs to know: the endpoints by name, and its redirect URI."""

    client: Client
    issuer: str
    endpoints: Mapping[str, str]
    redirect_uri: str
    secret: str
    openid: bool

    @property
    def proof(self) -> Proof:
        """How the client authenticates."""
        return PROOFS[wire_name(self.client)]

    @property
    def scope(self) -> str:
        """All scopes of the client, as a request has them."""
        return " ".join(self.client.scopes)


def snippets(use: Use) -> Sequence[Snippet]:
    """Return the code for a client; none if the endpoint that it needs is switched off."""
    if redirects_users(use.client):
        made = _curl_code(use), _authlib_code(use), _javascript_code(use)
    elif "device_authorization" in use.endpoints:
        made = _curl_device(use), _authlib_device(use), _javascript_device(use)
    elif CLIENT_CREDENTIALS in use.client.grant_types:
        made = _curl_machine(use), _authlib_machine(use), _javascript_machine(use)
    elif not use.client.grant_types and "introspect" in use.endpoints:
        made = _curl_api(use), _authlib_api(use), _javascript_api(use)
    else:
        return ()
    names = "curl", "Authlib", "oauth4webapi"
    return [Snippet(name, code) for name, code in zip(names, made, strict=True)]


def _curl_proof(use: Use) -> str:
    """Return the options of curl that authenticate the client."""
    return use.proof.curl(use.client.client_id, use.secret)


def _curl_code(use: Use) -> str:
    asked = {
        "response_type": "code",
        "client_id": use.client.client_id,
        "redirect_uri": use.redirect_uri,
        "scope": use.scope,
        "state": "xyz",
        "code_challenge_method": "S256",
    }
    url = f"{use.endpoints['authorize']}?{urlencode(asked, quote_via=percent_encoded)}"
    redirect = quote(f"redirect_uri={use.redirect_uri}")
    return f"""\
VERIFIER=$(openssl rand -base64 48 | tr '+/' '-_' | tr -d '=\\n')
CHALLENGE=$(printf %s "$VERIFIER" | openssl dgst -sha256 -binary | openssl base64 -A \\
  | tr '+/' '-_' | tr -d '=')
# Open this address in a browser. The code is in the address of the page that follows.
echo "{url}&code_challenge=$CHALLENGE"
read -r CODE
curl {_curl_proof(use)} -d grant_type=authorization_code -d code="$CODE" \\
  -d code_verifier="$VERIFIER" --data-urlencode {redirect} {quote(use.endpoints["token"])}"""


def _curl_device(use: Use) -> str:
    proof, asked = _curl_proof(use), quote(f"scope={use.scope}")
    return f"""\
ANSWER=$(curl -s {proof} --data-urlencode {asked} {quote(use.endpoints["device_authorization"])})
# Open the verification_uri, type the user_code there, allow it, and press Enter here.
echo "$ANSWER"
read -r _
DEVICE_CODE=$(echo "$ANSWER" | sed 's/.*"device_code": *"\\([^"]*\\)".*/\\1/')
curl {proof} -d grant_type={DEVICE_CODE} \\
  -d device_code="$DEVICE_CODE" {quote(use.endpoints["token"])}"""


def _curl_machine(use: Use) -> str:
    token = quote(use.endpoints["token"])
    return f"curl {_curl_proof(use)} -d grant_type=client_credentials {token}"


def _curl_api(use: Use) -> str:
    return f"curl {_curl_proof(use)} -d token=... {quote(use.endpoints['introspect'])}"


def _authlib_session(use: Use, *more: str) -> str:
    """Return the lines that make Authlib's client; ``more`` are further arguments."""
    audience = use.endpoints.get("token", use.issuer)  # an API has no use for the former
    proof = use.proof.authlib(use.secret, audience)
    lines = [json.dumps(use.client.client_id), *proof, *more]
    imported = ["from authlib.integrations.requests_client import OAuth2Session"]
    if use.proof.authlib_import:
        imported.append(use.proof.authlib_import)
    arguments = "".join(f"    {line},\n" for line in lines)
    made = f"\n\nclient = OAuth2Session(\n{arguments})"
    return "\n".join(imported) + "\n".join((made, *use.proof.authlib_after))


def _authlib_code(use: Use) -> str:
    made = _authlib_session(
        use,
        f"redirect_uri={json.dumps(use.redirect_uri)}",
        f"scope={json.dumps(use.scope)}",
        'code_challenge_method="S256"',
    )
    return f"""\
from authlib.common.security import generate_token
{made}
verifier = generate_token(48)
url, state = client.create_authorization_url(
    {json.dumps(use.endpoints["authorize"])}, code_verifier=verifier
)
print("Open", url)
returned = input("The address of the page that follows: ")
tokens = client.fetch_token(
    {json.dumps(use.endpoints["token"])},
    authorization_response=returned,
    state=state,
    code_verifier=verifier,
)
print(sorted(tokens))"""


def _authlib_device(use: Use) -> str:
    return f"""\
import time
from authlib.integrations.base_client import OAuthError
{_authlib_session(use)}
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


def _authlib_machine(use: Use) -> str:
    token = json.dumps(use.endpoints["token"])
    return f"""\
{_authlib_session(use)}
tokens = client.fetch_token({token}, grant_type="client_credentials")
print(sorted(tokens))"""


def _authlib_api(use: Use) -> str:
    return f"""\
{_authlib_session(use)}
answer = client.introspect_token(
    {json.dumps(use.endpoints["introspect"])}, token=input("Access token: ")
)
print(answer.json())"""


def _javascript_client(use: Use) -> str:
    """Return the lines that all JavaScript begins with."""
    insecure = use.issuer.startswith("http:")
    options = ["[oauth.allowInsecureRequests]: true"] if insecure else []
    known = [f"client_id: {json.dumps(use.client.client_id)}"]
    if has_certificate(use.client):
        known.append("use_mtls_endpoint_aliases: true")
    discovery = options if use.openid else ['algorithm: "oauth2"', *options]
    return f"""\
import * as oauth from "oauth4webapi";

const issuer = new URL({json.dumps(use.issuer)});
const options = {_object(options)};
const server = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, {_object(discovery)}),
);
const client = {_object(known)};
const authentication = {use.proof.javascript(use.secret)};
"""


def _object(members: Sequence[str]) -> str:
    return f"{{ {', '.join(members)} }}" if members else "{}"


def _javascript_code(use: Use) -> str:
    return f"""\
{_javascript_client(use)}const redirectUri = {json.dumps(use.redirect_uri)};
const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();

// Send the browser to this URL. Keep verifier and state until it is back.
export const url = new URL(server.authorization_endpoint);
url.search = new URLSearchParams({{
  response_type: "code",
  client_id: client.client_id,
  redirect_uri: redirectUri,
  scope: {json.dumps(use.scope)},
  state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
}});

// Call this with the URL at which the browser is back.
export async function redeem(returned) {{
  const answer = oauth.validateAuthResponse(server, client, new URL(returned), state);
  const response = await oauth.authorizationCodeGrantRequest(
    server, client, authentication, answer, redirectUri, verifier, options,
  );
  return oauth.processAuthorizationCodeResponse(server, client, response);
}}"""


def _javascript_device(use: Use) -> str:
    return f"""\
{_javascript_client(use)}
const asked = await oauth.processDeviceAuthorizationResponse(
  server,
  client,
  await oauth.deviceAuthorizationRequest(
    server, client, authentication, {{ scope: {json.dumps(use.scope)} }}, options,
  ),
);
console.log(`Open ${{asked.verification_uri}} and type ${{asked.user_code}}`);
let tokens;
let interval = asked.interval ?? 5;
while (!tokens) {{
  await new Promise((resolve) => setTimeout(resolve, interval * 1000));
  const response = await oauth.deviceCodeGrantRequest(
    server, client, authentication, asked.device_code, options,
  );
  try {{
    tokens = await oauth.processDeviceCodeResponse(server, client, response);
  }} catch (refused) {{
    if (refused.error === "slow_down") interval += 5;
    else if (refused.error !== "authorization_pending") throw refused;
  }}
}}
console.log(Object.keys(tokens));"""


def _javascript_machine(use: Use) -> str:
    return f"""\
{_javascript_client(use)}
const response = await oauth.clientCredentialsGrantRequest(
  server, client, authentication, {{}}, options,
);
const tokens = await oauth.processClientCredentialsResponse(server, client, response);
console.log(Object.keys(tokens));"""


def _javascript_api(use: Use) -> str:
    return f"""\
{_javascript_client(use)}
export async function introspect(accessToken) {{
  const response = await oauth.introspectionRequest(
    server, client, authentication, accessToken, options,
  );
  return oauth.processIntrospectionResponse(server, client, response);
}}"""
