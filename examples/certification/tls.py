"""TLS in front of the server: a new certificate, and a proxy that forwards bytes."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import os
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VALID = datetime.timedelta(days=30)
CHUNK = 65536
CIPHERS = "ECDHE+AESGCM"
"""The TLS 1.2 cipher suites that BCP 195 recommends (RFC 9325 section 4.2)."""


def make_certificate(file: Path, host: str) -> None:
    """Write a new key and a self-signed certificate for ``host`` to ``file``, as PEM.

    It is its own certificate authority, so that clients can be configured to trust it.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "oauthprov certification")])
    now = datetime.datetime.now(datetime.UTC)
    usage = x509.KeyUsage(True, False, False, False, False, True, False, False, False)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName([_name_of(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(private + made.public_bytes(serialization.Encoding.PEM))


def _name_of(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


class Proxy:
    """A proxy that listens at once, and forwards connections after :meth:`start`."""

    def __init__(self, certificate: Path, listen: str, port: int) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.set_ciphers(CIPHERS)
        self._context.load_cert_chain(certificate)
        # asyncio sets TCP_NODELAY only on sockets with the protocol TCP.
        self._listener = socket.socket(proto=socket.IPPROTO_TCP)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((listen, port))
        self._listener.listen()
        self.port: int = self._listener.getsockname()[1]
        self._ends: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def start(self, port: int) -> None:
        """Forward all connections to ``port`` on loopback."""
        self._target = port
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result()

    def close(self) -> None:
        """Stop listening and end every connection."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()
        self._listener.close()

    async def _serve(self) -> None:
        self._server = await asyncio.start_server(
            self._connected, sock=self._listener, ssl=self._context
        )

    async def _end(self) -> None:
        self._server.close()
        for end in self._ends:
            end.transport.abort()
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})

    async def _connected(
        self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter
    ) -> None:
        server, to_server = await asyncio.open_connection("127.0.0.1", self._target)
        both = {to_client, to_server}
        self._ends |= both
        await asyncio.gather(_pass(client, to_server), _pass(server, to_client))
        self._ends -= both


async def _pass(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    """Forward bytes until the sender or the receiver closes."""
    with suppress(OSError):
        while data := await source.read(CHUNK):
            to.write(data)
            await to.drain()
    to.close()
    with suppress(OSError):
        await to.wait_closed()
