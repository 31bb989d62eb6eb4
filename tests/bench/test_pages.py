"""The measurement of pages and commands: what it measures, and what it calls slow."""

from __future__ import annotations

from contextlib import closing

import pytest

from bench import pages
from bench.pages import Cell, Deployment, Table
from oauthprov.records import Account, AuthorizationCode, Client, Grant, LogoutDelivery, Session
from tests.conftest import RUN
from tests.servers import empty, redis


@pytest.fixture(params=["sqlite", "redis"])
def deployment(request, tmp_path):
    url = f"sqlite:///{tmp_path}/growth.sqlite"
    if request.param == "redis":
        url = redis.url(request.config.stash[RUN])
        empty(url)
    made = Deployment(url, tmp_path)
    with closing(made.site):
        yield made


def test_it_fills_and_measures_pages_commands_and_endings(deployment, monkeypatch):
    monkeypatch.setattr(pages, "COMMANDS", ("client list --json", "storage purge"))
    deployment.fill(0, 40)
    deployment.fill(40, 70)
    storage = deployment.site.storage
    many = {kind: sum(1 for _ in storage.walk(kind)) for kind in (Account, Client, Session)}
    assert many == {Account: 72, Client: 3 * 70 + 1, Session: pages.SESSIONS + 2}
    for kind in (LogoutDelivery, Grant, AuthorizationCode):
        assert sum(1 for _ in storage.walk(kind)) >= 70
    measured = dict(deployment.pages(["/account/passkeys"]))
    assert {"/account", "/account/apps?after=", "/clients?after=", "/account/passkeys"} <= {
        *measured
    }
    measured |= dict(deployment.admin_pages())
    assert {"/admin/people?after=", "/admin/clients?after=", "/admin/audit?after="} <= {*measured}
    assert {"/admin/people/ID", "/admin/clients/ID", "/admin/audit?about="} <= {*measured}
    assert all(cell.amount > 1000 for cell in measured.values())
    commands = dict(deployment.commands())
    assert list(commands) == ["`client list --json`", "`storage purge`"]
    assert all(cell.amount > 10 for cell in commands.values())
    assert dict(deployment.endings()).keys() >= {"download of the data", "sign out everywhere"}


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
