// A relying party made of oauth4webapi. It checks the signature of ID tokens.
import "./webcrypto.js";
import * as oauth from "oauth4webapi";
import { finish, issuer, makeKeys, metadata, parameters, pushes, redirectUri, scope, signs, visit } from "./relying_party.js";

const server = await oauth.processDiscoveryResponse(
  new URL(issuer),
  await oauth.discoveryRequest(new URL(issuer)),
);
const { signing, jwks } = await makeKeys();
const client = await oauth.processDynamicClientRegistrationResponse(
  await oauth.dynamicClientRegistrationRequest(server, metadata(jwks)),
);
const authentication = oauth.ClientSecretBasic(client.client_secret);

const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const nonce = oauth.generateRandomNonce();
const asked = parameters(await oauth.calculatePKCECodeChallenge(verifier), state, nonce);
const url = new URL(server.authorization_endpoint);
url.searchParams.set("client_id", client.client_id);
if (signs) {
  const request = await oauth.issueRequestObject(server, client, new URLSearchParams(asked), signing);
  url.searchParams.set("request", request);
} else {
  Object.entries(asked).forEach((pair) => url.searchParams.set(...pair));
}
if (pushes) {
  const { request_uri } = await oauth.processPushedAuthorizationResponse(
    server, client, await oauth.pushedAuthorizationRequest(server, client, authentication, url.searchParams),
  );
  url.search = new URLSearchParams({ client_id: client.client_id, request_uri });
}

const answer = oauth.validateAuthResponse(server, client, await visit(url), state);
const response = await oauth.authorizationCodeGrantRequest(
  server, client, authentication, answer, redirectUri, verifier,
);
const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
  expectedNonce: nonce,
  requireIdToken: true,
});
await oauth.validateApplicationLevelSignature(server, response);
const claims = oauth.getValidatedIdTokenClaims(tokens);

const userinfo = await oauth.processUserInfoResponse(
  server, client, claims.sub, await oauth.userInfoRequest(server, client, tokens.access_token),
);
const renewal = await oauth.refreshTokenGrantRequest(
  server, client, authentication, tokens.refresh_token, { additionalParameters: { scope } },
);
const renewed = await oauth.processRefreshTokenResponse(server, client, renewal);
await oauth.validateApplicationLevelSignature(server, renewal);

await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, client, authentication, renewed.refresh_token),
);
const { status } = await oauth.userInfoRequest(server, client, renewed.access_token);
finish({
  client,
  claims,
  userinfo,
  renewed: oauth.getValidatedIdTokenClaims(renewed),
  rotated: renewed.refresh_token !== tokens.refresh_token,
  statusAfterRevocation: status,
});
