// What is behind the # of the link goes into the form, or waits until somebody has signed in.
const KEPT = `oauthprov.code ${location.pathname}`;
const field = document.getElementById("code");

function take() {
  const code = location.hash.slice(1) || sessionStorage.getItem(KEPT);
  history.replaceState(null, "", location.pathname + location.search);
  sessionStorage.removeItem(KEPT);
  if (code && document.getElementById("sign-in-first")) {
    sessionStorage.setItem(KEPT, code);
  } else if (code && field) {
    field.value = code;
    document.querySelector("[data-after-code]").focus();
  }
}

addEventListener("hashchange", take);
take();
