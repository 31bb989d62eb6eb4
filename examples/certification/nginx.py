"""nginx in front of the server, for plans whose clients present certificates."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from string import Template

from examples.certification.tls import CIPHERS

HEADER = "X-Client-Certificate"
"""The header with the certificate of a client."""
PATIENCE = 20
"""Seconds in which nginx must listen."""
_CONFIGURATION = Template("""\
daemon off;
pid $folder/nginx.pid;
error_log stderr warn;
events {}
http {
    access_log off;
    client_body_temp_path $folder/nginx;
    proxy_temp_path $folder/nginx;
    fastcgi_temp_path $folder/nginx;
    uwsgi_temp_path $folder/nginx;
    scgi_temp_path $folder/nginx;
    ssl_certificate $certificate;
    ssl_certificate_key $certificate;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers $ciphers;
    proxy_http_version 1.1;
    # For browsers, which would ask people for a certificate, and for clients without one. What a
    # client sends in the headers of the other server never arrives.
    server {
        listen $listen:$port ssl;
        location / {
            proxy_pass http://127.0.0.1:$target;
            proxy_set_header Host $$http_host;
            proxy_set_header X-Forwarded-Proto https;
            proxy_set_header $header "";
            proxy_set_header Oauthprov-Proxy-Secret "";
        }
    }
    # For clients with a certificate, of an authority or their own: the provider judges it.
    server {
        listen $listen:$mtls_port ssl;
        ssl_verify_client optional_no_ca;
        location / {
            proxy_pass http://127.0.0.1:$target;
            proxy_set_header Host $$http_host;
            proxy_set_header X-Forwarded-Proto https;
            proxy_set_header $header $$ssl_client_escaped_cert;
            proxy_set_header Oauthprov-Proxy-Secret $secret;
        }
    }
}
""")


class NginxMissing(Exception):
    """nginx isn't installed."""


class Nginx:
    """It listens after :meth:`start`; its configuration is in ``folder``.

    At ``mtls_port`` it asks for certificates. It proves by ``secret``, a file, that the header is
    its own. Port 0 means any free one. Raises NginxMissing.
    """

    def __init__(
        self,
        folder: Path,
        certificate: Path,
        secret: Path,
        listen: str,
        port: int,
        mtls_port: int,
    ) -> None:
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            raise NginxMissing("The plans of FAPI 2.0 need nginx: install it.")
        self._program = program
        self._folder = folder.resolve()
        self._certificate = certificate.resolve()
        self._listen = listen
        self._secret = secret
        self.port: int = port or _free_port(listen)
        self.mtls_port: int = mtls_port or _free_port(listen)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, port: int) -> None:
        """Forward all requests to ``port`` on loopback. Raises OSError when it doesn't listen."""
        configuration = self._folder / "nginx.conf"
        values = {
            "folder": self._folder,
            "certificate": self._certificate,
            "ciphers": CIPHERS,
            "listen": self._listen,
            "port": self.port,
            "mtls_port": self.mtls_port,
            "header": HEADER,
            "secret": self._secret.read_text("ascii").strip(),
            "target": port,
        }
        configuration.unlink(missing_ok=True)
        descriptor = os.open(configuration, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as opened:
            opened.write(_CONFIGURATION.substitute(values))
        command = [self._program, "-p", str(self._folder), "-c", str(configuration)]
        self._process = subprocess.Popen([*command, "-e", "stderr"])  # noqa: S603 - as found above
        until = time.monotonic() + PATIENCE
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > until:
                raise OSError("nginx doesn't listen: it has said why")
            time.sleep(0.05)

    def close(self) -> None:
        """End it, and every connection."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)

    def _listens(self) -> bool:
        host = "127.0.0.1" if self._listen == "0.0.0.0" else self._listen  # noqa: S104
        try:
            socket.create_connection((host, self.port), timeout=1).close()
        except OSError:
            return False
        return True


def _free_port(listen: str) -> int:
    with socket.socket() as bound:
        bound.bind((listen, 0))
        port: int = bound.getsockname()[1]
    return port
