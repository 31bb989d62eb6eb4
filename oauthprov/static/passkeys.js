// Passkeys (Web Authentication Level 3). What has the class "passkey" is hidden until the browser is
// found to have them; its button asks for one, and then its form is sent with the answer.
const REFRESH = 240_000; // milliseconds; a challenge is valid for five minutes
let running = null;

function bytes(text) {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (character) => character.charCodeAt(0));
}

function base64url(buffer) {
  const raw = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(raw).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// The options as the server writes them, with bytes instead of base64url.
function decoded(options) {
  const publicKey = { ...options, challenge: bytes(options.challenge) };
  if (options.user) publicKey.user = { ...options.user, id: bytes(options.user.id) };
  for (const list of ["allowCredentials", "excludeCredentials"]) {
    publicKey[list] = options[list]?.map((one) => ({ ...one, id: bytes(one.id) }));
  }
  return publicKey;
}

function encoded({ id, type, rawId, response }) {
  const said = { transports: response.getTransports?.() };
  const names = "clientDataJSON attestationObject authenticatorData signature userHandle";
  for (const name of names.split(" ")) {
    if (response[name]) said[name] = base64url(response[name]);
  }
  return JSON.stringify({ id, type, rawId: base64url(rawId), response: said });
}

async function optionsOf(box, signal) {
  if (box.dataset.options) return JSON.parse(box.dataset.options);
  const { csrf_token } = box.closest("form").elements;
  const body = new URLSearchParams({ csrf_token: csrf_token.value });
  const answer = await fetch(box.dataset.optionsFrom, { method: "POST", body, signal });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
}

async function ask(box, more = {}) {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  const publicKey = decoded(await optionsOf(box, signal));
  const method = publicKey.user ? "create" : "get";
  const credential = await navigator.credentials[method]({ publicKey, signal, ...more });
  send(box, encoded(credential));
}

// The form is as before afterwards: whoever comes back to the page may use it in another way.
function send(box, answer) {
  const form = box.closest("form");
  const field = box.querySelector("[name=answer]");
  const { action } = form;
  field.value = answer;
  form.action = box.dataset.action ?? action;
  form.submit();
  form.action = action;
  field.value = "";
}

function tell(box, failure) {
  const known = { NotAllowedError: "cancelled", InvalidStateError: "known" };
  const line = box.querySelector("[role=alert]");
  line.textContent = box.dataset[known[failure.name]] ?? box.dataset.failed;
  line.hidden = false;
  line.focus();
}

// The browser offers passkeys where the user name is entered; the challenge is renewed meanwhile.
async function offer(box) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  await ask(box, { mediation: "conditional" }).catch(() => {});
}

function begin(box) {
  let renewal = null;
  const keepOffering = () => {
    if (!("offered" in box.dataset)) return;
    offer(box);
    renewal = setInterval(offer, REFRESH, box);
  };
  box.querySelector("button").addEventListener("click", async () => {
    clearInterval(renewal);
    try {
      await ask(box);
    } catch (failure) {
      if (failure.name === "AbortError") return; // the button was pressed again
      tell(box, failure);
      keepOffering();
    }
  });
  box.hidden = false;
  for (const text of document.querySelectorAll(".no-passkey")) text.hidden = true;
  keepOffering();
}

if (window.PublicKeyCredential) document.querySelectorAll(".passkey").forEach(begin);
