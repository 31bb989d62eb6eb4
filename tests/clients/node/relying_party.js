// What both programs share: the client's own data, and the conversation with the test.
//
// The test starts `node PROGRAM ISSUER REDIRECT_URI KIND`, where KIND is how the authorization
// request is sent: "plain", "signed", or "only-signed" for a client that must sign it. A program
// writes one line of JSON with the URL a browser goes to, reads the URL where the browser arrives, and
// writes one more line with what it was given.
import { createInterface } from "node:readline";

export const [, , issuer, redirectUri, kind] = process.argv;
export const signs = kind !== "plain";

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

export async function visit(url) {
  console.log(JSON.stringify({ visit: url.href }));
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    lines.close();
    return new URL(line);
  }
  throw new Error("no browser arrived");
}

export function finish(outcome) {
  console.log(JSON.stringify(outcome));
}
