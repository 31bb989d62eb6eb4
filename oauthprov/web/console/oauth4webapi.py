"""Code for oauth4webapi that uses a client, with Node. All values are quoted for JavaScript.

It can do all that a server may demand of a client.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from oauthprov.protocol.clients import methods
from oauthprov.web.console.needs import Need
from oauthprov.web.console.signing import Key
from oauthprov.web.console.use import Use

CAN = frozenset(Need)
"""What oauth4webapi can do beside sending an id and a secret."""

_CRYPTO: Mapping[str, str] = {
    "RS256": '{ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }',
    "PS256": '{ name: "RSA-PSS", hash: "SHA-256" }',
    "ES256": '{ name: "ECDSA", namedCurve: "P-256" }',
    "Ed25519": '{ name: "Ed25519" }',
}
"""What Web Cryptography calls the algorithms."""
ALGORITHMS = frozenset(_CRYPTO)
"""The algorithms that it signs with: it doesn't know EdDSA, the older name of Ed25519."""
_BY_SECRET = {methods.BASIC: "ClientSecretBasic", methods.POST: "ClientSecretPost"}
"""The functions that authenticate by a secret, by method."""
_KEY_OF_REQUESTS = "requestKey"
_TWICE = """\

// The server wants its nonce in each proof: the response that refuses the first one brings it.
async function twice(send, read) {
  try {
    return await read(await send());
  } catch (refused) {
    if (!oauth.isDPoPNonceError(refused)) throw refused;
    return read(await send());
  }
}
"""
_LOADED = """\

// A private key, as PKCS #8 in a PEM file.
async function loaded(file, algorithm) {
  const pem = (await readFile(file, "utf8")).replaceAll(/-----[^-]+-----|\\s/g, "");
  return crypto.subtle.importKey("pkcs8", Buffer.from(pem, "base64"), algorithm, false, ["sign"]);
}
"""


def code_flow(use: Use) -> str:
    """Sign somebody in, and redeem the code."""
    jwt = Need.SIGNED_RESPONSE in use.needs
    validate = "await oauth.validateJwtAuthResponse" if jwt else "oauth.validateAuthResponse"
    mode = '\n  response_mode: "jwt",' if jwt else ""
    redeemed = _called(
        use,
        "authorizationCodeGrant",
        "AuthorizationCode",
        "authentication, answer, redirectUri, verifier",
        indent="  ",
    )
    return f"""\
{_client(use)}const redirectUri = {json.dumps(use.redirect_uri)};
const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();

const asked = new URLSearchParams({{
  response_type: "code",{mode}
  client_id: client.client_id,
  redirect_uri: redirectUri,
  scope: {json.dumps(use.scope)},
  state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
}});
{"".join(_sent(use))}
// Call this with the URL at which the browser is back.
export async function redeem(returned) {{
  const answer = {validate}(server, client, new URL(returned), state{", options" if jwt else ""});
  return {redeemed};
}}"""


def _sent(use: Use) -> Iterator[str]:
    """Yield the lines that make the URL of the parameters ``asked``."""
    sent = "asked"
    if use.request_key is not None:
        same = use.request_key == use.assertion_key or use.assertion_key is None
        key = _key(use.request_key, "privateKey" if same else _KEY_OF_REQUESTS)
        yield f"const request = await oauth.issueRequestObject(server, client, asked, {key});\n"
        sent = "new URLSearchParams({ client_id: client.client_id, request })"
    if Need.PUSH in use.needs:
        called = _called(
            use, "pushedAuthorization", "PushedAuthorization", f"authentication, {sent}"
        )
        yield f"const {{ request_uri }} = {called};\n"
        sent = "new URLSearchParams({ client_id: client.client_id, request_uri })"
    yield f"""\

// Send the browser to this URL. Keep verifier and state until it is back.
export const url = new URL(server.authorization_endpoint);
url.search = {sent};
"""


def device(use: Use) -> str:
    """Let somebody allow the device, and poll."""
    scope = json.dumps(use.scope)
    asked = _called(
        use, "deviceAuthorization", "DeviceAuthorization", f"authentication, {{ scope: {scope} }}"
    )
    polled = _called(
        use, "deviceCodeGrant", "DeviceCode", "authentication, asked.device_code", indent="    "
    )
    return f"""\
{_client(use)}
const asked = {asked};
console.log(`Open ${{asked.verification_uri}} and type ${{asked.user_code}}`);
let tokens;
let interval = asked.interval ?? 5;
while (!tokens) {{
  await new Promise((resolve) => setTimeout(resolve, interval * 1000));
  try {{
    tokens = {polled};
  }} catch (refused) {{
    if (refused.error === "slow_down") interval += 5;
    else if (refused.error !== "authorization_pending") throw refused;
  }}
}}
console.log(Object.keys(tokens));"""


