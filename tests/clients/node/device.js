// A device made of openid-client: it shows a code, and polls.
import "./webcrypto.js";
import * as client from "openid-client";
import { ask, finish } from "./conversation.js";

const [issuer, clientId] = process.argv.slice(2);
const config = await client.discovery(new URL(issuer), clientId, undefined, client.None(), {
  execute: [client.allowInsecureRequests],
});
const told = await client.initiateDeviceAuthorization(config, { scope: "openid profile" });
await ask({ type: told.user_code, at: told.verification_uri });
const tokens = await client.pollDeviceAuthorizationGrant(config, told);
const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
finish({
  claims: tokens.claims(),
  userinfo: await client.fetchUserInfo(config, renewed.access_token, tokens.claims().sub),
});
