"""Each fault of the Redis for limits, and of the mail server, is found in bounded time."""

from __future__ import annotations

import socket
import threading

import pytest

from oauthprov.doctor import Beside, Report, examine_beside
from oauthprov.settings import Settings
from tests.doctor.conftest import found, ini
from tests.servers.run import free_port
from tests.smtp import SmtpServer

SENDER = {"mail.sender": "id@example.org"}


def examined(**given: str) -> Report:
    report = Report()
    examine_beside(report, Beside(Settings.from_ini(ini(**given)), patience=2))
    assert report.skipped == []
    return report


@pytest.fixture
def mail_server():
    made = SmtpServer()
    yield made
    made.close()


@pytest.fixture
def silent():
    """The port of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def mail(port: int, user: str = "") -> dict[str, str]:
    return SENDER | {"mail.url": f"smtp://{user}localhost:{port}?tls=off"}


def test_nothing_is_found_without_mail_and_with_limits_in_memory():
    report = examined()
    assert found(report) == []
    assert [row.name for row in report.made] == ["limits.answers", "mail.answers"]
    assert found(examined(**{"mail.url": "console:", "development": "true"})) == []


def test_nothing_is_found_where_both_answer(redis_url, mail_server):
    report = examined(**{"limits.url": redis_url, **mail(mail_server.port, "robot:hush@")})
    assert found(report) == []
    assert mail_server.mails == []
    assert "QUIT" in mail_server.commands


def test_a_redis_for_limits_that_is_away_is_found():
    url = f"redis://:hush-hush@127.0.0.1:{free_port()}/0"
    report = examined(**{"limits.url": url})
    assert found(report) == ["limits.answers"]
    assert "refuses the connection: no server listens there" in report.findings[0].found
    assert "hush" not in report.findings[0].found


def test_a_redis_for_limits_that_hangs_is_found(silent):
    report = examined(**{"limits.url": f"redis://127.0.0.1:{silent}/0"})
    assert found(report) == ["limits.answers"]
    assert "didn't answer in time" in report.findings[0].found


def test_something_else_in_place_of_redis_is_found(mail_server):
    report = examined(**{"limits.url": f"redis://127.0.0.1:{mail_server.port}/0"})
    assert found(report) == ["limits.answers"]


def test_a_mail_server_that_is_away_is_found():
    report = examined(**mail(free_port()))
    assert found(report) == ["mail.answers"]
    assert "Connection refused" in report.findings[0].found


def test_a_mail_server_that_hangs_is_found(silent):
    report = examined(**mail(silent))
    assert found(report) == ["mail.answers"]
    assert "didn't answer in time" in report.findings[0].found


def test_a_mail_server_that_hangs_late_is_found(mail_server):
    mail_server.held = threading.Event()
    assert found(examined(**mail(mail_server.port))) == ["mail.answers"]


@pytest.mark.parametrize(
    ("replies", "says"),
    [({"AUTH": "535 no"}, "answered with 535"), ({"CONNECT": "421 busy"}, "answered with 421")],
)
def test_a_mail_server_that_refuses_us_is_found(mail_server, replies, says):
    mail_server.replies |= replies
    report = examined(**mail(mail_server.port, "robot:hush-hush@"))
    assert found(report) == ["mail.answers"]
    assert says in report.findings[0].found
    assert "hush" not in report.findings[0].found


def test_a_mail_server_without_tls_is_found(mail_server):
    url = f"smtp://localhost:{mail_server.port}"
    report = examined(**SENDER | {"mail.url": url})
    assert found(report) == ["mail.answers"]
