"""Sending mail: over SMTP to a real server, to the console, never longer than a page waits."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable

import pytest

from oauthprov.mail import ConsoleMailer, Mailer, MailError, Message, Outbox, SmtpMailer
from oauthprov.mail.outbox import AT_ONCE, IN_BACKGROUND
from oauthprov.settings import Sender
from oauthprov.settings.mail_url import mail_url
from tests.fetch.server import Authority
from tests.smtp import SmtpServer

SENDER = Sender("id@example.org", "Example, Inc.")
TEXT = (
    "Press here:\n\nhttps://id.example/account/email#the-token\n\n.\nGrüße, and a long line " * 4
)


def message(to: str = "alice@example.com", subject: str = "Confirm", text: str = TEXT) -> Message:
    return Message(to, subject, text)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def serve(authority):
    """Start a mail server that has a certificate for a name, or none."""
    servers = []

    def start(name: str | None = "localhost", **options) -> SmtpServer:
        context = authority.context(name) if name is not None else None
        servers.append(SmtpServer(context, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def mailer(authority) -> Callable[..., SmtpMailer]:
    """A mailer by a URL of ``server``: ``who`` is before its host, ``options`` are its query."""

    def make(
        server: SmtpServer,
        scheme: str = "smtp",
        who: str = "",
        options: str | None = None,
        **more: float,
    ) -> SmtpMailer:
        options = f"ca_file={authority.file}" if options is None else options
        url = f"{scheme}://{who}localhost:{server.port}?{options}"
        return SmtpMailer(mail_url(url), SENDER, **more)

    return make


def test_a_mail_arrives_as_it_was_written(serve, mailer):
    server = serve()
    mailer(server).send(message(subject="Confirm for Münster"))
    [mail] = server.mails
    assert (mail.sender, mail.recipients) == ("id@example.org", ("alice@example.com",))
    assert mail.message["From"] == '"Example, Inc." <id@example.org>'
    assert mail.message["To"] == "alice@example.com"
    assert mail.message["Subject"] == "Confirm for Münster"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["Message-ID"].endswith("@example.org>")
    assert mail.message["Date"] is not None
    assert mail.message.get_content_type() == "text/plain"
    assert mail.text.replace("\r\n", "\n").rstrip("\n") == TEXT.rstrip("\n")


def test_starttls_comes_before_login_and_message(serve, mailer):
    server = serve()
    mailer(server, who="robot:p%40ss@").send(message())
    assert [command.partition(" ")[0] for command in server.clear] == ["EHLO", "STARTTLS"]
    said = base64.b64encode(b"\0robot\0p@ss").decode()
    assert f"AUTH PLAIN {said}" in server.commands


def test_implicit_tls_sends_nothing_in_the_clear(serve, mailer):
    server = serve(implicit=True)
    mailer(server, "smtps").send(message())
    assert (len(server.mails), server.clear) == (1, [])


def test_without_starttls_nothing_is_sent(serve, mailer):
    server = serve(None)
    with pytest.raises(MailError):
        mailer(server, who="robot:secret@").send(message())
    assert {command.partition(" ")[0] for command in server.commands} <= {"EHLO", "QUIT"}


@pytest.mark.parametrize(("name", "options"), [("other.example", None), ("localhost", "")])
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_that_isn_t_the_host_s_is_refused(serve, mailer, scheme, name, options):
    """The name differs, or no authority signed it."""
    server = serve(name, implicit=scheme == "smtps")
    with pytest.raises(MailError, match=r"certificate: "):
        mailer(server, scheme, "robot:secret@", options).send(message())
    assert [command for command in server.commands if command.startswith("AUTH")] == []


def test_a_server_on_this_machine_may_do_without_tls(serve, mailer):
    server = serve(None)
    mailer(server, options="tls=off").send(message())
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    ("command", "reply", "reason"),
    [
        ("CONNECT", "554 go away alice@example.com", "554"),
        ("EHLO", "421 too busy", "502"),
        ("STARTTLS", "454 no", "454"),
        ("AUTH", "535 wrong: secret", "535"),
        ("MAIL", "550 not from you", "550"),
        ("RCPT", "550 no alice@example.com here", "recipient with 550"),
        ("DATA", "451 later", "451"),
        ("TAKEN", "552 the-token is spam", "552"),
        ("DATA", "no code at all", "answered with -1"),
    ],
)
def test_a_refusal_gives_the_reason_and_no_address_or_secret(
    serve, mailer, command, reply, reason
):
    server = serve(replies={command: reply})
    with pytest.raises(MailError, match=reason) as refused:
        mailer(server, who="robot:secret@").send(message())
    for hidden in ("alice", "secret", "the-token", "robot"):
        assert hidden not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_refused_connection_is_a_mail_error(serve, mailer):
    server = serve()
    gone = mailer(server)
    server.close()
    with pytest.raises(MailError, match="refused"):
        gone.send(message())


def test_a_silent_mail_server_is_given_up(serve, mailer):
    server = serve(held=threading.Event())
    with pytest.raises(MailError):
        mailer(server, seconds=0.05).send(message())


@pytest.mark.parametrize(
    "to",
    [
        "alice@example.com\r\nBcc: bob@example.com",
        "alice@example.com\nRCPT TO:<bob@example.com>",
        "alice\r\n@example.com",
        "alice@exa\x00mple.com",
        "alice@.example.com",
        "alice@",
        "@example.com",
        "",
    ],
)
def test_an_address_cannot_inject_further_headers_or_recipients(serve, mailer, to):
    server = serve()
    with pytest.raises(MailError):
        mailer(server).send(message(to))
    assert server.mails == []


@pytest.mark.parametrize("to", ["alice,bob@example.com", "<bob>alice@example.com", "a(b)@x.org"])
def test_an_unusual_address_is_one_recipient(serve, mailer, to):
    server = serve()
    mailer(server).send(message(to))
    [mail] = server.mails
    assert len(mail.recipients) == len(mail.message["To"].addresses) == 1


def test_a_subject_is_one_line(serve, mailer):
    server = serve()
    mailer(server).send(message(subject="Confirm\r\nBcc: bob@example.com"))
    [mail] = server.mails
    assert mail.message["Bcc"] is None
    assert mail.message["Subject"] == "Confirm Bcc: bob@example.com"


def test_a_non_ascii_domain_is_sent_as_punycode(serve, mailer):
    server = serve()
    mailer(server).send(message("alice@bücher.example"))
    assert server.mails[0].recipients == ("alice@xn--bcher-kva.example",)


def test_a_non_ascii_mailbox_needs_a_server_with_smtputf8(serve, mailer):
    able, unable = serve(), serve(extensions=("8BITMIME",))
    mailer(able).send(message("älice@example.com"))
    assert able.mails[0].recipients == ("älice@example.com",)
    with pytest.raises(MailError):
        mailer(unable).send(message("älice@example.com"))


def test_the_console_mailer_prints_the_message(capsys):
    ConsoleMailer().send(message())
    shown = capsys.readouterr().err
    assert "To: alice@example.com\nSubject: Confirm\n\nPress here:" in shown
    assert "#the-token" in shown


def test_the_repr_of_a_message_hides_its_text():
    assert "the-token" not in repr(message())


class Mine(Mailer):
    """A host's mailer, whose behaviour a test chooses."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send

    def send(self, message: Message) -> None:
        self._send(message)


