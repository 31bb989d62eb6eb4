"""The code that a client's page shows runs as it stands, over real HTTP."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup

from oauthprov.records import Account
from tests.clients import javascript
from tests.servers.programs import missing, program
from tests.site import CALLBACK, OPENID, SCOPES

SECONDS = 60
KINDS = (
    ("web", "client_secret"),
    ("web", "client_secret_post"),
    ("browser", "none"),
    ("machine", "client_secret_basic"),
    ("api", "client_secret_post"),
)


@pytest.fixture(scope="module", params=[SCOPES, OPENID], ids=["oauth", "openid"])
def more(request):
    """OpenID Connect is off and on: clients then discover the server in different ways."""
    return {"scopes": request.param}


@pytest.fixture(params=KINDS, ids=lambda param: "-".join(param))
def app(request, server, alice):
    """A client of alice's; ``alice`` has signed up."""
    [account] = server.storage.find(Account).items
    kind, method = request.param
    return server.app(kind, auth_method=method, owner=account.record.account_id)


def shown(server, alice, app, name: str) -> str:
    """Return the code for a tool or library on the client's page, with its secret filled in."""
    page = alice.visit(f"{server.issuer}/clients/{app.client.client_id}")
    html = BeautifulSoup(page.text, "html.parser")
    code = html.find("summary", string=name).find_next_sibling("pre")
    assert app.secret is None or app.secret not in page.text
    return code.get_text().replace("CLIENT_SECRET", app.secret or "")


def ran(command: list[str | Path], given: str, seen, folder: Path) -> str:
    """Run a program that prints a URL and waits for a line; return all that it prints.

    ``seen`` gets the line with the URL, and returns the line to send.
    """
    with subprocess.Popen(  # noqa: S603
        command,
        cwd=folder,
        env={"AUTHLIB_INSECURE_TRANSPORT": "1", "PATH": "/usr/bin:/bin"},
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


def access_token(server, alice) -> str:
    """An access token of another client of alice's, for an API to look at."""
    [account] = server.storage.find(Account).items
    worker = server.app("machine", owner=account.record.account_id)
    answer = worker.post("token", {"grant_type": "client_credentials"})
    return answer.json["access_token"]


def test_the_curl_commands(server, alice, app, tmp_path):
    if program("curl") is None or program("openssl") is None:
        missing("no curl or no openssl on PATH (apt-get install curl openssl)")
    code = shown(server, alice, app, "curl")
    code = code.replace("token=...", f"token={access_token(server, alice)}")

    def allowed(line: str) -> str:
        return parse_qs(urlsplit(alice.allow(line.strip())).query)["code"][0]

    with_people = app.client.client_type in ("web", "browser")
    said = ran(["bash", "-c", code], "", allowed if with_people else None, tmp_path)
    answer = json.loads(said[said.index("{") :])
    assert answer.get("active") or answer["access_token"]


def test_the_lines_for_authlib(server, alice, app, tmp_path):
    code = shown(server, alice, app, "Authlib")

    def allowed(line: str) -> str:
        return alice.allow(re.search(r"http\S+", line)[0])

    with_people = app.client.client_type in ("web", "browser")
    given = access_token(server, alice)
    said = ran([sys.executable, "-uc", code], given, allowed if with_people else None, tmp_path)
    assert "'access_token'" in said or "'active': True" in said


def test_the_lines_for_oauth4webapi(server, alice, app):
    code = shown(server, alice, app, "oauth4webapi")
    kind = app.client.client_type
    if kind == "api":
        token = json.dumps(access_token(server, alice))
        code += f"\nconsole.log(JSON.stringify(await introspect({token})));"
    elif kind != "machine":
        code += (
            '\nimport { createInterface } from "node:readline/promises";'
            "\nconst lines = createInterface({ input: process.stdin });"
            '\nconst back = new Promise((done) => lines.once("line", done));'
            "\nconsole.log(url.href);"
            "\nconsole.log(Object.keys(await redeem(await back)));"
            "\nlines.close();"
        )

    node = javascript.node()
    command = [node, "--input-type=module", "-e", 'import "./webcrypto.js";\n' + code]
    with_people = kind in ("web", "browser")
    seen = (lambda line: alice.allow(line.strip())) if with_people else None
    said = ran(command, "", seen, javascript.HOME)
    assert "access_token" in said or '"active":true' in said


def test_a_signing_client_s_code_has_its_key_and_no_secret(server, alice):
    [account] = server.storage.find(Account).items
    app = server.signer(owner=account.record.account_id)
    for name in ("curl", "Authlib", "oauth4webapi"):
        code = shown(server, alice, app, name)
        assert "secret" not in code.lower()
        assert app.client.client_id in code
        assert CALLBACK in code or "redirect_uri" in code
