"""How the mail server and the sender are written in the .ini."""

from __future__ import annotations

import pytest

from oauthprov.errors import ConfigurationError
from oauthprov.settings import MailServer, Sender, Settings
from tests.site import ini


def settings(**mail: str) -> Settings:
    given = {"mail.sender": "id@example.org"} | {f"mail.{k}": v for k, v in mail.items()}
    return Settings.from_ini(ini("sqlite://", **given))


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("", None),
        ("smtp://mail.example", MailServer("mail.example", 587, "starttls")),
        ("smtps://mail.example", MailServer("mail.example", 465, "implicit")),
        (
            "smtp://robot%40example.org:p%3Ass%2Fword%3F@mail.example:2525",
            MailServer("mail.example", 2525, "starttls", "robot@example.org", "p:ss/word?"),
        ),
        ("smtp://localhost?tls=off", MailServer("localhost", 25, "off")),
        ("smtp://[::1]:2525?tls=off", MailServer("::1", 2525, "off")),
    ],
)
def test_a_mail_server(url, server):
    assert settings(url=url).mail_url == server


def test_its_certificates(tmp_path):
    with pytest.raises(ConfigurationError, match="ca_file"):
        settings(url=f"smtp://mail.example?ca_file={tmp_path}/nothing.pem")


def test_the_console_is_for_development():
    with pytest.raises(ConfigurationError, match="only in development"):
        settings(url="console:")
    developing = ini("sqlite://", development="true", **{"mail.url": "console:"})
    assert Settings.from_ini(developing).mail_url == MailServer()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mail.example", "must be console: or"),
        ("http://mail.example", "must be console: or"),
        ("smtp://", "must be console: or"),
        ("console:x", "must be console: or"),
        ("smtp://robot:se/cret@mail.example", "valid URL|no path"),
        ("smtp://mail.example:many", "valid URL"),
        ("smtp://mail.example/inbox", "no path"),
        ("smtp://mail.example?tls=off", "on this machine"),
        ("smtps://localhost?tls=off", "only the options"),
        ("smtp://localhost?tls=no", "only the options"),
        ("smtp://mail.example?verify=false", "only the options"),
    ],
)
def test_what_is_no_mail_server(url, words):
    with pytest.raises(ConfigurationError, match=words) as wrong:
        settings(url=url)
    assert "cret" not in str(wrong.value)


def test_a_sender():
    assert settings(sender="id@example.org").mail_sender == Sender("id@example.org")
    named = settings(sender="Example, Inc. <id@example.org>").mail_sender
    assert named == Sender("id@example.org", "Example, Inc.")


@pytest.mark.parametrize(
    "sender", ["Example", "id@", "@example.org", "a@example.org, b@example.org", "A <a@b> <c@d>"]
)
def test_what_is_no_sender(sender):
    with pytest.raises(ConfigurationError, match="Name <address>"):
        settings(sender=sender)


def test_mail_needs_a_sender():
    with pytest.raises(ConfigurationError, match=r"mail\.sender is required"):
        settings(url="smtp://mail.example", sender="")


def test_a_link_must_outlive_the_way_of_a_mail():
    with pytest.raises(ConfigurationError, match="300 or more"):
        settings(url="smtp://mail.example", link_lifetime="60")


def test_its_password_isn_t_shown():
    url = "smtp://robot:pass-word@mail.example"
    assert "pass-word" not in repr(settings(url=url)) + repr(settings(url=url).mail_url)
