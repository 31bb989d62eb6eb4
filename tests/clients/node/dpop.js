// A client that proves to hold a key: node dpop.js LIBRARY REDIRECT_URI ISSUER..., where LIBRARY is
// oauth4webapi, openid-client or mcp. At each issuer it gets bound tokens for a code that is bound to
// the key, asks UserInfo and the API, refreshes, and asks again. The outcome has for each issuer what
// it got and every request, or its error.
import "./webcrypto.js";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import * as mcp from "@modelcontextprotocol/client";
import { ask, finish } from "./conversation.js";

const [, , library, redirectUri, ...issuers] = process.argv;
const scope = "openid profile:read";
const insecure = { [oauth.allowInsecureRequests]: true };

// Every request that a library sends, by its status.
let sent = [];
const fetched = globalThis.fetch;
globalThis.fetch = async (url, options) => {
  const answer = await fetched(url, options);
  sent.push([new URL(url.url ?? url).pathname, answer.status]);
  return answer;
};

const visit = async (issuer, url) => new URL(await ask({ visit: url.href, issuer }));

async function conversation(issuer) {
  const api = `${issuer}/api/me`;
  const server = await oauth.processDiscoveryResponse(
    new URL(issuer),
    await oauth.discoveryRequest(new URL(issuer), insecure),
  );
  const metadata = {
    client_name: "App",
    redirect_uris: [redirectUri],
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "none",
    application_type: "native",
    dpop_bound_access_tokens: true,
    scope,
  };
  const client = await oauth.processDynamicClientRegistrationResponse(
    await oauth.dynamicClientRegistrationRequest(server, metadata, insecure),
  );
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const asked = {
    client_id: client.client_id,
    response_type: "code",
    redirect_uri: redirectUri,
    scope,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  };

  async function come(thumbprint) {
    const url = new URL(server.authorization_endpoint);
    Object.entries({ ...asked, dpop_jkt: thumbprint }).forEach((pair) => url.searchParams.set(...pair));
    return visit(issuer, url);
  }

  const libraries = {
    async oauth4webapi() {
      const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
      const thumbprint = await DPoP.calculateThumbprint();
      const options = { ...insecure, DPoP };
      const again = async (send, process) => {
        try {
          return await process(await send());
        } catch (error) {
          if (!oauth.isDPoPNonceError(error)) throw error;
          return process(await send());
        }
      };
      const answer = oauth.validateAuthResponse(server, client, await come(thumbprint), state);
      const tokens = await again(
        () => oauth.authorizationCodeGrantRequest(server, client, oauth.None(), answer, redirectUri, verifier, options),
        (response) => oauth.processAuthorizationCodeResponse(server, client, response),
      );
      const { sub } = oauth.getValidatedIdTokenClaims(tokens);
      return {
        thumbprint,
        tokens,
        userinfo: (token) =>
          again(
            () => oauth.userInfoRequest(server, client, token, options),
            (response) => oauth.processUserInfoResponse(server, client, sub, response),
          ),
        api: (token) =>
          again(
            () => oauth.protectedResourceRequest(token, "GET", new URL(api), undefined, undefined, options),
            (response) => response.status,
          ),
        refresh: (token) =>
          again(
            () => oauth.refreshTokenGrantRequest(server, client, oauth.None(), token, options),
            (response) => oauth.processRefreshTokenResponse(server, client, response),
          ),
      };
    },

    async "openid-client"() {
      const config = new openid.Configuration(server, client.client_id, client, openid.None());
      openid.allowInsecureRequests(config);
      const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair("Ed25519"));
      const thumbprint = await DPoP.calculateThumbprint();
      const checks = { pkceCodeVerifier: verifier, expectedState: state };
      const tokens = await openid.authorizationCodeGrant(config, await come(thumbprint), checks, undefined, { DPoP });
      const { sub } = tokens.claims();
      return {
        thumbprint,
        tokens,
        userinfo: (token) => openid.fetchUserInfo(config, token, sub, { DPoP }),
        api: async (token) =>
          (await openid.fetchProtectedResource(config, token, new URL(api), "GET", null, undefined, { DPoP })).status,
        refresh: (token) => openid.refreshTokenGrant(config, token, undefined, { DPoP }),
      };
    },

    async mcp() {
      const session = await mcp.DpopSession.create({ alg: "PS256" });
      const given = { metadata: server, clientInformation: client, dpop: session };
      const came = await come(session.thumbprint);
      const tokens = await mcp.exchangeAuthorization(issuer, {
        ...given,
        authorizationCode: came.searchParams.get("code"),
        iss: came.searchParams.get("iss"),
        codeVerifier: verifier,
        redirectUri,
      });
      const get = (token, url) => mcp.withDpop(session, () => token)(globalThis.fetch)(url, { method: "GET" });
      return {
        thumbprint: session.thumbprint,
        tokens,
        userinfo: async (token) => (await get(token, server.userinfo_endpoint)).json(),
        api: async (token) => (await get(token, api)).status,
        refresh: (token) => mcp.refreshAuthorization(issuer, { ...given, refreshToken: token }),
      };
    },
  };

  const made = await libraries[library]();
  const { tokens } = made;
  const userinfo = await made.userinfo(tokens.access_token);
  const first = await made.api(tokens.access_token);
  const renewed = await made.refresh(tokens.refresh_token);
  const second = await made.api(renewed.access_token);
  const stolen = await fetched(api, { headers: { Authorization: `Bearer ${renewed.access_token}` } });
  return {
    thumbprint: made.thumbprint,
    type: tokens.token_type,
    access: renewed.access_token,
    userinfo,
    statuses: [first, second, stolen.status],
    sent: sent.filter(([path]) => !path.includes("well-known") && !path.endsWith("register")),
  };
}

const outcome = {};
for (const issuer of issuers) {
  sent = [];
  outcome[issuer] = await conversation(issuer).catch((error) => ({ error: String(error.stack ?? error) }));
}
finish(outcome);
