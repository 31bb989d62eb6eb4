"""WSGI apps served over real HTTP by waitress, in a thread of this process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from pyramid.httpexceptions import HTTPServiceUnavailable
from waitress.server import create_server


class Server:
    """One address of this machine, known before the app that is served there.

    Without ``port``, or when that is taken, a free one is used. ``name`` is what browsers call
    the host; 127.0.0.1 and localhost are two sites to them. ``settings`` are waitress's own.
    """

    def __init__(self, name: str = "127.0.0.1", port: int = 0, **settings: str) -> None:
        try:
            self._server = create_server(self._call, host="127.0.0.1", port=port, **settings)
        except OSError:
            self._server = create_server(self._call, host="127.0.0.1", port=0, **settings)
        self.root = f"http://{name}:{self._server.effective_port}"
        self._thread = threading.Thread(target=self._server.run)

    def start(self, app: Callable[..., Any]) -> None:
        """Serve ``app``, in the place of one that was served before."""
        self._app = app
        if not self._thread.is_alive():
            self._thread.start()

    def rest(self) -> None:
        """Answer 503 until another app is started."""
        self._app = HTTPServiceUnavailable()

    def close(self) -> None:
        """Stop serving and free the port. Once is enough, twice does no harm."""
        watched = self._server._map
        channels = dict(watched)
        if self._thread.is_alive():
            # The loop ends when it has nothing to watch. Closing is for afterwards: this and the
            # workers may write to the trigger when the loop has taken the message already.
            self._server.trigger.pull_trigger(lambda: (channels.update(watched), watched.clear()))
            self._thread.join()
        self._server.task_dispatcher.shutdown()
        self._server.asyncore.close_all(channels)

    def _call(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        return self._app(environ, start_response)


class Spares:
    """Servers that no test uses: the app of a provider is made for its address.

    ``limit`` is how many there may be.
    """

    def __init__(self, limit: int = 16) -> None:
        self._limit = limit
        self._spare: dict[object, list[Server]] = {}

    def server(self, key: object, make: Callable[[], Server]) -> Server:
        """Return a server that was given back under ``key``, or a new one."""
        spare = self._spare.get(key)
        return spare.pop() if spare else make()

    def give_back(self, key: object, server: Server) -> None:
        """Keep a server that is out of use; close the one that was for the longest time."""
        server.rest()
        self._spare.setdefault(key, []).append(server)
        while sum(map(len, self._spare.values())) > self._limit:
            oldest = next(key for key, spare in self._spare.items() if spare)
            self._spare[oldest].pop(0).close()

    def close(self) -> None:
        """Close all, or their threads would keep the process."""
        for spare in self._spare.values():
            while spare:
                spare.pop().close()


SPARES = Spares()
