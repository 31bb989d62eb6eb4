"""The flows whose cost counts, as raw WSGI requests to the app that ``oauthprov.main`` makes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import oauthprov
from oauthprov.web.site import Site, site_of
from tests.oauth import basic, challenge
from tests.site import CALLBACK, FORM, OPENID, ini

ISSUER = "http://127.0.0.1:5000"
API = f"{ISSUER}/api"
VERIFIER = "v" * 64


@dataclass(frozen=True)
class Reply:
    """What the app answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class App:
    """The app over one storage, its clients, and a browser in which alice is signed in.

    ``more`` are settings besides those of the flows.
    """

    url: str
    more: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settings = ini(
            self.url,
            ISSUER,
            scopes=OPENID,
            development="true",
            client_cache="60",
            resources=f"{API} | profile:read | Your profile | jwt",
            **self.more,
        )
        self.wsgi = oauthprov.main({}, **settings)
        self.site: Site = site_of(self.wsgi.registry)
        self.site.provider.storage.upgrade()
        vars(self.site.provider.sweeper)["look"] = lambda: None
        made = self.site.provider.registrar.register
        self.machine = made(type="machine", name="machine", scopes=("photos:read",))
        self.reader = made(type="machine", name="reader", scopes=("profile:read",))
        scopes = ("openid", "photos:read", "offline_access")
        self.web = made(type="web", name="web", scopes=scopes, redirect_uris=(CALLBACK,))
        self.signer = made(type="web", name="signer", scopes=scopes, redirect_uris=(CALLBACK,))
        self._sign_up()
        for client, scope in ((self.web, "photos:read"), (self.signer, "openid")):
            self._allow(client, scope)

    def close(self) -> None:
        self.site.provider.storage.close()

    def environ(self, method: str, path: str, form=None, **headers: str) -> dict[str, object]:
        """The environ of a request as a WSGI server makes it."""
        path, _, query = path.partition("?")
        body = urlencode(form).encode() if form else b""
        made = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "5000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "127.0.0.1:5000",
            "HTTP_USER_AGENT": "calls",
            "HTTP_ACCEPT": "*/*",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        if form is not None:
            made |= {"CONTENT_TYPE": FORM, "CONTENT_LENGTH": str(len(body))}
        return made | {f"HTTP_{name.upper()}": value for name, value in headers.items()}

    def send(self, environ: dict[str, object]) -> Reply:
        """Send a request, and read the whole response."""
        status, headers = "", []

        def start_response(code, pairs, exc_info=None):
            nonlocal status, headers
            status, headers = code, pairs

        made = self.wsgi(environ, start_response)
        body = b"".join(made)
        if hasattr(made, "close"):
            made.close()
        return Reply(int(status[:3]), dict(headers), body)

    def browse(self, method: str, path: str, form=None) -> Reply:
        """Send a request of alice's browser, and keep the cookies of the response."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        environ = self.environ(method, path, form, cookie=cookie, origin=ISSUER)
        status, pairs, body = "", [], b""

        def start_response(code, headers, exc_info=None):
            nonlocal status, pairs
            status, pairs = code, headers

        body = b"".join(self.wsgi(environ, start_response))
        for name, value in pairs:
            if name == "Set-Cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return Reply(int(status[:3]), dict(pairs), body)

    def _sign_up(self) -> None:
        token = _field(self.browse("GET", "/signup"), "csrf_token")
        password = "correct horse battery"
        form = {"csrf_token": token, "name": "alice", "password": password}
        assert self.browse("POST", "/signup", form).status == 303

    def _allow(self, client, scope: str) -> None:
        page = self.browse("GET", self.authorization(client, scope))
        place = page.headers["Location"].removeprefix(ISSUER)
        page = self.browse("GET", place)
        names = ("csrf_token", "interaction")
        form = {name: _field(page, name) for name in names} | {"decision": "allow"}
        assert self.browse("POST", place.partition("?")[0], form).status == 303

    def authorization(self, client, scope: str) -> str:
        """The path of an authorization request."""
        return "/oauth/authorize?" + urlencode(
            {
                "response_type": "code",
                "client_id": client[0].client_id,
                "redirect_uri": CALLBACK,
                "scope": scope,
                "state": "xyz",
                "code_challenge": challenge(VERIFIER),
                "code_challenge_method": "S256",
            }
        )

    def authorize(self, client, scope: str) -> dict[str, object]:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return self.environ("GET", self.authorization(client, scope), cookie=cookie)

    def form(self, path: str, client, **form: str) -> dict[str, object]:
        """A form posted by a client that authenticates with Basic."""
        authorization = basic(client[0].client_id, client[1])["Authorization"]
        return self.environ("POST", path, form, authorization=authorization)

    def exchange(self, client, code: str) -> dict[str, object]:
        more = {"redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        return self.form(
            "/oauth/token", client, grant_type="authorization_code", code=code, **more
        )


def _field(page: Reply, name: str) -> str:
    text = page.body.decode()
    assert f'name="{name}"' in text, text
    return text.partition(f'name="{name}"')[2].partition('value="')[2].partition('"')[0]


def _code(reply: Reply) -> str:
    return dict(parse_qsl(urlsplit(reply.headers["Location"]).query))["code"]


@dataclass(frozen=True)
class Step:
    """One request of a flow, and the check that its response is right."""

    name: str
    environ: dict[str, object]
    right: Callable[[Reply], object]


def steps(app: App) -> Iterator[Step]:
    """Every request once; a step uses what the one before it got. Send each, and pass it on.

    The generator is sent the reply of each step.
    """
    machine, web, signer = app.machine, app.web, app.signer
    reply = yield Step(
        "client credentials",
        app.form("/oauth/token", machine, grant_type="client_credentials", scope="photos:read"),
        lambda got: got.json["access_token"],
    )
    token = reply.json["access_token"]
    yield Step(
        "introspection",
        app.form("/oauth/introspect", machine, token=token),
        lambda got: got.json["active"] is True,
    )
    jwt = {"scope": "profile:read", "resource": API}
    reply = yield Step(
        "client credentials jwt",
        app.form("/oauth/token", app.reader, grant_type="client_credentials", **jwt),
        lambda got: got.json["access_token"].count(".") == 2,
    )
    yield Step(
        "resource jwt",
        app.environ("GET", "/api/me", authorization="Bearer " + reply.json["access_token"]),
        lambda got: got.status == 200,
    )
    reply = yield Step("authorize", app.authorize(web, "photos:read"), _code)
    reply = yield Step(
        "code exchange", app.exchange(web, _code(reply)), lambda got: got.json["refresh_token"]
    )
    old = reply.json["refresh_token"]
    yield Step(
        "refresh",
        app.form("/oauth/token", web, grant_type="refresh_token", refresh_token=old),
        lambda got: got.json["refresh_token"] != old,
    )
    reply = yield Step("authorize openid", app.authorize(signer, "openid"), _code)
    reply = yield Step(
        "code exchange openid",
        app.exchange(signer, _code(reply)),
        lambda got: got.json["id_token"],
    )
    bearer = "Bearer " + quote(reply.json["access_token"])
    yield Step(
        "userinfo",
        app.environ("GET", "/oauth/userinfo", authorization=bearer),
        lambda got: got.json["sub"],
    )
