// What both programs share: the client's own data.
//
// The test starts `node PROGRAM ISSUER REDIRECT_URI KIND`, where KIND is how the authorization
// request is sent: "plain", "signed", or "only-signed" for a client that must sign it; "pushed", or
// "pushed-signed", for a client that must push it.
import { ask } from "./conversation.js";

export { finish } from "./conversation.js";

export const [, , issuer, redirectUri, kind] = process.argv;
export const signs = kind.endsWith("signed");
export const pushes = kind.startsWith("pushed");

// Clients repeat it when they refresh.
export const scope = "openid profile email offline_access";
const alg = "ES256";

export async function makeKeys() {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const published = { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y, kid: "own", use: "sig", alg };
  return { signing: { key: pair.privateKey, kid: "own" }, jwks: { keys: [published] } };
}

export function metadata(jwks) {
  return {
    client_name: "App",
    redirect_uris: [redirectUri],
    grant_types: ["authorization_code", "refresh_token"],
    jwks,
    request_object_signing_alg: alg,
    require_signed_request_object: kind === "only-signed",
    require_pushed_authorization_requests: pushes,
  };
}

export function parameters(codeChallenge, state, nonce) {
  return {
    response_type: "code",
    redirect_uri: redirectUri,
    scope,
    code_challenge: codeChallenge,
    code_challenge_method: "S256",
    state,
    nonce,
  };
}

export const visit = async (url) => new URL(await ask({ visit: url.href }));
