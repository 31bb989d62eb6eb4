// A client with a certificate: node mutual_tls.js ISSUER JSON, where JSON has for each of "machine"
// and "web" the client_id, the paths of its certificate and key, and those of another certificate.
// The machine gets a token and introspects it; the web client gets tokens for a code, asks UserInfo
// with its certificate, with the other and with none, and refreshes. openid-client then does the same
// for the web client, with a pushed request. The outcome has what each got.
import { readFileSync } from "node:fs";
import https from "node:https";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { ask, finish } from "./conversation.js";

const [, , issuer, given] = process.argv;
const { machine, web, other, redirectUri, ca } = JSON.parse(given);
const trusted = readFileSync(ca);

// fetch with a certificate: Node's own fetch can present none.
const presenting = (certificate) => (url, { method, headers, body }) =>
  new Promise((resolve, reject) => {
    const tls = certificate
      ? { cert: readFileSync(certificate.certificate), key: readFileSync(certificate.key) }
      : {};
    const options = { method, headers: { ...headers }, ca: trusted, agent: false, ...tls };
    const request = https.request(url, options, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => {
        const content = Buffer.concat(chunks);
        resolve(new Response(content.length ? content : null, { status: answer.statusCode, headers: answer.headers }));
      });
    });
    request.on("error", reject);
    if (body) options.headers["content-length"] = Buffer.byteLength(String(body));
    request.end(body ? String(body) : undefined);
  });

const plain = { [oauth.customFetch]: presenting(null) };
const server = await oauth.processDiscoveryResponse(
  new URL(issuer),
  await oauth.discoveryRequest(new URL(issuer), plain),
);

async function asMachine() {
  const client = { client_id: machine.client_id, use_mtls_endpoint_aliases: true };
  const options = { [oauth.customFetch]: presenting(machine) };
  const tokens = await oauth.processClientCredentialsResponse(
    server,
    client,
    await oauth.clientCredentialsGrantRequest(server, client, oauth.TlsClientAuth(), {}, options),
  );
  const introspection = await oauth.processIntrospectionResponse(
    server,
    client,
    await oauth.introspectionRequest(server, client, oauth.TlsClientAuth(), tokens.access_token, options),
  );
  const refused = await oauth.clientCredentialsGrantRequest(server, client, oauth.TlsClientAuth(), {}, {
    [oauth.customFetch]: presenting(other),
  });
  return { type: tokens.token_type, cnf: introspection.cnf, refused: refused.status };
}

async function asWeb() {
  const client = { client_id: web.client_id, use_mtls_endpoint_aliases: true };
  const options = { [oauth.customFetch]: presenting(web) };
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const url = new URL(server.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: client.client_id,
    response_type: "code",
    redirect_uri: redirectUri,
    scope: "openid profile:read",
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  const returned = new URL(await ask({ visit: url.href }));
  const answer = oauth.validateAuthResponse(server, client, returned, state);
  const tokens = await oauth.processAuthorizationCodeResponse(
    server,
    client,
    await oauth.authorizationCodeGrantRequest(
      server, client, oauth.TlsClientAuth(), answer, redirectUri, verifier, options,
    ),
  );
  const statuses = [];
  for (const certificate of [web, other, null]) {
    const response = await presenting(certificate)(server.mtls_endpoint_aliases.userinfo_endpoint, {
      method: "GET",
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    statuses.push(response.status);
  }
  const { sub } = oauth.getValidatedIdTokenClaims(tokens);
  const userinfo = await oauth.processUserInfoResponse(
    server,
    client,
    sub,
    await oauth.userInfoRequest(server, client, tokens.access_token, options),
  );
  const renewed = await oauth.processRefreshTokenResponse(
    server,
    client,
    await oauth.refreshTokenGrantRequest(server, client, oauth.TlsClientAuth(), tokens.refresh_token, options),
  );
  return { type: renewed.token_type, sub: userinfo.sub, statuses };
}

async function byOpenidClient() {
  const execution = { [openid.customFetch]: presenting(web) };
  const metadata = { use_mtls_endpoint_aliases: true };
  const config = await openid.discovery(new URL(issuer), web.client_id, metadata, openid.TlsClientAuth(), execution);
  const pkceCodeVerifier = openid.randomPKCECodeVerifier();
  const expectedState = openid.randomState();
  const url = await openid.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: redirectUri,
    scope: "openid profile:read",
    state: expectedState,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
  });
  const came = new URL(await ask({ visit: url.href }));
  const tokens = await openid.authorizationCodeGrant(config, came, { pkceCodeVerifier, expectedState });
  const { sub } = await openid.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  const renewed = await openid.refreshTokenGrant(config, tokens.refresh_token);
  return { type: renewed.token_type, sub };
}

finish({ machine: await asMachine(), web: await asWeb(), openid: await byOpenidClient() });
