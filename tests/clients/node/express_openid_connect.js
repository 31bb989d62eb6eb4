// An Express app with express-openid-connect.
import express from "express";
import oidc from "express-openid-connect";

const { ISSUER, ROOT, CLIENT_ID, CLIENT_SECRET } = process.env;
const { auth, requiresAuth } = oidc;
const app = express();
app.use(
  auth({
    issuerBaseURL: ISSUER,
    baseURL: ROOT,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    secret: "a secret of tests that is long enough",
    authRequired: false,
    idpLogout: true,
    authorizationParams: { response_type: "code", scope: "openid profile email" },
    routes: { login: "/sign-in", logout: "/sign-out", postLogoutRedirect: "/signed-out" },
  }),
);
app.get("/", (request, response) => response.redirect("/me"));
app.get("/me", async (request, response) => {
  if (!request.oidc.isAuthenticated()) return response.json({});
  const { name, email } = await request.oidc.fetchUserInfo();
  response.json({ sub: request.oidc.user.sub, name, email });
});
app.get("/refresh", requiresAuth(), async (request, response) => {
  const before = request.oidc.refreshToken;
  const { access_token } = await request.oidc.accessToken.refresh();
  const { sub } = await request.oidc.fetchUserInfo();
  response.json({ sub, rotated: before !== request.oidc.refreshToken && Boolean(access_token) });
});
app.get("/signed-out", (request, response) => response.json({}));
app.listen(new URL(ROOT).port, "127.0.0.1");
