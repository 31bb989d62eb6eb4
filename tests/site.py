"""The real app over real storage, with a clock that tests advance; browsers and clients."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from pyramid.config import Configurator
from pyramid.router import Router
from webtest import TestApp, TestRequest, TestResponse

from oauthprov import opened
from oauthprov.credentials import mint_id
from oauthprov.protocol.authentication.private_key_jwt import TYPE
from oauthprov.protocol.clients.registrar import CLIENT_TYPES, Registrar
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.records import Account, Client
from oauthprov.settings import Settings
from oauthprov.web.site import build
from oauthprov.web.standalone import answer_straight
from tests.counting import Counting
from tests.oauth import basic, challenge

ORIGIN = ISSUER = "https://id.example"
CALLBACK = "https://app.example/callback"
API = "/api"
PHOTOS = "https://photos.example/"
SCOPES = "profile:read | See your name\nphotos:read | See photos\nphotos:write | Add photos"
OPENID = (
    f"{SCOPES}\nopenid | Know you when you come back\nprofile | See your profile\n"
    "email | See your e-mail address\naddress | See your address\n"
    "phone | See your telephone number\noffline_access | Go on while you are away"
)
OPENID_SCOPES = ("openid", "profile", "email", "address", "phone", "offline_access")
VERIFIER = "v" * 64
PASSWORD = "correct horse battery"
FORM = "application/x-www-form-urlencoded"


def ini(storage_url: str, issuer: str = ISSUER, **more: str) -> dict[str, str]:
    """Settings for tests: everything is on, password hashes are cheap, limits are high."""
    return {
        "oauthprov.issuer": issuer,
        "oauthprov.secret": "0123456789abcdefghijklmnopqrstuvwxyz",
        "oauthprov.storage.url": storage_url,
        "oauthprov.scopes": SCOPES,
        "oauthprov.default_scopes": "profile:read",
        "oauthprov.resources": (
            f"{issuer}{API} | profile:read | Your profile\n"
            f"{PHOTOS} | photos:read photos:write | Your photos"
        ),
        "oauthprov.signup": "everyone",
        "oauthprov.console": "everyone",
        "oauthprov.registration": "open",
        "oauthprov.registration.limit_address": "100000 per hour",
        "oauthprov.registration.limit_network": "100000 per hour",
        "oauthprov.password.memory": "8",
        "oauthprov.password.time": "1",
        "oauthprov.signup.limit_address": "100000 per hour",
        "oauthprov.device": "true",
        "oauthprov.device.limit_account": "100000 per hour",
        "oauthprov.device.limit_address": "100000 per hour",
        "oauthprov.logout.worker": "false",
        "oauthprov.purge.worker": "false",
    } | {f"oauthprov.{key}": value for key, value in more.items()}


def patient(storage_url: str) -> dict[str, str]:
    """Settings that let a storage answer late, as one does on a busy machine."""
    if storage_url.startswith("redis"):
        return {"storage.read_timeout": "60", "storage.connect_timeout": "60"}
    return {"storage.timeout": "60"}


class Clock:
    """A clock in epoch seconds that tests advance."""

    def __init__(self, now: int = 1_800_000_000) -> None:
        self.now = now
        self._runs = False

    def __call__(self) -> int:
        return int(time.time()) if self._runs else self.now

    def run(self) -> None:
        """Show the time of this machine from now on, for programs that have a clock too."""
        self._runs = True

    def pass_by(self, seconds: int) -> None:
        self.now += seconds


def sign_up(browser: Browser, name: str) -> None:
    """Make an account of the built-in kind and be signed in."""
    form = browser.get("/signup").form
    form["name"], form["password"] = name, PASSWORD
    assert form.submit().status_int == 303


@dataclass
class Site:
    """A running provider; ``issuer`` is where its pages are, ``enter`` how people get in."""

    wsgi: object
    issuer: str
    storage: Counting
    clock: Clock
    registrar: Registrar
    enter: Callable[[Browser, str], None] = sign_up
    ended: Callable[[], None] = lambda: None

    def url(self, path: str) -> str:
        """The URL of a path below the issuer; a URL stays as it is."""
        return path if "://" in path.partition("?")[0] else self.issuer + path

    def browser(self) -> Browser:
        return Browser(self)

    def post(self, path: str, form, **kwargs) -> TestResponse:
        """Post as a client does: no cookies, any status."""
        return TestApp(self.wsgi).post(self.url(path), form, expect_errors=True, **kwargs)

    def get(self, path: str, **kwargs) -> TestResponse:
        return TestApp(self.wsgi).get(self.url(path), expect_errors=True, **kwargs)

    def send(
        self, method: str, path: str, query: bytes = b"", body: bytes = b"", **headers: str
    ) -> TestResponse:
        """Send raw bytes, which no client library would; ``content_type`` is a header."""
        request = TestRequest.blank(self.url(path), method=method, body=body)
        request.environ["QUERY_STRING"] = query.decode("latin-1")
        for name, value in headers.items():
            request.headers[name.replace("_", "-")] = value
        return TestApp(self.wsgi, lint=False).do_request(request, expect_errors=True)

    def app(self, kind: str = "web", **metadata) -> App:
        """Register a client and return it as the application that it belongs to."""
        metadata.setdefault("name", "Printer")
        if CLIENT_TYPES[kind].gets_tokens:
            metadata.setdefault("scopes", ("profile:read", "photos:read", "photos:write"))
        if CLIENT_TYPES[kind].redirects:
            metadata.setdefault("redirect_uris", (CALLBACK,))
        client, secret = self.registrar.register(type=kind, **metadata)
        return App(self, client, secret)

    def signer(self, kind: str = "web", **metadata) -> App:
        """Register a client that signs with a key of its own."""
        key = PrivateKey.generate("ES256")
        keys = {"keys": [key.public()]}
        app = self.app(kind, auth_method="private_key_jwt", jwks=keys, **metadata)
        app.key = key
        return app

    def close(self) -> None:
        recorder = self.wsgi.registry["oauthprov"].events.recorder
        if recorder is not None:
            recorder.join(5)  # else its thread connects again
        self.storage.close()
        self.ended()


@dataclass
class Moulds:
    """Apps that no test uses: to configure one takes most of the time of a short test.

    Only what hangs on the registry as ``oauthprov``, the Site with its storage and clock, belongs
    to a test, and that is made anew, from the test's own settings. An app whose configuration
    differs in anything but ``PLACES`` is another app.
    """

    limit: int = 16
    _spare: dict[object, tuple[Router, dict[str, object]]] = field(default_factory=dict)

    def app(self, settings: dict[str, str], *, straight: bool) -> tuple[Router, object]:
        """Return an app, configured or spare, and the key under which to give it back."""
        alike = {n: bool(v) if n in PLACES else v for n, v in settings.items()}
        key = (straight, frozenset(alike.items()))
        if key in self._spare:
            app, registered = self._spare.pop(key)
            app.registry.clear()
            app.registry.update(registered)
            known = app.registry["oauthprov.settings"] = Settings.from_ini(settings)
            app.registry["oauthprov.storage"] = opened(known)
            return app, key
        with Configurator(settings=settings) as config:
            config.include("oauthprov.web.standalone")
            if straight:
                answer_straight(config)
            return config.make_wsgi_app(), key

    def give_back(self, app: Router, key: object, registered: dict[str, object]) -> None:
        """Keep an app that is out of use, with what was registered when it was made."""
        self._spare[key] = app, registered
        while len(self._spare) > self.limit:
            del self._spare[next(iter(self._spare))]


MOULDS = Moulds()
PLACES = {
    f"oauthprov.{key}" for key in ("storage.url", "mail.url", "fetch.allow", "fetch.ca_file")
}
"""Settings that only the Site reads: where the servers and files of a test are."""


def standalone(settings: dict[str, str], *, straight: bool = True) -> Site:
    """What ``oauthprov.main`` serves, with a clock and a count of trips put in.

    Unless ``straight``, Pyramid's views answer endpoints for clients too, as in a host's app.
    """
    app, key = MOULDS.app(settings, straight=straight)
    registered = dict(app.registry)
    made = put_in(app, settings["oauthprov.issuer"])
    made.ended = lambda: MOULDS.give_back(app, key, registered)
    return made


def assembled(config: Configurator, issuer: str) -> Site:
    """Make the app that ``config`` describes; oauthprov is included already."""
    return put_in(config.make_wsgi_app(), issuer)


def put_in(app: Router, issuer: str) -> Site:
    """Give an app a Site of its own, on a clock and on storage that counts its trips."""
    registry = app.registry
    settings = registry["oauthprov.settings"]
    clock = registry["oauthprov.clock"] = Clock()
    storage = registry["oauthprov.storage"] = Counting(registry["oauthprov.storage"])
    before = registry["oauthprov"]
    registry["oauthprov"] = made = build(registry, settings, before.base_url)
    # Its background reads would be counted for requests; it has its own tests.
    vars(made.provider.sweeper)["look"] = lambda: None
    registrar = Registrar(settings, storage, clock, made.provider.clients.evict)
    return Site(app, issuer, storage, clock, registrar)


@dataclass
class Browser:
    """A person's browser, with its cookies."""

    site: Site
    page: TestApp = field(init=False)

    def __post_init__(self) -> None:
        self.page = TestApp(self.site.wsgi)

    def get(self, url: str, **kwargs) -> TestResponse:
        """GET an absolute URL, or a path below the issuer."""
        return self.page.get(self.site.url(url), expect_errors=True, **kwargs)

    def enter(self, name: str) -> Browser:
        """Sign up and stay signed in."""
        self.site.enter(self, name)
        return self

    def sign_up(self, name: str) -> Browser:
        sign_up(self, name)
        return self

    def sign_in(self, name: str) -> Browser:
        form = self.get("/login").form
        form["name"], form["password"] = name, PASSWORD
        assert form.submit().status_int == 303
        return self

    def account_id(self) -> str:
        """The account id of the signed-in person."""
        [stored] = self.site.storage.find(Account).items
        return stored.record.account_id

    def authorize(self, app: App, **changes) -> TestResponse:
        """Visit the authorization endpoint as ``app`` asks; return what is shown in the end.

        Redirects within the provider are followed, one to the application is returned.
        """
        return self.follow(self.get(app.authorization_url(**changes)))

    def follow(self, response: TestResponse) -> TestResponse:
        while response.status_int in (302, 303) and self._is_ours(response.location):
            response = self.get(response.location)
        return response

    def decide(self, consent: TestResponse, decision: str = "allow") -> TestResponse:
        """Press Allow or Cancel on a consent page."""
        form = consent.forms[0]
        return form.submit("decision", value=decision, expect_errors=True)

    def connect(self, app: App, **changes) -> dict[str, str]:
        """Go through authorization, allow what is asked, and return the parameters that arrive."""
        response = self.authorize(app, **changes)
        if response.status_int == 200:
            response = self.decide(response)
        return arrived(response)

    def _is_ours(self, location: str) -> bool:
        return location.startswith(self.site.issuer)


