// An MCP client made of the TypeScript SDK: node mcp_sdk.js LIBRARY URL REDIRECT_URI [CLIENT_ID], where
// LIBRARY is "sdk" (1.x), "client" (2.x) or "dpop" (2.x, with a key that it proves to hold). CLIENT_ID is the
// URL of a document about it; without one it registers itself. It is used as the documents of the SDK say:
// UnauthorizedError means that the user has been sent to the authorization server, and finishAuth redeems
// what comes back.
import { ask, finish } from "./conversation.js";

import "./webcrypto.js";

const [, , which, url, redirectUri, document] = process.argv;
const library = which === "dpop" ? "client" : which;
const { Client, DpopSession, StreamableHTTPClientTransport, UnauthorizedError } =
  library === "client"
    ? await import("@modelcontextprotocol/client")
    : {
        ...(await import("@modelcontextprotocol/sdk/client/index.js")),
        ...(await import("@modelcontextprotocol/sdk/client/streamableHttp.js")),
        ...(await import("@modelcontextprotocol/sdk/client/auth.js")),
      };

const kept = { granted: [], visited: 0 };
const provider = {
  redirectUrl: redirectUri,
  clientMetadata: {
    client_name: "SDK",
    redirect_uris: [redirectUri],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  },
  clientMetadataUrl: document,
  state: () => (kept.state = crypto.randomUUID()),
  clientInformation: () => kept.client,
  saveClientInformation: (client) => void (kept.client = client),
  tokens: () => kept.tokens,
  saveTokens: (tokens) => {
    kept.tokens = tokens;
    kept.granted.push(tokens.scope);
  },
  redirectToAuthorization: (address) => void (kept.address = address),
  saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
  codeVerifier: () => kept.verifier,
  saveDiscoveryState: (state) => void (kept.discovered = state),
  discoveryState: () => kept.discovered,
};

const session = which === "dpop" ? await DpopSession.create({ alg: "ES256" }) : undefined;
if (session) provider.dpop = () => session;
const sent = [];
const fetched = globalThis.fetch;
globalThis.fetch = async (address, options) => {
  const answer = await fetched(address, options);
  if (String(address) === url) {
    const headers = new Headers(options?.headers);
    sent.push([headers.get("authorization")?.split(" ")[0] ?? "", answer.status, headers.get("dpop")]);
  }
  return answer;
};

const made = () => new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });

async function comeBack(transport) {
  kept.visited += 1;
  const arrived = new URL(await ask({ visit: kept.address.href })).searchParams;
  if (arrived.get("state") !== kept.state) throw new Error("another state");
  await transport.finishAuth(library === "client" ? arrived : arrived.get("code"));
}

async function connected() {
  const transport = made();
  try {
    const client = new Client({ name: "SDK", version: "1" });
    await client.connect(transport);
    return { client, transport };
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    await comeBack(transport);
    return connected();
  }
}

const call = async (client, name, given = {}) =>
  (await client.callTool({ name, arguments: given })).content.map((part) => part.text).join("\n");

let { client, transport } = await connected();
const tools = (await client.listTools()).tools.map((tool) => tool.name);
const before = await call(client, "list_notes");
const first = kept.tokens;

// A proof goes by the clock of this machine, so its client can only lose a token.
if (session) kept.tokens = { ...first, access_token: "expired" };
else await ask({ pass: first.expires_in + 1 });
await call(client, "list_notes");
const renewed = kept.tokens;

const add = () => call(client, "add_note", { text: "from Node" });
if (library === "sdk") {
  // 1.x answers the challenge with a refresh, which can't bring more scope, and then gives up. Its app has
  // to forget the refresh token and begin anew.
  const refused = await add().catch((error) => error);
  if (refused.code !== 403) throw refused;
  const { refresh_token, ...without } = kept.tokens;
  kept.tokens = without;
  await client.close();
  ({ client, transport } = await connected());
}
const asked = await add().catch((error) => error);
if (!(asked instanceof UnauthorizedError)) throw asked;
await comeBack(transport);
const added = await add();
const bound = session && { token: kept.tokens.access_token, type: kept.tokens.token_type, sent };
finish({
  bound,
  tools,
  before,
  added,
  after: await call(client, "list_notes"),
  rotated: renewed.refresh_token !== first.refresh_token && renewed.access_token !== first.access_token,
  granted: kept.granted,
  visited: kept.visited,
  registered: kept.client.scope,
  client_id: kept.client.client_id,
});
await client.close();
