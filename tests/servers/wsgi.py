"""WSGI apps served over real HTTP by waitress, in a thread of this process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from waitress.server import create_server


class Server:
    """One address of this machine, known before the app that is served there.

    Without ``port``, or when that is taken, a free one is used. ``name`` is what browsers call
    the host; 127.0.0.1 and localhost are two sites to them.
    """

    def __init__(self, name: str = "127.0.0.1", port: int = 0) -> None:
        try:
            self._server = create_server(self._call, host="127.0.0.1", port=port)
        except OSError:
            self._server = create_server(self._call, host="127.0.0.1", port=0)
        self.root = f"http://{name}:{self._server.effective_port}"
        self._thread = threading.Thread(target=self._server.run)

    def start(self, app: Callable[..., Any]) -> None:
        """Serve ``app``, in the place of one that was served before."""
        self._app = app
        if not self._thread.is_alive():
            self._thread.start()

    def close(self) -> None:
        """Stop serving and free the port. Once is enough, twice does no harm."""
        loop = self._server.asyncore
        if self._thread.is_alive():
            self._server.trigger.pull_trigger(lambda: loop.close_all(self._server._map))
            self._thread.join()
        else:
            loop.close_all(self._server._map)
        self._server.task_dispatcher.shutdown()

    def _call(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        return self._app(environ, start_response)
