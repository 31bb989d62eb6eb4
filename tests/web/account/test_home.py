"""What the home page tells the developer of a server in development to do next."""

import json
from pathlib import Path

import pytest

from oauthprov.storage import open_storage
from tests import site as sites

ROOT = Path(__file__).parents[3]


@pytest.fixture
def in_development():
    """A site in development, where everybody may register clients."""
    made = sites.standalone(sites.ini("sqlite://", development="true"))
    yield made
    made.close()


def steps(browser) -> list[str]:
    return [
        title.text.strip() for title in browser.get("/").html.select("[aria-labelledby=next] h3")
    ]


def registers_itself(site) -> sites.App:
    """A client that registered itself."""
    document = {"redirect_uris": [sites.CALLBACK], "token_endpoint_auth_method": "none"}
    answer = site.send(
        "POST",
        "/oauth/register",
        body=json.dumps(document).encode(),
        content_type="application/json",
    )
    client = site.registrar.get(answer.json["client_id"]).record
    return sites.App(site, client, None)


def test_each_step_goes_once_it_is_done(in_development):
    site = in_development
    alice = site.browser().sign_up("alice")
    last = ["Connect an MCP client", "Read the documentation"]
    assert steps(alice) == ["Register a client", *last]
    app = site.app(owner=alice.account_id())
    assert steps(alice) == ["Sign in with your client", *last]
    link = alice.get("/").html.select_one("[aria-labelledby=next] a")
    assert link["href"] == site.url(f"/clients/{app.client.client_id}")
    app.tokens(alice)
    assert steps(alice) == last
    registers_itself(site).tokens(alice)
    assert steps(alice) == ["Read the documentation"]


def test_nobody_else_is_told(in_development):
    assert steps(in_development.browser()) == []


def test_somebody_who_may_not_register_clients_is_not_told():
    site = sites.standalone(sites.ini("sqlite://", development="true", console="developers"))
    assert steps(site.browser().sign_up("alice")) == []
    site.close()


def test_a_server_in_production_says_nothing_of_it():
    site = sites.standalone(sites.ini("sqlite://"))
    assert steps(site.browser().sign_up("alice")) == []
    site.close()


def test_the_documents_that_it_names_are_there(in_development):
    page = in_development.browser().sign_up("alice").get("/").html
    paths = [code.text for code in page.select("[aria-labelledby=next] li code")]
    assert len(paths) == 2
    assert all((ROOT / path).is_file() for path in paths)


def test_outside_development_the_page_costs_one_read(tmp_path):
    url = f"sqlite:///{tmp_path / 'id.sqlite'}"
    storage = open_storage(url)
    storage.upgrade()
    storage.close()
    site = sites.standalone(sites.ini(url))
    alice = site.browser().sign_up("alice")
    assert site.storage.trips(lambda: alice.get("/")) == (1, 0)
    site.close()
