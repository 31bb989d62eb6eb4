// A resource server made of oauth4webapi: `node access_jwt.js ISSUER AUDIENCE TOKEN` verifies an access
// token that is a JWT (RFC 9068), with the keys that the issuer's metadata names, and prints its claims.
import "./webcrypto.js";
import * as oauth from "oauth4webapi";

const [, , issuer, audience, token] = process.argv;
const loopback = { [oauth.allowInsecureRequests]: true };

const server = await oauth.processDiscoveryResponse(
  new URL(issuer),
  await oauth.discoveryRequest(new URL(issuer), { algorithm: "oauth2", ...loopback }),
);
const request = new Request(audience, { headers: { Authorization: `Bearer ${token}` } });
try {
  const claims = await oauth.validateJwtAccessToken(server, request, audience, loopback);
  console.log(JSON.stringify({ claims }));
} catch (error) {
  console.log(JSON.stringify({ refused: error.message }));
}