def machine(use: Use) -> str:
    """Get a token of the client's own."""
    called = _called(use, "clientCredentialsGrant", "ClientCredentials", "authentication, {}")
    return f"""\
{_client(use)}
const tokens = {called};
console.log(Object.keys(tokens));"""


def api(use: Use) -> str:
    """Introspect a token."""
    called = _called(
        use, "introspection", "Introspection", "authentication, accessToken", indent="  "
    )
    return f"""\
{_client(use)}
export async function introspect(accessToken) {{
  return {called};
}}"""


def _called(use: Use, request: str, response: str, arguments: str, indent: str = "") -> str:
    """Return the expression that sends a request and reads the response."""
    sent = f"oauth.{request}Request(server, client, {arguments}, options)"
    if Need.PROOF in use.needs and use.settings.dpop_nonce:
        return f"""\
await twice(
{indent}  () => {sent},
{indent}  (response) => oauth.process{response}Response(server, client, response),
{indent})"""
    return f"""\
await oauth.process{response}Response(
{indent}  server,
{indent}  client,
{indent}  await {sent},
{indent})"""


def _client(use: Use) -> str:
    """Return the lines that all code begins with."""
    settings, needs = use.settings, use.needs
    insecure = "[oauth.allowInsecureRequests]: true"
    options = [insecure] if settings.issuer.startswith("http:") else []
    discovery = options if settings.openid else ['algorithm: "oauth2"', *options]
    known = [f"client_id: {json.dumps(use.client.client_id)}"]
    if Need.CERTIFICATE in needs:
        known.append("use_mtls_endpoint_aliases: true")
        shown = "[oauth.customFetch]: (url, init) => fetch(url, { ...init, dispatcher })"
        options = [*options, shown]
    return f"""\
{"".join(_imports(use))}
const issuer = new URL({json.dumps(settings.issuer)});
const options = {_object(options)};
const server = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, {_object(discovery)}),
);
const client = {_object(known)};
{"".join(_keys(use))}const authentication = {_authentication(use)};
{"".join(_proof(use))}"""


def _imports(use: Use) -> Iterator[str]:
    yield 'import * as oauth from "oauth4webapi";\n'
    if {Need.KEY, Need.CERTIFICATE, Need.SIGNED_REQUEST} & use.needs:
        yield 'import { readFile } from "node:fs/promises";\n'
    if Need.CERTIFICATE in use.needs:
        yield """\
import { Agent, fetch } from "undici";

const dispatcher = new Agent({
  connect: { cert: await readFile("client.crt"), key: await readFile("client.key") },
});
"""
    if {Need.KEY, Need.SIGNED_REQUEST} & use.needs:
        yield _LOADED
    if Need.PROOF in use.needs and use.settings.dpop_nonce:
        yield _TWICE


def _keys(use: Use) -> Iterator[str]:
    """Yield the lines that load the private keys of the client."""
    first = use.assertion_key or use.request_key
    if first is not None:
        yield _loaded("privateKey", "private-key.pem", first)
    if use.request_key is not None and use.request_key != first:
        yield _loaded(_KEY_OF_REQUESTS, "request-key.pem", use.request_key)


def _loaded(name: str, file: str, key: Key) -> str:
    guess = f"// If your key isn't for {key.alg}, change the algorithm.\n" if key.assumed else ""
    return f"{guess}const {name} = await loaded({json.dumps(file)}, {_CRYPTO[key.alg]});\n"


def _key(key: Key, name: str) -> str:
    """Return the argument that is a private key, with the id that the client registered."""
    return f"{{ key: {name}, kid: {json.dumps(key.kid)} }}" if key.kid else name


def _authentication(use: Use) -> str:
    if use.assertion_key is not None:
        return f"oauth.PrivateKeyJwt({_key(use.assertion_key, 'privateKey')})"
    match methods.of(use.client).kind:
        case methods.Kind.CERTIFICATE:
            return "oauth.TlsClientAuth()"
        case methods.Kind.NOTHING:
            return "oauth.None()"
    return f"oauth.{_BY_SECRET[use.method]}({json.dumps(use.secret)})"


def _proof(use: Use) -> Iterator[str]:
    if Need.PROOF in use.needs:
        yield "// Without this key the tokens are worth nothing: keep it as long as they live.\n"
        yield 'options.DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));\n'


def _object(members: Sequence[str]) -> str:
    return f"{{ {', '.join(members)} }}" if members else "{}"
