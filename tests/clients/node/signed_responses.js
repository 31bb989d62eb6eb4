// A client that gets signed responses: node signed_responses.js LIBRARY ISSUER REDIRECT_URI MODE ALG,
// where LIBRARY is oauth4webapi or openid-client, MODE a response_mode, with "pushed " before it for
// a request that is pushed, and ALG the algorithm that the client registers, "" for none. It gets a
// code in a JWT (JARM), and an error; it introspects its token and a dead one (RFC 9701). The outcome
// has what the JWTs said. Both libraries verify them.
import "./webcrypto.js";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { ask, finish } from "./conversation.js";

const [, , library, issuer, redirectUri, given, alg] = process.argv;
const pushes = given.startsWith("pushed ");
const mode = given.replace("pushed ", "");
const scope = "profile"; // without openid

const metadata = {
  client_name: "App",
  redirect_uris: [redirectUri],
  ...(alg && { authorization_signed_response_alg: alg, introspection_signed_response_alg: alg }),
};

// Every JWT that a library was sent, by its type, with the algorithm and the type of its header.
const received = [];
function note(jwt) {
  const { alg, typ } = JSON.parse(Buffer.from(jwt.split(".")[0], "base64url"));
  received.push({ alg, typ });
}
const fetched = globalThis.fetch;
globalThis.fetch = async (url, options) => {
  const answer = await fetched(url, options);
  const type = answer.headers.get("content-type") ?? "";
  if (type.endsWith("introspection+jwt")) note(await answer.clone().text());
  return answer;
};

async function visit(url) {
  const came = new URL(await ask({ visit: url.href }));
  const parameters = mode === "fragment.jwt" ? new URLSearchParams(came.hash.slice(1)) : came.searchParams;
  note(parameters.get("response"));
  return { came, parameters: new URLSearchParams(parameters) };
}

const libraries = {
  async oauth4webapi() {
    const server = await oauth.processDiscoveryResponse(
      new URL(issuer),
      await oauth.discoveryRequest(new URL(issuer)),
    );
    const client = await oauth.processDynamicClientRegistrationResponse(
      await oauth.dynamicClientRegistrationRequest(server, metadata),
    );
    const authentication = oauth.ClientSecretBasic(client.client_secret);
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const come = async (scope) => {
      const url = new URL(server.authorization_endpoint);
      const asked = {
        client_id: client.client_id,
        response_type: "code",
        response_mode: mode,
        redirect_uri: redirectUri,
        scope,
        state,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      };
      Object.entries(asked).forEach((pair) => url.searchParams.set(...pair));
      const { parameters } = await visit(url);
      return oauth.validateJwtAuthResponse(server, client, parameters, state);
    };
    const answer = await come(scope);
    const tokens = await oauth.processAuthorizationCodeResponse(
      server,
      client,
      await oauth.authorizationCodeGrantRequest(server, client, authentication, answer, redirectUri, verifier),
    );
    const introspect = async (token) => {
      const response = await oauth.introspectionRequest(server, client, authentication, token, {
        requestJwtResponse: true,
      });
      const members = await oauth.processIntrospectionResponse(server, client, response);
      await oauth.validateApplicationLevelSignature(server, response);
      return members;
    };
    const failed = come("unknown").then(
      () => "a code",
      (error) => error.error,
    );
    return { client, tokens, introspect, failed: await failed };
  },

  async "openid-client"() {
    // It asks for a signed introspection response only if it has registered an algorithm.
    const asPost = { ...metadata, token_endpoint_auth_method: "client_secret_post" };
    const config = await openid.dynamicClientRegistration(new URL(issuer), asPost, undefined, {
      execute: [openid.useJwtResponseMode, openid.enableNonRepudiationChecks],
    });
    const pkceCodeVerifier = openid.randomPKCECodeVerifier();
    const expectedState = openid.randomState();
    const come = async (scope) => {
      const asked = {
        redirect_uri: redirectUri,
        scope,
        state: expectedState,
        code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: "S256",
      };
      const build = pushes ? openid.buildAuthorizationUrlWithPAR : openid.buildAuthorizationUrl;
      const { came } = await visit(await build(config, asked));
      return openid.authorizationCodeGrant(config, came, { pkceCodeVerifier, expectedState });
    };
    const tokens = await come(scope);
    const introspect = (token) => openid.tokenIntrospection(config, token);
    // A pushed request has its error at once, in JSON.
    const failed = come("unknown").then(
      () => "a code",
      (error) => error.error,
    );
    return { client: config.clientMetadata(), tokens, introspect, failed: await failed };
  },
};

const { client, tokens, introspect, failed } = await libraries[library]();
finish({
  client,
  failed,
  scope: tokens.scope,
  live: await introspect(tokens.access_token),
  dead: await introspect(`${tokens.access_token}x`),
  received,
});