def fails(error: Exception) -> Callable[[Message], None]:
    def send(message: Message) -> None:
        raise error

    return send


def test_an_outbox_waits_no_longer_than_its_limit():
    release = threading.Event()
    outbox = Outbox(Mine(lambda message: release.wait(30) and None), seconds=0.02)
    for _ in range(AT_ONCE):
        with pytest.raises(MailError, match="sending took more than"):
            outbox.send(message())
    with pytest.raises(MailError, match=f"{AT_ONCE} other mails are being sent"):
        outbox.send(message())
    release.set()


def test_an_outbox_is_free_again_once_its_mails_ended():
    taken: list[Message] = []
    outbox = Outbox(Mine(taken.append))
    for _ in range(20):
        outbox.send(message())
    assert len(taken) == 20


@pytest.mark.parametrize("error", [ConnectionError("the-token"), KeyError("secret")])
def test_any_exception_of_a_host_s_mailer_becomes_a_mail_error(error):
    with pytest.raises(MailError, match=type(error).__name__) as failed:
        Outbox(Mine(fails(error))).send(message())
    assert "the-token" not in str(failed.value)


def test_the_mail_error_of_a_mailer_is_passed_on():
    with pytest.raises(MailError, match="queue is full"):
        Outbox(Mine(fails(MailError("the queue is full")))).send(message())


def settled() -> None:
    """Wait until everything in the background is done."""
    for thread in threading.enumerate():
        if thread.name == "oauthprov-outbox":
            thread.join(30)
            assert not thread.is_alive()


def test_work_in_the_background_holds_up_nobody_and_is_limited():
    held = threading.Event()
    outbox = Outbox(Mine(lambda message: None))
    started = [outbox.later(lambda: held.wait(30)) for _ in range(IN_BACKGROUND)]
    assert started == [True] * IN_BACKGROUND
    assert not outbox.later(held.wait)
    held.set()
    settled()
    assert outbox.later(held.wait)


def test_work_that_fails_leaves_its_place_free(monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda failure: None)
    outbox = Outbox(Mine(lambda message: None))
    for _ in range(IN_BACKGROUND + 1):
        assert outbox.later(lambda: 1 / 0)
        settled()


def test_mails_in_the_background_wait_for_those_before_them():
    release, taken = threading.Event(), list[Message]()
    sending = threading.Semaphore(0)

    def send(message: Message) -> None:
        sending.release()
        release.wait(30)
        taken.append(message)

    outbox = Outbox(Mine(send))
    for _ in range(AT_ONCE + 3):
        assert outbox.later(lambda: outbox.send(message(), patient=True))
    for _ in range(AT_ONCE):
        assert sending.acquire(timeout=30)
    with pytest.raises(MailError, match="other mails are being sent"):
        outbox.send(message())
    release.set()
    settled()
    assert len(taken) == AT_ONCE + 3
