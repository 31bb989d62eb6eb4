import pytest

from oauthprov.fetch import Fetcher
from oauthprov.settings.values import fetch_allow
from tests.fetch.server import Authority, Names, Server

NAME = "app.example"
TYPES = ("application/json",)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority):
    """A server of ``app.example``."""
    made = Server(authority.context(NAME))
    yield made
    made.close()


class Place:
    """A fetcher that finds ``app.example`` at the test server, and is let in there."""

    def __init__(self, server, authority):
        self.server = server
        self.names = Names()
        self.names.names[NAME] = [["127.0.0.1"]]
        self.ca_file = authority.file
        self.url = f"https://{NAME}:{server.port}/jwks?x=1#fragment"

    def fetcher(self, allow=None, ca_file=None, seconds=30.0):
        """A fetcher; ``allow`` is what the setting says, the server by default."""
        allowed = f"{NAME}:{self.server.port}" if allow is None else allow
        return Fetcher(
            fetch_allow(allowed),
            self.ca_file if ca_file is None else ca_file,
            seconds=seconds,
            lookup=self.names,
        )

    def fetch(self, url=None, limit=1000, **options):
        return self.fetcher(**options).fetch(url or self.url, media_types=TYPES, limit=limit)


@pytest.fixture
def place(server, authority):
    return Place(server, authority)
