// node oidc-provider on Redis: a cluster of worker processes, opaque tokens, refresh token rotation.
import cluster from "node:cluster";
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import process from "node:process";

const { BENCH_PORT, BENCH_WORKERS, BENCH_ORIGIN, BENCH_KEY, BENCH_SECRET, BENCH_PASSWORD } = process.env;
const SCOPES = ["openid", "profile:read"];
const HOUR = 3600;
const DAY = 86400;

if (cluster.isPrimary) {
  for (let number = 0; number < Number(BENCH_WORKERS); number += 1) cluster.fork();
} else {
  await serve();
}

async function serve() {
  const { default: Provider } = await import("oidc-provider");
  const { RedisAdapter } = await import("./redis_adapter.js");
  const key = createPrivateKey(readFileSync(BENCH_KEY)).export({ format: "jwk" });
  const provider = new Provider(BENCH_ORIGIN, {
    adapter: RedisAdapter,
    jwks: { keys: [{ ...key, alg: "RS256", use: "sig" }] },
    cookies: { keys: [BENCH_SECRET] },
    clients: [
      {
        client_id: "web",
        client_secret: BENCH_SECRET,
        redirect_uris: ["https://app.example/callback"],
        grant_types: ["authorization_code", "refresh_token"],
        scope: SCOPES.join(" "),
      },
      {
        client_id: "machine",
        client_secret: BENCH_SECRET,
        redirect_uris: [],
        response_types: [],
        grant_types: ["client_credentials"],
        scope: "profile:read",
      },
    ],
    scopes: SCOPES,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
    },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    expiresWithSession: () => false,
    pkce: { required: () => true },
    ttl: {
      AccessToken: HOUR,
      AuthorizationCode: 60,
      ClientCredentials: HOUR,
      Grant: 14 * DAY,
      IdToken: HOUR,
      Interaction: HOUR,
      RefreshToken: 14 * DAY,
      Session: DAY,
    },
  });
  provider.on("server_error", (ctx, error) => console.error(error));
  provider.use(interactions(provider));
  provider.listen(Number(BENCH_PORT), "127.0.0.1");
}

/** Serve the page on which alice signs in and thereby allows what the client requests. */
function interactions(provider) {
  return async (ctx, next) => {
    if (!ctx.path.startsWith("/interaction/")) return next();
    if (ctx.method === "GET") {
      ctx.type = "html";
      ctx.body = `<form method="post" action="${ctx.path}"><input name="username">
        <input name="password" type="password"><button>Allow</button></form>`;
      return undefined;
    }
    const chunks = [];
    for await (const chunk of ctx.req) chunks.push(chunk);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    if (form.get("username") !== "alice" || form.get("password") !== BENCH_PASSWORD) {
      ctx.status = 403;
      return undefined;
    }
    const { params } = await provider.interactionDetails(ctx.req, ctx.res);
    const grant = new provider.Grant({ accountId: "alice", clientId: params.client_id });
    grant.addOIDCScope(SCOPES.join(" "));
    const result = { login: { accountId: "alice" }, consent: { grantId: await grant.save() } };
    await provider.interactionFinished(ctx.req, ctx.res, result);
    ctx.respond = false;
    return undefined;
  };
}