@dataclass
class App:
    """A registered application and what it does at the provider."""

    site: Site
    client: Client
    secret: str | None
    key: PrivateKey | None = None

    def authorization_request(self, **changes: str | None) -> dict[str, str]:
        """The parameters of a good authorization request; None leaves one out."""
        asked = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": self.client.redirect_uris[0] if self.client.redirect_uris else None,
            "scope": "profile:read",
            "state": "xyz",
            "code_challenge": challenge(VERIFIER),
            "code_challenge_method": "S256",
        } | changes
        return {name: value for name, value in asked.items() if value is not None}

    def authorization_url(self, **changes: str | None) -> str:
        given = self.authorization_request(**changes)
        return self.site.url("/oauth/authorize?" + urlencode(given, doseq=True))

    def post(self, path: str, form: dict, headers: dict | None = None) -> TestResponse:
        """Post a form, authenticated as the client registered."""
        form = {name: value for name, value in form.items() if value is not None}
        headers = dict(headers or {})
        if self.key is not None:
            form = self.proof(self.site.issuer) | form
        elif self.secret is None:
            form["client_id"] = self.client.client_id
        elif self.client.auth_method == "client_secret_post":
            form |= {"client_id": self.client.client_id, "client_secret": self.secret}
        else:
            headers |= basic(self.client.client_id, self.secret)
        return self.site.post("/oauth/token" if path == "token" else path, form, headers=headers)

    def proof(self, aud: object) -> dict[str, str]:
        """What proves a client that signs with ``key`` (RFC 7523 section 2.2)."""
        now, client_id = self.site.clock(), self.client.client_id
        claims = {"iss": client_id, "sub": client_id, "aud": aud, "jti": mint_id()}
        assertion = jose.sign(claims | {"iat": now, "exp": now + 60}, self.key, typ=None)
        return {"client_assertion_type": TYPE, "client_assertion": assertion}

    def exchange(self, code: str, headers: dict | None = None, **changes) -> TestResponse:
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
        return self.post("token", form | changes, headers)

    def refresh(self, refresh_token: str, headers: dict | None = None, **changes) -> TestResponse:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self.post("token", form | changes, headers)

    def introspect(self, token: str, **more: str) -> dict:
        return self.post("/oauth/introspect", {"token": token} | more).json

    def revoke(self, token: str) -> TestResponse:
        return self.post("/oauth/revoke", {"token": token})

    def tokens(self, browser: Browser, **changes) -> dict:
        """Go through the whole authorization code flow."""
        response = self.exchange(browser.connect(self, **changes)["code"])
        assert response.status_int == 200, response.text
        return response.json

    def userinfo(self, access_token: str, **headers: str) -> TestResponse:
        return self.site.get("/oauth/userinfo", headers=headers | bearing(access_token))

    def me(self, access_token: str, **headers: str) -> TestResponse:
        return self.site.get("/api/me", headers=headers | bearing(access_token))


def arrived(response: TestResponse) -> dict[str, str]:
    """The parameters of an authorization response, once it is shown to be one."""
    assert response.status_int in (302, 303), response.text
    return dict(parse_qsl(urlsplit(response.location).query, strict_parsing=True))


def bearing(access_token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {access_token}"}
