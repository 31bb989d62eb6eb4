"""Code that the console shows on a client's page, run as it stands."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bs4 import BeautifulSoup

from tests.clients import javascript
from tests.clients.person import Person
from tests.servers.programs import missing, program
from tests.site import App, Site

SECONDS = 60
LIBRARIES = ("curl", "Authlib", "oauth4webapi")
WITH_PEOPLE = ("web", "browser", "native")
_REDEEM = """
import { createInterface } from "node:readline/promises";
const lines = createInterface({ input: process.stdin });
const back = new Promise((done) => lines.once("line", done));
console.log(url.href);
console.log(Object.keys(await redeem(await back)));
lines.close();
"""


def page_of(server: Site, alice: Person, app: App) -> BeautifulSoup:
    """The client's page, on which no secret stands."""
    page = alice.visit(f"{server.issuer}/clients/{app.client.client_id}")
    assert app.secret is None or app.secret not in page.text
    return BeautifulSoup(page.text, "html.parser")


def shown(server: Site, alice: Person, app: App, name: str) -> str:
    """Return the code for a tool or library on the client's page, with its secret filled in."""
    code = page_of(server, alice, app).find("summary", string=name).find_next_sibling("pre")
    return code.get_text().replace("CLIENT_SECRET", app.secret or "")


def names(server: Site, alice: Person, app: App) -> list[str]:
    """The tools and libraries that the client's page has code for."""
    found = page_of(server, alice, app).select("section[aria-labelledby=code] summary")
    return [summary.get_text() for summary in found]


def ran(
    command: list[str | Path],
    given: str,
    seen,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a program that prints a URL and waits for a line; return all that it prints.

    ``seen`` gets the line with the URL, and returns the line to send.
    """
    usual = {"AUTHLIB_INSECURE_TRANSPORT": "1", "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(  # noqa: S603
        command,
        cwd=folder,
        env=usual | dict(environment or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        try:
            line = "" if seen is None else running.stdout.readline()
            told = given if seen is None else seen(line)
            rest, _ = running.communicate(f"{told}\n", timeout=SECONDS)
        finally:
            running.kill()
    assert running.returncode == 0, line + rest
    return line + rest


class Bench:
    """Where the code runs: a folder with the files of the client, for a person who allows it.

    ``token`` is an access token for an API to look at, ``ca`` the authority of the server.
    """

    def __init__(self, alice: Person, folder: Path, token: str, ca: str | None = None) -> None:
        self.alice, self.folder, self.token = alice, folder, token
        trust = ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        self.environment = {} if ca is None else dict.fromkeys(trust, ca)

    def run(self, name: str, code: str, kind: str) -> None:
        """Run the code of a library for a client of a type, and check what came of it."""
        runs = {"curl": self._curl, "Authlib": self._authlib, "oauth4webapi": self._oauth4webapi}
        said = runs[name](code, kind)
        assert any(found in said for found in ("access_token", '"active":', "'active': True")), (
            said
        )

    def _ran(self, command: list[str | Path], kind: str, seen) -> str:
        people = kind in WITH_PEOPLE
        return ran(command, self.token, seen if people else None, self.folder, self.environment)

    def _curl(self, code: str, kind: str) -> str:
        if program("curl") is None or program("openssl") is None:
            missing("no curl or no openssl on PATH (apt-get install curl openssl)")

        def allowed(line: str) -> str:
            return parse_qs(urlsplit(self.alice.allow(line.strip())).query)["code"][0]

        code = code.replace("token=...", f"token={self.token}")
        said = self._ran(["bash", "-c", code], kind, allowed)
        answer = json.loads(said[said.index("{") :])
        assert answer.get("active") or answer["access_token"]
        return said

    def _authlib(self, code: str, kind: str) -> str:
        def allowed(line: str) -> str:
            found = re.search(r"http\S+", line)
            return self.alice.allow(found[0]) if found else ""

        return self._ran([sys.executable, "-uc", code], kind, allowed)

    def _oauth4webapi(self, code: str, kind: str) -> str:
        if kind == "api":
            asked = f"await introspect({json.dumps(self.token)})"
            code += f"\nconsole.log(JSON.stringify({asked}));"
        elif kind in WITH_PEOPLE:
            code += _REDEEM
        node = javascript.node()
        libraries = self.folder / "node_modules"
        if not libraries.exists():
            libraries.symlink_to(javascript.HOME / "node_modules")
        first = f"import {json.dumps((javascript.HOME / 'webcrypto.js').as_uri())};\n"
        command = [node, "--input-type=module", "-e", first + code]
        return self._ran(command, kind, lambda line: self.alice.allow(line.strip()))
