"""A TCP proxy that watches what goes to a server, and loses what comes back when told to."""

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
        self._open: list[socket.socket] = []
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
        self.cut()

    def commands(self) -> list[bytes]:
        """The name of each command so far: the first word of each request."""
        return [request.split(b"\r\n")[2] for request in self.requests]

    def lose_reply(self) -> None:
        """Let the next request through, and end the connection instead of passing its reply."""
        self._replies_to_lose = 1

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
            server.sendall(request)
        _shut(server)

    def _pass_back(self, client: socket.socket, server: socket.socket) -> None:
        while reply := _received(server):
            if self._replies_to_lose:
                self._replies_to_lose = 0
                break
            client.sendall(reply)
        _shut(client)
        _shut(server)
        client.close()
        server.close()


def _received(end: socket.socket) -> bytes:
    try:
        return end.recv(1 << 20)
    except OSError:
        return b""


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
