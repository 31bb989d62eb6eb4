"""A served instance, and a person who clicks through its pages over HTTP."""

from __future__ import annotations

import socket
import threading
import time

import pytest
import requests
import waitress

from tests import site as sites
from tests.clients.mcp_server import notes_in
from tests.clients.person import Person
from tests.clients.somebody import Somebody
from tests.conformance.provider import certified
from tests.conformance.suite_server import SuiteServer
from tests.servers import fresh
from tests.servers.wsgi import Server
from tests.site import OPENID, PASSWORD


@pytest.fixture(scope="module")
def more():
    """Settings beside those of every test."""
    return {}


@pytest.fixture(scope="module")
def server(more):
    """A provider that waitress serves on a free port; it yields the Site."""
    listening = socket.create_server(("127.0.0.1", 0))
    issuer = f"http://127.0.0.1:{listening.getsockname()[1]}"
    made = sites.standalone(sites.ini("sqlite://", issuer=issuer, development="true", **more))
    serving = waitress.create_server(made.wsgi, sockets=[listening])
    thread = threading.Thread(target=serving.run)
    thread.start()
    yield made
    # waitress has no call that ends run(): it ends when there is no socket left to watch.
    serving.trigger.pull_trigger(lambda: serving.asyncore.close_all(serving._map))
    thread.join()
    serving.task_dispatcher.shutdown()
    made.close()


@pytest.fixture(scope="module")
def metadata(server):
    """The discovery document."""
    url = f"{server.issuer}/.well-known/oauth-authorization-server"
    return requests.get(url, timeout=60).json()


@pytest.fixture(scope="module")
def alice(server):
    """A person who has signed up."""
    person = Person(server.issuer)
    person.submit(person.visit(f"{server.issuer}/signup"), name="alice", password=PASSWORD)
    yield person
    person.browser.close()


@pytest.fixture(scope="module")
def openid_provider(more):
    """A provider with OpenID Connect for programs, whose clock is that of this machine."""
    listening = Server()
    given = {"development": "true", "scopes": OPENID} | more
    made = sites.standalone(sites.ini("sqlite://", issuer=listening.root, **given))
    made.clock.now = int(time.time())
    listening.start(made.wsgi)
    yield made
    listening.close()
    made.close()


@pytest.fixture(scope="module")
def engines(postgresql_url, redis_url, tmp_path_factory):
    """The URLs of empty storages by the names of their engines."""
    file = f"sqlite:///{tmp_path_factory.mktemp('storage')}/x.sqlite"
    every = {"sqlite": file, "postgresql": postgresql_url, "redis": redis_url}
    return {name: fresh(url) for name, url in every.items()}


@pytest.fixture(scope="module")
def own_server(tmp_path_factory):
    """The server of the relying parties' own documents."""
    made = SuiteServer(tmp_path_factory.mktemp("own_server"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def storage_url(request, tmp_path_factory):
    """The URL of an empty storage: of SQLite, or of the engine that a module has as parameter."""
    engine = getattr(request, "param", "sqlite")
    if engine == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('storage')}/x.sqlite"
    return fresh(request.getfixturevalue(f"{engine}_url"))


@pytest.fixture(scope="module")
def provider(storage_url, own_server, tmp_path_factory):
    """The provider with the settings for certification, over https; it yields Certified."""
    folder = tmp_path_factory.mktemp("provider")
    # idpyoidc checks no certificate of a host whose name is localhost.
    with certified(storage_url, folder, own_server.place, own_server, host="127.0.0.1") as served:
        yield served


@pytest.fixture
def somebody(provider):
    made = Somebody(provider)
    yield made
    made.close()


@pytest.fixture(scope="module")
def notes(tmp_path_factory):
    """``examples/mcp``, with a clock that tests advance."""
    with notes_in(tmp_path_factory.mktemp("notes")) as served:
        yield served
