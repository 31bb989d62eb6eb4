// An Express app with Passport. LIBRARY says by which strategy: "openid-client", or
// "passport-openidconnect", which can't send a code challenge.
import "./webcrypto.js";
import express from "express";
import session from "express-session";
import passport from "passport";

const { ISSUER, ROOT, CLIENT_ID, CLIENT_SECRET, LIBRARY } = process.env;
const scope = "openid profile email";
const callbackURL = `${ROOT}/callback`;
let end = () => `${ROOT}/signed-out`;

async function byOpenidClient() {
  const client = await import("openid-client");
  const { Strategy } = await import("openid-client/passport");
  const config = await client.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, {
    execute: [client.allowInsecureRequests],
  });
  end = (user) =>
    client.buildEndSessionUrl(config, {
      id_token_hint: user.idToken,
      post_logout_redirect_uri: `${ROOT}/signed-out`,
    }).href;
  const strategy = new Strategy({ config, scope, callbackURL }, async (tokens, done) => {
    const claims = tokens.claims();
    const { name, email } = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
    done(null, { sub: claims.sub, name, email, idToken: tokens.id_token, refresh: tokens.refresh_token });
  });
  app.get("/refresh", async (request, response) => {
    const { refresh } = request.user;
    const tokens = await client.refreshTokenGrant(config, refresh);
    const { sub } = await client.fetchUserInfo(config, tokens.access_token, request.user.sub);
    response.json({ sub, rotated: tokens.refresh_token !== refresh });
  });
  return strategy;
}

async function byPassportOpenidconnect() {
  const { default: Strategy } = await import("passport-openidconnect");
  const found = await (await fetch(`${ISSUER}/.well-known/openid-configuration`)).json();
  return new Strategy(
    {
      issuer: found.issuer,
      authorizationURL: found.authorization_endpoint,
      tokenURL: found.token_endpoint,
      userInfoURL: found.userinfo_endpoint,
      clientID: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      callbackURL,
      scope: ["profile", "email"],
      nonce: true,
      skipUserProfile: false,
    },
    (issuer, profile, done) =>
      done(null, { sub: profile.id, name: profile.displayName, email: profile.emails?.[0].value }),
  );
}

const app = express();
app.use(session({ secret: "a secret of tests", resave: false, saveUninitialized: false }));
app.use(passport.initialize(), passport.session());
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));
passport.use("oidc", await (LIBRARY === "openid-client" ? byOpenidClient() : byPassportOpenidconnect()));
app.get("/sign-in", passport.authenticate("oidc"));
app.get("/callback", passport.authenticate("oidc", { successRedirect: "/me" }));
app.get("/me", (request, response) => {
  const { sub, name, email } = request.user ?? {};
  response.json({ sub, name, email });
});
app.get("/sign-out", (request, response, next) => {
  const url = end(request.user);
  request.logout((error) => (error ? next(error) : response.redirect(url)));
});
app.get("/signed-out", (request, response) => response.json({}));
app.listen(new URL(ROOT).port, "127.0.0.1");
