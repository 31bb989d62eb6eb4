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
def test_a_mail_url_is_parsed_into_server_tls_and_login(url, server):
    assert settings(url=url).mail_url == server


def test_a_missing_ca_file_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="ca_file"):
        settings(url=f"smtp://mail.example?ca_file={tmp_path}/nothing.pem")


def test_the_console_mailer_is_refused_outside_development():
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
def test_an_invalid_mail_url_is_refused_without_its_password(url, words):
    with pytest.raises(ConfigurationError, match=words) as wrong:
        settings(url=url)
    assert "cret" not in str(wrong.value)


def test_a_sender_is_an_address_with_an_optional_name():
    assert settings(sender="id@example.org").mail_sender == Sender("id@example.org")
    named = settings(sender="Example, Inc. <id@example.org>").mail_sender
    assert named == Sender("id@example.org", "Example, Inc.")


@pytest.mark.parametrize(
    "sender", ["Example", "id@", "@example.org", "a@example.org, b@example.org", "A <a@b> <c@d>"]
)
def test_an_invalid_sender_is_refused(sender):
    with pytest.raises(ConfigurationError, match="Name <address>"):
        settings(sender=sender)


def test_mail_needs_a_sender():
    with pytest.raises(ConfigurationError, match=r"mail\.sender is required"):
        settings(url="smtp://mail.example", sender="")


@pytest.mark.parametrize(
    ("seconds", "says"),
    [("60", r"mail\.reset_lifetime must be 0 or at least 300"), ("86401", "at most 86400")],
)
def test_a_link_for_a_new_password_lasts_from_five_minutes_to_a_day(seconds, says):
    with pytest.raises(ConfigurationError, match=says):
        settings(url="smtp://mail.example", sender="id@example.org", reset_lifetime=seconds)


def test_link_lifetime_has_a_minimum_of_300_seconds():
    with pytest.raises(ConfigurationError, match="300 or more"):
        settings(url="smtp://mail.example", link_lifetime="60")


def test_repr_shows_no_mail_password():
    url = "smtp://robot:pass-word@mail.example"
    assert "pass-word" not in repr(settings(url=url)) + repr(settings(url=url).mail_url)
