// An Express app with Auth.js, for a provider that its documents don't list.
import "./webcrypto.js";
import { ExpressAuth, getSession } from "@auth/express";
import express from "express";

const { ISSUER, ROOT, CLIENT_ID, CLIENT_SECRET } = process.env;
const config = {
  secret: "a secret of tests",
  trustHost: true,
  providers: [
    {
      id: "oauthprov",
      name: "oauthprov",
      type: "oidc",
      issuer: ISSUER,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      checks: ["pkce", "state", "nonce"],
      idToken: false,
    },
  ],
  callbacks: { redirect: () => `${ROOT}/me` },
};
const app = express();
app.use("/auth", ExpressAuth(config));
app.get("/me", async (request, response) => {
  const { user } = (await getSession(request, config)) ?? {};
  response.json(user ?? {});
});
app.listen(new URL(ROOT).port, "127.0.0.1");
