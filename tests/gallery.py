"""Small images of every kind, and a server of a client's that shows one over TLS on loopback."""

from __future__ import annotations

import base64
import ssl
import struct
import threading
import zlib
from pathlib import Path

from tests.fetch.server import Authority, Server, answer

HOST = "localhost"


def png(width: int = 4, height: int = 4) -> bytes:
    """A PNG of one colour; its size may be a lie when that is all a test needs."""
    rows = (b"\0" + b"\x20\x60\x90" * min(width, 64)) * min(height, 64)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


IMAGES = {
    "image/png": png(),
    "image/jpeg": base64.b64decode(
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAFA3PEY8MlBGQUZaVVBfeMiCeG5uePWvuZHI////////////////////"
        "////////////////////////////////2wBDAVVaWnhpeOuCguv/////////////////////////////////////"
        "////////////////////////////////////wAARCAACAAMDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAA"
        "AAT/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFAEBAAAAAAAAAAAAAAAAAAAAAP/EABQRAQAAAAAAAAAAAAAAAAAA"
        "AAD/2gAMAwEAAhEDEQA/AIgAf//Z"
    ),
    "image/gif": base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"),
    "image/webp": base64.b64decode(
        "UklGRkYAAABXRUJQVlA4WAoAAAAQAAAAAgAAAQAAQUxQSAcAAAAAAAAAAAAAAFZQOCAYAAAAMAEAnQEqAwACAAdA"
        "liWkAANwAP7vuQAA"
    ),
}
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


class Gallery:
    """It shows an image at ``uri``; ``settings`` let a provider in."""

    def __init__(self, folder: Path) -> None:
        authority = Authority(folder)
        self._server = Server(authority.context(HOST))
        self._released = threading.Event()
        self.show(IMAGES["image/png"])
        self.uri = f"https://{HOST}:{self._server.port}/logo"
        self.settings = {
            "fetch.allow": f"{HOST}:{self._server.port}",
            "fetch.ca_file": authority.file,
        }

    def show(self, content: bytes, media_type: str = "image/png", status: str = "200 OK") -> None:
        """Answer with this from now on."""
        self._server.reply = answer(content, f"Content-Type: {media_type}", status=status)

    def redirect(self, uri: str) -> None:
        """Redirect every request to another URL."""
        self._server.reply = answer(b"", f"Location: {uri}", status="302 Found")

    def hold(self) -> None:
        """Start a response to every request, and complete it after :meth:`release`."""

        def reply(connection: ssl.SSLSocket) -> None:
            whole = answer(IMAGES["image/png"], "Content-Type: image/png")
            connection.sendall(whole[:-10])
            self._released.wait(30)
            connection.sendall(whole[-10:])

        self._server.reply = reply

    def release(self) -> None:
        """Complete the held responses."""
        self._released.set()

    def wait(self, count: int) -> None:
        """Return once ``count`` requests have come."""
        self._server.wait(count)

    @property
    def asked(self) -> int:
        """How many requests came."""
        return len(self._server.asked)

    def close(self) -> None:
        self.release()
        self._server.close()
