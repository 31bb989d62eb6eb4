"""The requests of docs/apps.md, sent as they stand there to a real server."""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests
from bs4 import BeautifulSoup

from tests.documents import blocks
from tests.documents.serving import run, served
from tests.oauth import challenge
from tests.servers.run import free_port

PAGE = "docs/apps.md"
PASSWORD = "correct horse battery"
PROVIDER = "https://id.example.org"


def test_a_browser_app_signs_in_refreshes_and_signs_out(tmp_path: Path):
    (tmp_path / "production.ini").write_text(
        (blocks.ROOT / "development.ini").read_text("utf-8"), "utf-8"
    )
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    register, exchange, refresh, revoke = (block.text for block in blocks.of(PAGE, "sh"))
    register = next(line for line in spliced(register) if "--type browser" in line)
    printed = run(tmp_path, "sh", "-c", register)
    values = {"CLIENT_ID": re.findall(r"^client_id +(\S+)$", printed, re.MULTILINE)[0]}
    values["VERIFIER"] = secrets.token_urlsafe(32)

    def send(command: str) -> str:
        given = "".join(f"{name}='{value}'\n" for name, value in values.items())
        return run(tmp_path, "sh", "-c", given + command.replace(PROVIDER, origin))

    with served(tmp_path, "production.ini", f"{origin}/healthz", f"port={port}"):
        values["CODE"] = allowed(origin, values)
        first = json.loads(send(exchange))
        values["REFRESH_TOKEN"] = first["refresh_token"]
        assert set(first["scope"].split()) == {"openid", "photos:read"}
        second = json.loads(send(refresh))
        assert json.loads(send(refresh)) == second
        values["REFRESH_TOKEN"] = second["refresh_token"]
        assert send(revoke).strip() in ("", "{}")
        assert json.loads(send(refresh))["error"] == "invalid_grant"


def spliced(commands: str) -> list[str]:
    return re.sub(r"\\\n\s*", "", commands).splitlines()


def allowed(origin: str, values: dict[str, str]) -> str:
    """Send the request of the page with a browser of alice, who allows it; return the code."""
    browser = requests.Session()
    submit(
        browser, browser.get(f"{origin}/signup"), name="alice", password="correct horse battery"
    )
    (shown,) = blocks.of(PAGE, "text")
    given = iter((values["CLIENT_ID"], "a-state", challenge(values["VERIFIER"])))
    address = re.sub(r"\.\.\.", lambda _: next(given), re.sub(r"\s", "", shown.text))
    consent = browser.get(address.replace(PROVIDER, origin))
    back = submit(browser, consent, decision="allow").headers["Location"]
    response = parse_qs(urlsplit(back).query)
    assert back.startswith("https://album.example.org/callback?")
    assert response["state"] == ["a-state"]
    assert response["iss"] == [origin]
    return response["code"][0]


def submit(browser: requests.Session, page: requests.Response, **given: str) -> requests.Response:
    """Fill in the form of a page and send it; the response isn't followed."""
    form = BeautifulSoup(page.text, "html.parser").find("form")
    hidden = {field["name"]: field["value"] for field in form.find_all("input", type="hidden")}
    url = requests.compat.urljoin(page.url, form.get("action") or page.url)
    return browser.post(url, hidden | given, allow_redirects=False)
