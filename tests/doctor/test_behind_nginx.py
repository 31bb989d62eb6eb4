"""The shipped production.ini behind the nginx of docs/deployment.md: all is well."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.doctor.conftest import ISSUER, SECRET
from tests.documents import blocks
from tests.faults.processes import Process
from tests.fetch.server import Authority
from tests.servers import fresh, nginx
from tests.servers.deployed import python
from tests.servers.run import free_port

HOST = "localhost"
PATIENCE = 100

# What docs/deployment.md leaves to the reader: TLS.
SERVER = """
server {{
    listen 127.0.0.1:{public} ssl;
    server_name {host};
    ssl_certificate {certificate};
    ssl_certificate_key {certificate};
    {documented}
}}
"""


class Deployment:
    """The shipped file and its environment, a server for it, and nginx before that."""

    def __init__(self, folder: Path, root: Path, storage_url: str):
        self.folder, self.port, self.public = folder, free_port(), free_port()
        self.authority = Authority(folder)
        self.ini = folder / "production.ini"
        shutil.copy(root / "production.ini", self.ini)
        self.environment = {
            "OAUTHPROV_ISSUER": ISSUER,
            "OAUTHPROV_SECRET": SECRET,
            "OAUTHPROV_STORAGE_URL": storage_url,
            "SSL_CERT_FILE": self.authority.file,
        }
        self.processes: list[Process] = []

    def start(self, documented: str) -> None:
        """Start the server, and nginx with these lines."""
        self._run(
            "server",
            [*python("-m", "pyramid.scripts.pserve"), str(self.ini), f"port={self.port}"],
            self.port,
        )
        server = SERVER.format(
            public=self.public,
            host=HOST,
            certificate=self.authority.certificate(f"{HOST}", days=90),
            documented=documented.replace(":8080", f":{self.port}"),
        )
        self._run("nginx", nginx.command(self.folder, server), self.public)

    def _run(self, name: str, command: list[str], port: int) -> None:
        home = self.folder / name
        home.mkdir()
        process = Process(command, home, environment=self.environment)
        self.processes.append(process)
        process.start(lambda: socket.create_connection(("127.0.0.1", port), 5).close())

    def examine(self) -> dict:
        """What the command prints."""
        asked = (str(self.ini), "--url", f"https://{HOST}:{self.public}", "--json")
        main = "import sys; from oauthprov.cli import main; sys.exit(main())"
        done = subprocess.run(  # noqa: S603 - our own interpreter and command
            python("-c", main, "doctor", *asked),
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.stderr == ""
        document = json.loads(done.stdout)
        assert done.returncode == (0 if document["sound"] else 1)
        return document

    def end(self) -> None:
        for process in reversed(self.processes):
            process.end()


@pytest.fixture
def deployment(tmp_path, pytestconfig):
    url = f"sqlite:///{tmp_path}/oauthprov.sqlite"
    made = Deployment(tmp_path, pytestconfig.rootpath, fresh(url))
    yield made
    made.end()


def documented() -> str:
    """The lines for nginx in docs/deployment.md."""
    [block] = [b for b in blocks.of("docs/deployment.md", "nginx") if "in server { }" in b.text]
    return block.text


def test_the_shipped_file_behind_the_documented_nginx_has_no_findings(deployment):
    deployment.start(documented())
    document = deployment.examine()
    assert (document["findings"], document["skipped"]) == ([], [])
    assert {"live.old_tls", "live.body_limit", "live.buffering"} <= set(document["made"])


def test_an_nginx_as_it_comes_is_found(deployment):
    """Its limits are the usual ones, and it stores responses and rewrites what it likes."""
    deployment.start(
        "client_max_body_size 0; proxy_hide_header Strict-Transport-Security;"
        " add_header Access-Control-Allow-Origin * always;"
        " location / { proxy_pass http://127.0.0.1:8080; }"
    )
    checks = {finding["check"] for finding in deployment.examine()["findings"]}
    assert checks == {
        *("live.hsts", "live.body_limit", "live.long_urls"),
        *("live.cors_metadata", "live.cors_strangers"),
    }
