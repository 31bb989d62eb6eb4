"""Real TLS servers of a certificate authority of our own, and a name service that tests write."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


class Authority:
    """A certificate authority; ``file`` holds its certificate."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Test authority")
        own = _certificate(self._name, self._name, self._key.public_key(), 3650)
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        own = own.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        own = own.add_extension(usage, critical=True)
        identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        own = own.add_extension(identifier, critical=False)
        self.file = str(folder / "ca.pem")
        made = own.sign(self._key, hashes.SHA256())
        Path(self.file).write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def context(self, name: str, days: int = 1) -> ssl.SSLContext:
        """A server's TLS context with a certificate for ``name``."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate(name, days))
        return context

    def certificate(self, name: str, days: int = 1) -> Path:
        """Write a key and a certificate for ``name`` into a file, and return its path."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _certificate(_name(name), self._name, key.public_key(), days)
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        made = made.add_extension(names, critical=False).add_extension(issuer, critical=False)
        signed = made.sign(self._key, hashes.SHA256())
        place = self._folder / f"{name}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        place.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
        return place


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int = 1
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + days * DAY)
    )


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A whole HTTP response."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


JSON = "Content-Type: application/json"


def _listening(host: str, family: socket.AddressFamily, ports: Sequence[int]) -> socket.socket:
    """Listen on the first of ``ports`` that is free, or on any."""
    for port in ports:
        with suppress(OSError):
            return socket.create_server((host, port), family=family)
    return socket.create_server((host, 0), family=family)


class Server:
    """A TLS server on loopback that sends what it is told to; ``asked`` are the requests it got.

    ``reply`` is the response, or a function that does what it likes with the connection. ``ports``
    are those to listen on if one is free.
    """

    def __init__(
        self, context: ssl.SSLContext, host: str = "127.0.0.1", ports: Sequence[int] = (0,)
    ) -> None:
        self.reply: bytes | Callable[[ssl.SSLSocket], None] = answer(b"{}", JSON)
        self.asked: list[bytes] = []
        self.names: list[str | None] = []
        self.connections = 0
        self.closing = threading.Event()
        self._came = threading.Condition()
        context.sni_callback = lambda _, name, __: self.names.append(name)
        self._context = context
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = _listening(host, family, ports)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def _serve(self) -> None:
        while True:
            try:
                raw, _ = self._listener.accept()
            except OSError:
                return
            if self.closing.is_set():
                raw.close()
                return
            self.connections += 1
            worker = threading.Thread(target=self._answer, args=(raw,))
            self._threads.append(worker)
            worker.start()

    def _answer(self, raw: socket.socket) -> None:
        with suppress(OSError), self._context.wrap_socket(raw, server_side=True) as connection:
            request = b""
            while b"\r\n\r\n" not in request:
                came = connection.recv(4096)
                if not came:
                    return
                request += came
            with self._came:
                self.asked.append(request)
                self._came.notify_all()
            if isinstance(self.reply, bytes):
                connection.sendall(self.reply)
                connection.unwrap()
            else:
                self.reply(connection)

    def wait(self, count: int) -> None:
        """Return once ``count`` requests have come. Raises TimeoutError after a minute."""
        with self._came:
            if not self._came.wait_for(lambda: len(self.asked) >= count, 60):
                raise TimeoutError

    def close(self) -> None:
        """End it, and every thread of it."""
        self.closing.set()
        with suppress(OSError):
            socket.create_connection(self._listener.getsockname()[:2]).close()
        self._listener.close()
        for thread in self._threads:
            thread.join(60)


class Names:
    """A name service: ``names`` has the addresses of a name, one list for each time it is asked.

    The last list stays. A name that isn't there is looked up for real.
    """

    def __init__(self) -> None:
        self.names: dict[str, list[list[str]]] = {}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, **options: object) -> list[object]:
        self.asked.append(host)
        lists = self.names.get(host)
        if lists is None:
            return socket.getaddrinfo(host, port, **options)
        addresses = lists.pop(0) if len(lists) > 1 else lists[0]
        return [
            found
            for address in addresses
            for found in socket.getaddrinfo(address, port, **options)
        ]
