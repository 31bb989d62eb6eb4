"""Times how slow servers of clients, and a failing storage, delay all other requests.

    python -m bench.slow_clients

Everything is on this machine: two TLS servers with a test certificate authority, and SQLite in a
temporary directory. It ends by itself within three minutes.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from oauthprov.errors import StorageError
from oauthprov.records import Client
from tests.fetch.server import JSON, Authority, Names, Server, answer
from tests.protocol.assertions import KEY, SigningWorld, proof, published, signed
from tests.protocol.visit import Visit
from tests.protocol.world import CALLBACK, OPENID, SCOPES

SLOW, HONEST = "slow.example", "honest.example"
REQUEST_URIS, SIGNERS, MUTE, CALLERS = 50, 8, 12, 8
FAILS_AFTER = 1.0
"""Seconds that a call takes until the storage fails."""


class Place:
    """A provider, a server that answers and a server that doesn't."""

    def __init__(self, folder: Path) -> None:
        authority = Authority(folder)
        self.gate = threading.Event()
        self.honest, self.slow = (Server(authority.context(n)) for n in (HONEST, SLOW))
        self.honest.reply = answer(published(KEY).encode(), JSON)
        self.slow.reply = lambda connection: self.gate.wait(60)
        settings = {
            "scopes": OPENID,
            "default_scopes": "",
            "resources": "",
            "fetch.allow": f"{HONEST}:{self.honest.port} {SLOW}:{self.slow.port}",
            "fetch.ca_file": authority.file,
            "logout.worker": "false",
            "storage.url": f"sqlite:///{folder}/bench.sqlite",
        }
        self.world = SigningWorld(**settings)
        names = Names()
        names.names = {host: [["127.0.0.1"]] for host in (HONEST, SLOW)}
        self.world.provider.fetcher._lookup = names

    def url(self, host: str, path: object) -> str:
        port = self.honest.port if host == HONEST else self.slow.port
        return f"https://{host}:{port}/{path}"

    def close(self) -> None:
        self.gate.set()
        for server in (self.honest, self.slow):
            server.close()
        self.world.storage.close()


def timed(work: Callable[[], object]) -> tuple[float, object]:
    began = time.monotonic()
    result = work()
    return time.monotonic() - began, result


def fetches(place: Place) -> None:
    """Clients with a jwks_uri authenticate while another client uses many slow request_uris."""
    world = place.world
    uris = tuple(place.url(SLOW, number) for number in range(REQUEST_URIS))
    world.client("greedy", jwks=published(KEY), request_uris=uris, scopes=("openid",))
    for number in range(SIGNERS):
        world.signer(f"signer-{number}", jwks_uri=place.url(HONEST, "jwks"))

    def redeem(number: int) -> object:
        form = {"grant_type": "authorization_code", "code": "x", "code_verifier": "v" * 43}
        answered = world.send("token", form | proof(signed(f"signer-{number}")))
        return f"{answered.status} {answered.body['error']}"

    with ThreadPoolExecutor(REQUEST_URIS + SIGNERS) as threads:
        asked = {"scope": "openid", "redirect_uri": CALLBACK, "state": None}
        for uri in uris:
            threads.submit(world.authorize, "greedy", request_uri=uri, **asked)
        place.slow.wait(1)
        done = list(threads.map(lambda n: timed(lambda: redeem(n)), range(SIGNERS)))
        place.gate.set()
    took = [seconds for seconds, _ in done]
    answers = ", ".join(f"{n} x {a}" for a, n in Counter(a for _, a in done).items())
    print(f"{SIGNERS} signers beside {REQUEST_URIS} slow request_uris: {answers}")
    print(f"  median {statistics.median(took):.2f} s, slowest {max(took):.2f} s")


def logouts(place: Place) -> None:
    """One client receives a logout token while many others accept connections but don't answer."""
    world, came = place.world, []

    def reply(connection: object) -> None:
        came.append(time.monotonic())
        connection.sendall(answer(b""))

    place.honest.reply = reply
    world.change(Client, "app", scopes=SCOPES, auth_method="none", jwks=None)
    world.change(Client, "app", backchannel_logout_uri=place.url(HONEST, "logout"))
    mute = [f"mute-{number}" for number in range(MUTE)]
    for client_id in mute:
        uri = place.url(SLOW, "logout")
        world.client(client_id, scopes=SCOPES, first_party=True, backchannel_logout_uri=uri)
    for which in ("the first", "the second"):
        visit = Visit(world)
        for client_id in (*mute, "app"):
            visit.tokens(client_id)
        visit.leave()
        began = time.monotonic()
        took, _ = timed(world.provider.backchannel.deliver)
        print(
            f"{which} round with {MUTE} mute clients: the other one was told after "
            f"{came[-1] - began:.2f} s of {took:.2f} s"
        )
        world.now += 30


class Failing:
    """A storage that fails after a while."""

    def __getattr__(self, name: str) -> object:
        time.sleep(FAILS_AFTER)
        raise StorageError("gone")


def keys(place: Place) -> None:
    """The key set is requested while the storage fails, with and without a cached copy."""
    for held in (True, False):
        world = place.world
        provider = world.another_process()
        if held:
            provider.keys.jwks()
        healthy, world.storage.inner = world.storage.inner, Failing()
        world.now += 10

        def ask(_: int, provider: object = provider) -> str:
            try:
                provider.keys.jwks()
            except StorageError:
                return "503"
            return "200"

        with ThreadPoolExecutor(CALLERS) as threads:
            done = list(threads.map(lambda n: timed(lambda: ask(n)), range(CALLERS)))
        world.storage.inner = healthy
        counted = ", ".join(f"{n} x {a}" for a, n in Counter(a for _, a in done).items())
        print(
            f"{CALLERS} ask for the key set, held: {held}: {counted}, "
            f"slowest {max(seconds for seconds, _ in done):.2f} s"
        )


def main() -> None:
    argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0]).parse_args()
    for measure in (fetches, logouts, keys):
        with tempfile.TemporaryDirectory() as folder:
            place = Place(Path(folder))
            try:
                measure(place)
            finally:
                place.close()


if __name__ == "__main__":
    main()
