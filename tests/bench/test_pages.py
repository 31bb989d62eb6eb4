"""The measurement of pages and commands: what it measures, and what it calls slow."""

from __future__ import annotations

from contextlib import closing

import pytest

from bench.pages import chromium as in_browser
from bench.pages import commands as commanded
from bench.pages import visits
from bench.pages.__main__ import in_chromium, visited
from bench.pages.deployment import SESSIONS, Deployment
from bench.pages.results import Cell, Table
from oauthprov.records import Account, AuthorizationCode, Client, Grant, LogoutDelivery, Session
from tests.conftest import RUN
from tests.engines import engines
from tests.servers import empty, redis

pytestmark = pytest.mark.browser


@pytest.fixture(params=engines(["sqlite", "redis"], "sqlite"))
def deployment(request, tmp_path):
    url = f"sqlite:///{tmp_path}/growth.sqlite"
    if request.param == "redis":
        url = redis.url(request.config.stash[RUN])
        empty(url)
    made = Deployment(url, tmp_path)
    with closing(made.site):
        yield made


def test_it_fills_and_measures_pages_commands_and_endings(deployment, chromium, monkeypatch):
    for module in (visits, in_browser):
        monkeypatch.setattr(module, "TIMES", 1)
    monkeypatch.setattr(commanded, "COMMANDS", ("client list --json", "storage purge"))
    deployment.fill(0, 40)
    deployment.fill(40, 70)
    storage = deployment.site.storage
    many = {kind: sum(1 for _ in storage.walk(kind)) for kind in (Account, Client, Session)}
    assert many == {Account: 72, Client: 3 * 70 + 1, Session: SESSIONS + 2}
    for kind in (LogoutDelivery, Grant, AuthorizationCode):
        assert sum(1 for _ in storage.walk(kind)) >= 70
    measured = dict(visited(deployment, ["/account/passkeys"]))
    assert {"/account", "/account/apps?after=", "/clients?after=", "/account/passkeys"} <= {
        *measured
    }
    assert {"/admin/people?after=", "/admin/clients?after=", "/admin/audit?after="} <= {*measured}
    assert {"/admin/people/ID", "/admin/clients/ID", "/admin/audit?about="} <= {*measured}
    assert all(cell.amount > 1000 for cell in measured.values())
    monkeypatch.setattr(visits, "PAGES", ("/account",))
    monkeypatch.setattr(visits, "ADMIN_PAGES", ("/admin/people",))
    shown = dict(in_chromium(chromium, deployment, ["/account/passkeys"]))
    assert {"/account", "/account/passkeys", "/admin/people/ID"} <= shown.keys()
    assert all(cell.seconds > 0 and cell.amount > 1000 for cell in shown.values())
    commands = dict(commanded.commands(deployment))
    assert list(commands) == ["`client list --json`", "`storage purge`"]
    assert all(cell.amount > 10 for cell in commands.values())
    assert dict(commanded.endings(deployment)).keys() >= {
        "download of the data",
        "sign out everywhere",
    }


def test_a_slow_page_and_a_command_that_grows_are_failures():
    table = Table()
    table.pages["/quick"] = {1000: Cell(0.4, 9000)}
    table.pages["/slow"] = {1000: Cell(0.1, 9000), 10_000: Cell(0.6, 9000)}
    table.commands["flat"] = {1000: Cell(1, 60), 10_000: Cell(9, 75)}
    table.commands["growing"] = {1000: Cell(1, 60), 10_000: Cell(9, 95)}
    assert list(table.failures()) == [
        "/slow takes 0.60 s at 10,000",
        "growing takes 95 MiB at 10,000",
    ]
