"""Clients that get nothing here, whatever they do: their pages say so, and show no code."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from oauthprov.protocol.keys.jwk import PrivateKey
from tests import site as sites
from tests.certificates import PROXY_SECRET, SUBJECT_DN, Authority
from tests.protocol import certified
from tests.site import VERIFIER, App, Browser, Clock, arrived
from tests.web.console.test_client_page import words

BINDS = {"tls_client_certificate_bound_access_tokens": True}
CERTIFICATE = {"auth_method": "tls_client_auth", "tls_client_auth_subject_dn": SUBJECT_DN}
FAPI = {"profile": "fapi2", "device": "false"}
WITHOUT = {"mtls.format": "off", "mtls.header": "", "mtls.proxy_secret": "", "mtls.ca_file": ""}
WITHOUT["mtls.base_url"] = ""
METHOD = "doesn't accept the way in which this client authenticates"

# The client as it was registered, the settings of today, and what the page says.
CASES = {
    "a secret under a profile": ({}, FAPI, METHOD, "docs/fapi.md"),
    "no secret under a profile": ({"kind": "browser"}, FAPI, METHOD, "docs/fapi.md"),
    "a machine under a profile": ({"kind": "machine"}, FAPI, METHOD, "docs/fapi.md"),
    "an API under a profile": ({"kind": "api"}, FAPI, METHOD, "docs/fapi.md"),
    "a certificate": (CERTIFICATE, WITHOUT, METHOD, "docs/mtls.md"),
    "tokens bound to a certificate": (
        *(BINDS, WITHOUT, "must be bound to its certificate", "docs/mtls.md"),
    ),
    "tokens bound to a key": (
        *({"dpop_bound_access_tokens": True}, {"dpop": "off"}),
        *("must be bound to a key that it proves", "docs/dpop.md"),
    ),
    "certificates alone bind": (
        *(CERTIFICATE | {"kind": "machine"}, FAPI | {"dpop": "off"}),
        *("This server binds every token to the client's certificate", "docs/mtls.md"),
    ),
    "pushed requests": (
        *({"require_pushed_authorization_requests": True}, {"par": "off"}),
        *("must push its authorization requests", "docs/par.md"),
    ),
    "signed requests without a key": (
        *(CERTIFICATE | BINDS, FAPI | {"profile": "fapi2-message-signing"}),
        *("must sign with its own key", "docs/openid.md"),
    ),
    "a key of a weak algorithm": (
        *({"key": "RS256"}, FAPI, "must sign with its own key", "docs/registration.md"),
    ),
}


@dataclass
class Today:
    """Alice at the server of today, her client, what it presents, and what its pages say."""

    alice: Browser
    app: App
    certificate: dict[str, str]
    pushes: bool
    sentence: str
    page: str

    def at(self, name=""):
        """A page of the client's."""
        return self.alice.get(f"/clients/{self.app.client.client_id}{name}")

    def post(self, path, **form):
        """The status and error of what the client sends."""
        answer = self.app.post(path, form, self.certificate)
        return answer.status_int, answer.json["error"]


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def today(request, tmp_path):
    about, changes, sentence, page = request.param
    authority = Authority(now=Clock().now)
    known = {"scopes": sites.OPENID, **certified.settings(authority.file(tmp_path / "ca.pem"))}
    storage, about = f"sqlite:///{tmp_path / 'x.sqlite'}", dict(about)
    kind, alg = about.pop("kind", "web"), about.pop("key", None)
    key = PrivateKey.generate(alg) if alg else None
    if key is not None:
        about |= {"auth_method": "private_key_jwt", "jwks": {"keys": [key.public()]}}
    if kind in ("web", "browser"):
        about |= {"scopes": ("openid", "profile:read")}
    before = sites.standalone(sites.ini(storage, development="true", **known))
    app = before.app(kind, owner=before.browser().sign_up("alice").account_id(), **about)
    before.close()
    now = sites.standalone(sites.ini(storage, **known | changes))
    shown = {
        "X-SSL-Client-Cert": authority.issue().nginx,
        "Oauthprov-Proxy-Secret": PROXY_SECRET,
    }
    app = App(now, app.client, app.secret, key)
    yield Today(now.browser().sign_in("alice"), app, shown, "profile" in changes, sentence, page)
    now.close()


def test_the_client_s_page_says_why_and_shows_no_code(today):
    section = today.at().html.select_one("section[aria-labelledby=code]")
    [caution] = section.select(".caution")
    assert today.sentence in words(caution)
    assert caution.code.text == today.page
    assert not section.select("details, ul")


@pytest.mark.parametrize("name", ["/connect", "/try"])
def test_the_pages_that_connect_and_try_it_say_why(today, name):
    found = today.at(name)
    if today.app.client.client_type not in ("web", "browser"):
        assert found.status_int == 404
        return
    assert today.sentence in words(found.html.select_one(".caution"))
    assert not found.html.select("details, #try, script[src*=try_it]")


def test_the_server_refuses_whatever_the_client_sends(today):
    match today.app.client.client_type:
        case "api":
            assert today.post("/oauth/introspect", token="x") == (401, "invalid_client")
            return
        case "machine":
            refused = today.post("token", grant_type="client_credentials")
        case _ if today.pushes:
            refused = today.post("/oauth/par", **today.app.authorization_request())
        case _:
            came = today.alice.authorize(today.app)
            if came.status_int != 200:
                assert arrived(came)["error"] == "invalid_request"
                return
            code = arrived(today.alice.decide(came))["code"]
            form = {"grant_type": "authorization_code", "code_verifier": VERIFIER}
            refused = today.post("token", code=code, **form)
    errors = {"invalid_client", "invalid_request", "invalid_dpop_proof"}
    assert refused[0] in (400, 401)
    assert refused[1] in errors
