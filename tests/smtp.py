"""A mail server on loopback: SMTP as far as one mail needs it, with TLS, and faults on demand."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

READY, GO_ON, DONE = "220 ready", "354 go on", "250 done"


@dataclass(frozen=True)
class Mail:
    """A received mail; ``sender`` and ``recipients`` are those of the envelope."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def text(self) -> str:
        return self.message.get_content()


@dataclass
class SmtpServer:
    """Takes every mail, unless ``replies`` has another answer for one of its commands.

    ``context`` is for TLS: from the start if ``implicit``, else by STARTTLS. ``clear`` are the
    commands that came without TLS. ``held`` answers nothing to a command before it is set.
    """

    context: ssl.SSLContext | None = None
    implicit: bool = False
    extensions: tuple[str, ...] = ("AUTH PLAIN", "SMTPUTF8", "8BITMIME")
    replies: dict[str, str] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    clear: list[str] = field(default_factory=list)
    held: threading.Event | None = None

    def __post_init__(self) -> None:
        server = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    _Session(server, self.request).run()

        self._listener = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._listener.server_address[1]
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        """Stop; every session ends."""
        if self.held is not None:
            self.held.set()
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()


class _Session:
    def __init__(self, server: SmtpServer, connection: socket.socket) -> None:
        self._server = server
        self._tls = False
        self._sender, self._recipients = "", list[str]()
        self._use(connection)
        if server.implicit:
            self._encrypt()

    def _use(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        self._connection = connection
        self._stream = connection.makefile("rb")

    def _encrypt(self) -> None:
        self._use(self._server.context.wrap_socket(self._connection, server_side=True))
        self._tls = True

    def run(self) -> None:
        self._say(self._server.replies.get("CONNECT", READY))
        while line := self._stream.readline():
            verb, blank, rest = line.decode().rstrip("\r\n").partition(" ")
            verb = verb.upper()
            command = f"{verb}{blank}{rest}"
            self._server.commands.append(command)
            if not self._tls:
                self._server.clear.append(command)
            if self._server.held is not None:
                self._server.held.wait(30)
            if verb == "QUIT":
                self._say("221 bye")
                break
            if verb in self._server.replies:
                self._say(self._server.replies[verb])
            else:
                getattr(self, f"_{verb.lower()}", self._unknown)(rest)
        self._connection.close()

    def _say(self, reply: str) -> None:
        self._connection.sendall(f"{reply}\r\n".encode())

    def _unknown(self, rest: str) -> None:
        self._say("502 unknown")

    def _ehlo(self, rest: str) -> None:
        extensions = list(self._server.extensions)
        if self._server.context is not None and not self._tls:
            extensions.append("STARTTLS")
        lines = ["localhost", *extensions]
        self._say("\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"]))

    def _starttls(self, rest: str) -> None:
        self._say(READY)
        self._encrypt()

    def _auth(self, rest: str) -> None:
        self._say("235 welcome")

    def _mail(self, rest: str) -> None:
        self._sender = _path(rest)
        self._say(DONE)

    def _rcpt(self, rest: str) -> None:
        self._recipients.append(_path(rest))
        self._say(DONE)

    def _rset(self, rest: str) -> None:
        self._say(DONE)

    def _data(self, rest: str) -> None:
        self._say(GO_ON)
        lines = []
        while (line := self._stream.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        message = message_from_bytes(b"".join(lines), policy=policy.default)
        self._server.mails.append(Mail(self._sender, tuple(self._recipients), message))
        self._say(self._server.replies.get("TAKEN", DONE))


def _path(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]
