// A relying party made of openid-client. It checks the signature of ID tokens.
import "./webcrypto.js";
import * as client from "openid-client";
import { finish, issuer, makeKeys, metadata, parameters, pushes, scope, signs, visit } from "./relying_party.js";

const { signing, jwks } = await makeKeys();
const config = await client.dynamicClientRegistration(
  new URL(issuer),
  { ...metadata(jwks), token_endpoint_auth_method: "client_secret_post" },
  undefined,
  { execute: [client.enableNonRepudiationChecks] },
);

const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
const asked = parameters(await client.calculatePKCECodeChallenge(verifier), state, nonce);
const whole = signs
  ? await client.buildAuthorizationUrlWithJAR(config, asked, signing)
  : client.buildAuthorizationUrl(config, asked);
const url = pushes
  ? await client.buildAuthorizationUrlWithPAR(config, whole.searchParams)
  : whole;

const tokens = await client.authorizationCodeGrant(config, await visit(url), {
  pkceCodeVerifier: verifier,
  expectedState: state,
  expectedNonce: nonce,
  idTokenExpected: true,
});
const claims = tokens.claims();
const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
const renewed = await client.refreshTokenGrant(config, tokens.refresh_token, { scope });

await client.tokenRevocation(config, renewed.refresh_token);
const status = await client.fetchUserInfo(config, renewed.access_token, claims.sub).then(
  () => 200,
  (refused) => refused.status ?? refused.cause?.status,
);
finish({
  client: config.clientMetadata(),
  claims,
  userinfo,
  renewed: renewed.claims(),
  rotated: renewed.refresh_token !== tokens.refresh_token,
  statusAfterRevocation: status,
});
