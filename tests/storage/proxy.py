"""A TCP proxy that watches what goes to a server, and loses or withholds what comes back."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType


class Proxy:
    """Listens on 127.0.0.1 at ``port`` and passes everything on to ``target``."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.requests: list[bytes] = []
        self.accepted = 0
        self._replies_to_lose = 0
        self.pieces = 0
        """Bytes of a reply that are sent at once; 0 for all."""
        self.pause = 0.0
        """Seconds between two pieces."""
        self._reading = threading.Event()
        self._reading.set()
        self._speaking = threading.Event()
        self._speaking.set()
        self._open: list[socket.socket] = []
        self._stopped = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._stopped.set()
        self._reading.set()
        self.speak()
        self.cut()

    def commands(self) -> list[bytes]:
        """The name of each command so far: the first word of each request."""
        return [request.split(b"\r\n")[2] for request in self.requests]

    def lose_reply(self) -> None:
        """Let the next request through, and end the connection instead of passing its reply."""
        self._replies_to_lose = 1

    def mute(self) -> None:
        """Withhold every reply, as a server does that is stopped: connecting still works."""
        self._speaking.clear()

    def read_nothing(self) -> None:
        """Read no more requests after the next one: the sender's buffers fill up."""
        self._reading.clear()

    def speak(self) -> None:
        """Pass on what was withheld, and what comes."""
        self._speaking.set()

    def cut(self) -> None:
        """End every connection."""
        for end in self._open:
            _shut(end)
        self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            server = socket.create_connection(self._target)
            self._open += [client, server]
            for work in (self._pass_on, self._pass_back):
                threading.Thread(target=work, args=(client, server), daemon=True).start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        while request := _received(client):
            self.requests.append(request)
            with contextlib.suppress(OSError):
                server.sendall(request)
            self._reading.wait()
        _shut(server)

    def _pass_back(self, client: socket.socket, server: socket.socket) -> None:
        while reply := _received(server):
            if self._replies_to_lose:
                self._replies_to_lose = 0
                break
            self._speaking.wait()
            with contextlib.suppress(OSError):
                self._say(client, reply)
        _shut(client)
        _shut(server)
        client.close()
        server.close()

    def _say(self, client: socket.socket, reply: bytes) -> None:
        size = self.pieces or len(reply)
        for start in range(0, len(reply), size):
            client.sendall(reply[start : start + size])
            if self.pause:
                self._stopped.wait(self.pause)


def _received(end: socket.socket) -> bytes:
    try:
        return end.recv(1 << 20)
    except OSError:
        return b""


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
