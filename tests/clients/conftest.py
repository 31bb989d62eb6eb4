"""A served instance, and a person who clicks through its pages over HTTP."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from urllib.parse import urljoin

import pytest
import requests
import waitress
from bs4 import BeautifulSoup

from tests import site as sites
from tests.clients.somebody import Somebody
from tests.conformance.provider import certified
from tests.conformance.suite_server import SuiteServer
from tests.site import CALLBACK, PASSWORD


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
    return requests.get(url, timeout=5).json()


@dataclass
class Person:
    """Somebody with a browser that stops at what isn't on the provider's host."""

    issuer: str
    browser: requests.Session = field(default_factory=requests.Session)

    def visit(self, url: str) -> requests.Response:
        return self._follow(self.browser.get(url, allow_redirects=False, timeout=5))

    def submit(self, page: requests.Response, **values: str) -> requests.Response:
        """Fill in the first form of ``page`` and send it."""
        form = BeautifulSoup(page.text, "html.parser").form
        fields = {
            i["name"]: i.get("value", "") for i in form.find_all("input", attrs={"name": True})
        }
        target = urljoin(page.url, form["action"])
        answer = self.browser.post(
            target, fields | values, allow_redirects=False, headers={"Origin": self.issuer}
        )
        return self._follow(answer)

    def allow(self, url: str, callback: str = CALLBACK) -> str:
        """Visit an authorization URL and allow the request; return the final URL."""
        answer = self.visit(url)
        if not answer.is_redirect:
            answer = self.submit(answer, decision="allow")
        assert answer.headers["Location"].startswith(callback)
        return answer.headers["Location"]

    def _follow(self, answer: requests.Response) -> requests.Response:
        while answer.is_redirect and answer.headers["Location"].startswith(self.issuer):
            answer = self.browser.get(answer.headers["Location"], allow_redirects=False, timeout=5)
        return answer


@pytest.fixture(scope="module")
def alice(server):
    """A person who has signed up."""
    person = Person(server.issuer)
    person.submit(person.visit(f"{server.issuer}/signup"), name="alice", password=PASSWORD)
    yield person
    person.browser.close()


@pytest.fixture(scope="module")
def own_server(tmp_path_factory):
    """The server of the relying parties' own documents."""
    made = SuiteServer(tmp_path_factory.mktemp("own_server"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def provider(own_server, tmp_path_factory):
    """The provider with the settings for certification, over https; it yields Certified."""
    folder = tmp_path_factory.mktemp("provider")
    url = f"sqlite:///{folder}/provider.sqlite"
    # idpyoidc checks no certificate of a host whose name is localhost.
    with certified(url, folder, own_server.place, own_server, host="127.0.0.1") as served:
        yield served


@pytest.fixture
def somebody(provider):
    made = Somebody(provider)
    yield made
    made.close()
