// Devices made of openid-client, ISSUER=CLIENT_ID each: they show their codes, and poll at the same
// time.
import "./webcrypto.js";
import * as client from "openid-client";
import { ask, finish } from "./conversation.js";

async function device(argument) {
  const [issuer, clientId] = argument.split("=");
  const config = await client.discovery(new URL(issuer), clientId, undefined, client.None(), {
    execute: [client.allowInsecureRequests],
  });
  const told = await client.initiateDeviceAuthorization(config, { scope: "openid profile" });
  await ask({ type: told.user_code, at: told.verification_uri, issuer });
  const tokens = await client.pollDeviceAuthorizationGrant(config, told);
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
  const claims = tokens.claims();
  return [issuer, { claims, userinfo: await client.fetchUserInfo(config, renewed.access_token, claims.sub) }];
}

finish(Object.fromEntries(await Promise.all(process.argv.slice(2).map(device))));
