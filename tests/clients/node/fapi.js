// A client under a FAPI 2.0 profile: node fapi.js LIBRARY ISSUER REDIRECT_URI CLIENT_ID JWK SIGNED, where
// LIBRARY is oauth4webapi or openid-client, JWK its private key, and SIGNED "signed" under Message
// Signing. It pushes a request, signed if it must be, authenticates by its key, gets bound tokens, asks
// the API, refreshes twice with one refresh token, and asks again. The outcome has what it got.
import "./webcrypto.js";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { ask, finish } from "./conversation.js";

const [, , library, issuer, redirectUri, clientId, jwk, signed] = process.argv;
const api = `${issuer}/api/me`;
const scope = "openid profile:read";
const metadata = {
  id_token_signed_response_alg: "PS256",
  authorization_signed_response_alg: "PS256",
};

const visit = async (url) => new URL(await ask({ visit: url.href }));
const members = JSON.parse(jwk);
const algorithm = { name: "ECDSA", namedCurve: "P-256" };
const key = { key: await crypto.subtle.importKey("jwk", members, algorithm, false, ["sign"]), kid: members.kid };

const libraries = {
  async oauth4webapi() {
    const insecure = { [oauth.allowInsecureRequests]: true };
    const server = await oauth.processDiscoveryResponse(
      new URL(issuer),
      await oauth.discoveryRequest(new URL(issuer), insecure),
    );
    const client = { client_id: clientId, ...metadata };
    const authentication = oauth.PrivateKeyJwt(key);
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
    const options = { ...insecure, DPoP };
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const nonce = oauth.generateRandomNonce();
    let asked = new URLSearchParams({
      client_id: clientId,
      response_type: "code",
      redirect_uri: redirectUri,
      scope,
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    if (signed) {
      asked.set("response_mode", "jwt");
      const request = await oauth.issueRequestObject(server, client, asked, key);
      asked = new URLSearchParams({ client_id: clientId, request });
    }
    const { request_uri } = await oauth.processPushedAuthorizationResponse(
      server,
      client,
      await oauth.pushedAuthorizationRequest(server, client, authentication, asked, options),
    );
    const url = new URL(server.authorization_endpoint);
    url.searchParams.set("client_id", clientId);
    url.searchParams.set("request_uri", request_uri);
    const came = await visit(url);
    const answer = signed
      ? await oauth.validateJwtAuthResponse(server, client, came, state, insecure)
      : oauth.validateAuthResponse(server, client, came, state);
    const tokens = await oauth.processAuthorizationCodeResponse(
      server,
      client,
      await oauth.authorizationCodeGrantRequest(server, client, authentication, answer, redirectUri, verifier, options),
      { expectedNonce: nonce, requireIdToken: true },
    );
    return {
      tokens,
      ask: (token) => oauth.protectedResourceRequest(token, "GET", new URL(api), undefined, undefined, options),
      refresh: async (token) =>
        oauth.processRefreshTokenResponse(
          server,
          client,
          await oauth.refreshTokenGrantRequest(server, client, authentication, token, options),
        ),
    };
  },

  async "openid-client"() {
    const execute = [openid.allowInsecureRequests, openid.enableNonRepudiationChecks];
    if (signed) execute.push(openid.useJwtResponseMode);
    const authentication = openid.PrivateKeyJwt(key);
    const config = await openid.discovery(new URL(issuer), clientId, metadata, authentication, { execute });
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair("ES256"));
    const pkceCodeVerifier = openid.randomPKCECodeVerifier();
    const expectedState = openid.randomState();
    const expectedNonce = openid.randomNonce();
    let asked = {
      redirect_uri: redirectUri,
      scope,
      state: expectedState,
      nonce: expectedNonce,
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: "S256",
    };
    if (signed) asked = (await openid.buildAuthorizationUrlWithJAR(config, asked, key)).searchParams;
    const came = await visit(await openid.buildAuthorizationUrlWithPAR(config, asked, { DPoP }));
    const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
    const tokens = await openid.authorizationCodeGrant(config, came, checks, undefined, { DPoP });
    return {
      tokens,
      ask: (token) =>
        openid.fetchProtectedResource(config, token, new URL(api), "GET", undefined, undefined, { DPoP }),
      refresh: (token) => openid.refreshTokenGrant(config, token, undefined, { DPoP }),
    };
  },
};

const made = await libraries[library]();
const asked = async (tokens) => {
  const answer = await made.ask(tokens.access_token);
  return [answer.status, await answer.json()];
};
const first = await asked(made.tokens);
const refreshed = [];
for (let times = 0; times < 2; times++) refreshed.push(await made.refresh(made.tokens.refresh_token));
finish({ tokens: made.tokens, first, refreshed, last: await asked(refreshed[1]) });
