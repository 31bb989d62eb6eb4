// Runs the authorization code flow as an app would, and shows each request and response. Only what
// proves the response to be ours waits in sessionStorage, until the browser is back. Secrets and
// tokens stay in memory, and are shown shortened.
const { dataset } = document.getElementById("try");
const KEPT = `oauthprov.try ${dataset.client}`;
const HIDDEN = new Set(["code", "code_verifier", "client_secret", "access_token", "refresh_token", "id_token", "token"]);
const at = (id) => document.getElementById(id);
const show = (id, shown = true) => { if (at(id)) at(id).hidden = !shown; };
let pending, tokens, key, nonce;

const short = (name, value) =>
  HIDDEN.has(name) && typeof value === "string" ? `${value.slice(0, 8)}\u2026 (${value.length})` : value;
const lines = (pairs) => [...pairs].map(([name, value]) => `${name}=${short(name, value)}`).join("\n");

function base64url(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const utf8 = (text) => new TextEncoder().encode(text);
const sha256 = async (text) => base64url(await crypto.subtle.digest("SHA-256", utf8(text)));

// Makes a proof of the page's own key for a request (RFC 9449 section 4.2).
async function proof(method, url, token) {
  key ??= await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", key.publicKey);
  const header = { typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } };
  const claims = { htm: method, htu: url, iat: Math.floor(Date.now() / 1000), jti: random(), nonce };
  if (token) claims.ath = await sha256(token);
  const signed = [header, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join(".");
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key.privateKey, utf8(signed));
  return `${signed}.${base64url(signature)}`;
}

async function begin(event) {
  event.preventDefault();
  const verifier = random();
  const asked = new URLSearchParams({
    response_type: "code",
    response_mode: "fragment",
    client_id: dataset.client,
    redirect_uri: dataset.redirect,
    state: random(),
    code_challenge: await sha256(verifier),
    code_challenge_method: "S256",
  });
  const scopes = new FormData(event.target).getAll("scope");
  if (scopes.length) asked.set("scope", scopes.join(" "));
  if (dataset.nonce && scopes.includes("openid")) asked.set("nonce", random());
  let sent = asked;
  if (dataset.par) {
    const { ok, answer } = await exchange("push-exchange", dataset.par, Object.fromEntries(asked));
    if (!ok) return;
    sent = new URLSearchParams({ client_id: dataset.client, request_uri: answer.request_uri });
  }
  sessionStorage.setItem(KEPT, JSON.stringify({ verifier, asked: asked.toString(), sent: sent.toString() }));
  location.assign(`${dataset.authorize}?${sent}`);
}

function arrive() {
  const answer = new URLSearchParams(location.hash.slice(1));
  const kept = sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  history.replaceState(null, "", location.pathname);
  if (![...answer].length) return;
  show("response");
  at("authorization-response").firstElementChild.textContent = lines(answer);
  at("step-2").focus();
  const { verifier, asked, sent } = kept ? JSON.parse(kept) : {};
  const request = new URLSearchParams(asked);
  if (!verifier || answer.get("state") !== request.get("state") || answer.get("iss") !== dataset.issuer) {
    show("foreign");
    return;
  }
  show("authorization-request");
  at("authorization-request").firstElementChild.textContent = `GET ${dataset.authorize}?\n${lines(new URLSearchParams(sent))}`;
  if (!answer.get("code")) {
    show("refused");
    return;
  }
  pending = { verifier, code: answer.get("code"), nonce: request.get("nonce") };
  show("redeeming");
  at("secret")?.focus();
}

// Sends a request as the client; returns the status and the body, and shows both in `id`. A proof
// that lacks the server's nonce is made again with it.
async function exchange(id, url, fields, again = true) {
  const { bearer, ...form } = fields;
  const headers = {};
  const body = new URLSearchParams(form);
  const secret = at(id === "push-exchange" ? "push-secret" : "secret")?.value;
  const method = bearer ? "GET" : "POST";
  if (dataset.proof && (bearer || url === dataset.token)) headers.DPoP = await proof(method, url, bearer);
  if (bearer) {
    headers.Authorization = `${headers.DPoP ? "DPoP" : "Bearer"} ${bearer}`;
  } else if (dataset.method === "client_secret_basic") {
    const encoded = [dataset.client, secret].map((part) => new URLSearchParams({ _: part }).toString().slice(2));
    headers.Authorization = `Basic ${btoa(encoded.join(":"))}`;
  } else {
    body.set("client_id", dataset.client);
    if (secret) body.set("client_secret", secret);
  }
  const sent = Object.entries(headers).map(([name, value]) => `${name}: ${value.slice(0, 14)}\u2026\n`).join("");
  const options = { method, headers, credentials: "omit", cache: "no-store", redirect: "error" };
  const shown = at(id);
  shown.hidden = false;
  shown.querySelector(".request").textContent = `${method} ${url}\n${sent}${bearer ? "" : `\n${lines(body)}`}`;
  shown.querySelector(".response").textContent = "";
  show("unreachable", false);
  try {
    const response = await fetch(url, bearer ? options : { ...options, body });
    const before = nonce;
    nonce = response.headers.get("DPoP-Nonce") ?? nonce;
    if (!response.ok && again && headers.DPoP && nonce !== before) return await exchange(id, url, fields, false);
    const text = await response.text();
    const json = (response.headers.get("Content-Type") ?? "").startsWith("application/json");
    const answer = json ? JSON.parse(text) : text;
    const seen = json ? JSON.stringify(answer, short, 2) : short("token", text);
    shown.querySelector(".response").textContent = `${response.status} ${response.statusText}\n\n${seen}`;
    return { ok: response.ok, answer };
  } catch {
    show("unreachable");
    return { ok: false };
  }
}

function keep(answer) {
  tokens = { ...tokens, ...answer };
  show("using");
  show("userinfo", Boolean(dataset.userinfo && (tokens.scope ?? "").split(" ").includes("openid")));
  show("introspect", Boolean(dataset.introspect && at("secret")));
  show("refresh", Boolean(tokens.refresh_token));
  show("revoke", Boolean(dataset.revoke));
  if (!answer.id_token) return;
  const payload = answer.id_token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(payload), (c) => c.charCodeAt(0))));
  show("claims");
  at("claims").querySelector("code").textContent = JSON.stringify(claims, null, 2);
  show("wrong-nonce", claims.nonce !== undefined && claims.nonce !== pending.nonce);
}

async function redeem(event) {
  event.preventDefault();
  const { ok, answer } = await exchange("token-exchange", dataset.token, {
    grant_type: "authorization_code",
    code: pending.code,
    redirect_uri: dataset.redirect,
    code_verifier: pending.verifier,
  });
  if (ok) keep(answer);
}

async function refresh() {
  const { ok, answer } = await exchange("use-exchange", dataset.token, {
    grant_type: "refresh_token",
    refresh_token: tokens.refresh_token,
  });
  if (ok) keep(answer);
}

async function revoke() {
  const { ok } = await exchange("use-exchange", dataset.revoke, { token: tokens.refresh_token ?? tokens.access_token });
  if (ok) show("refresh", false);
}

at("begin").addEventListener("submit", begin);
at("redeem")?.addEventListener("submit", redeem);
at("refresh").addEventListener("click", refresh);
at("revoke").addEventListener("click", revoke);
at("userinfo").addEventListener("click", () => exchange("use-exchange", dataset.userinfo, { bearer: tokens.access_token }));
at("introspect").addEventListener("click", () => exchange("use-exchange", dataset.introspect, { token: tokens.access_token }));
show("needs-script", false);
show("try");
arrive();
