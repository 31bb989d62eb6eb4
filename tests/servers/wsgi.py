"""WSGI apps served over real HTTP by waitress, in a thread of this process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

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
