"""Times a protected view of an app elsewhere, by the way that it checks its token.

    python -m bench.protected_views

A provider on SQLite is served by a thread of this process, so asking it costs no network. Each way
gets the same requests in turns. It prints medians in microseconds: of the whole request, through
Pyramid, and of the check alone.
"""

from __future__ import annotations

import argparse
import secrets
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from wsgiref.util import setup_testing_defaults

import waitress
from pyramid.config import Configurator

import oauthprov
from oauthprov.web.site import Site, site_of

PHOTOS = "https://photos.example/"


class Quiet:
    """Serves an app on a free port of this machine, in a thread."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    @contextmanager
    def serving(self, wsgi: object) -> Iterator[None]:
        server = waitress.create_server(wsgi, sockets=[self.socket])
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield
        finally:
            server.trigger.pull_trigger(lambda: server.asyncore.close_all(server._map))
            thread.join()
            server.task_dispatcher.shutdown()


def provider(issuer: str, folder: Path) -> tuple[object, Site]:
    """Make the provider, over an SQLite file."""
    settings = {
        "oauthprov.issuer": issuer,
        "oauthprov.development": "true",
        "oauthprov.secret": secrets.token_urlsafe(32),
        "oauthprov.storage.url": f"sqlite:///{folder / 'provider.sqlite'}",
        "oauthprov.scopes": "photos:read | See your photos",
        "oauthprov.keys.algorithms": "RS256 ES256 Ed25519",
        "oauthprov.resources": "\n".join(
            f"https://{name}.example/ | photos:read | Photos{kind}"
            for name, kind in {
                "photos": "",
                "rs256": " | jwt",
                "es256": " | jwt ES256",
                "ed25519": " | jwt Ed25519",
            }.items()
        ),
        "oauthprov.jwt_access_token_lifetime": "3600",
    }
    wsgi = oauthprov.main({}, **settings)
    site = site_of(wsgi.registry)
    site.provider.storage.upgrade()
    return wsgi, site


def api(issuer: str, resource: str, kind: str = "", **more: str) -> Callable[[str], None]:
    """Make the app; return what sends it a request with a token."""
    start = "oauthprov.resource_server."
    settings = {
        f"{start}issuer": issuer,
        f"{start}resources": f"{resource} | photos:read | Photos{kind}",
    } | {f"{start}{name}": value for name, value in more.items()}
    with Configurator(settings=settings) as config:
        config.include("oauthprov.resource_server")
        config.add_route("photos", "/")
        config.add_view(
            lambda request: {}, route_name="photos", renderer="json", oauth_scopes=("photos:read",)
        )
        wsgi = config.make_wsgi_app()
    tokens = wsgi.registry["oauthprov.resource_server.tokens"]

    def send(token: str) -> None:
        environ: dict[str, object] = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
        setup_testing_defaults(environ)
        got: list[str] = []
        b"".join(wsgi(environ, lambda status, headers: got.append(status)))
        if got != ["200 OK"]:
            raise SystemExit(f"unexpected: {got}")

    vars(send)["check"] = tokens.token_info
    return send


def ways(site: Site, issuer: str) -> dict[str, tuple[Callable[[str], None], str]]:
    """Each way to check a token, and a token for it."""
    made = site.provider.registrar.register
    own, secret = made(type="api", name="API", introspects=("*",))
    client = {"client_id": own.client_id, "client_secret": str(secret)}
    machine, machine_secret = made(type="machine", name="M", scopes=("photos:read",))

    def token(resource: str) -> str:
        from urllib.parse import urlencode

        from oauthprov.protocol.request.answers import Call  # as a client sends it

        form = {"grant_type": "client_credentials", "resource": resource}
        form |= {"client_id": machine.client_id, "client_secret": str(machine_secret)}
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = site.provider.endpoints.token(
            Call("POST", b"", urlencode(form).encode(), headers)
        )
        return str((answer.body or {})["access_token"])

    opaque = token(PHOTOS)
    found = {
        "asking each time": (api(issuer, PHOTOS, cache="0", **client), opaque),
        "introspection, kept for 5 s": (api(issuer, PHOTOS, cache="300", **client), opaque),
    }
    for alg in ("RS256", "ES256", "Ed25519"):
        resource = f"https://{alg.lower()}.example/"
        verifying = api(issuer, resource, f" | jwt {alg}", validation="jwt")
        found[f"signature, {alg}"] = (verifying, token(resource))
    return found


def main() -> None:
    """Print a row for each way."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=500, help="requests of each way")
    rounds = min(parser.parse_args().rounds, 20_000)
    quiet = Quiet()
    with tempfile.TemporaryDirectory() as folder:
        wsgi, site = provider(quiet.url, Path(folder))
        with quiet.serving(wsgi):
            _print(_timed(ways(site, quiet.url), rounds))
        site.provider.storage.close()


Times = dict[str, tuple[list[float], list[float]]]


def _timed(each: dict[str, tuple[Callable[[str], None], str]], rounds: int) -> Times:
    times: Times = {name: ([], []) for name in each}
    for number in range(rounds + 10):
        for name, (send, token) in each.items():
            for kept, work in zip(times[name], (send, vars(send)["check"]), strict=True):
                began = time.perf_counter()
                work(token)
                if number >= 10:  # what is kept is warm by then
                    kept.append(time.perf_counter() - began)
    return times


def _print(times: Times) -> None:
    print(f"{'':30}{'request':>10}{'check':>10}   (median, us)")
    for name, pair in times.items():
        whole, check = (statistics.median(kept) * 1e6 for kept in pair)
        print(f"{name:30}{whole:10.0f}{check:10.1f}")


if __name__ == "__main__":
    main()
