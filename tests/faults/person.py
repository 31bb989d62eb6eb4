"""A person at a browser: signing in, allowing what an app asks for, signing out."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.faults.deployment import CALLBACK, Deployment
from tests.faults.ledger import Session
from tests.faults.wire import Answer, Wire
from tests.site import PASSWORD, VERIFIER, challenge

HOPS = 8

_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


class Unexpected(Exception):
    """An answer that no fault explains."""


class NoAnswer(Exception):
    """No answer, or 503: what happened isn't known."""


class Person:
    """Somebody with a browser. Every method raises NoAnswer, and Unexpected."""

    def __init__(self, name: str, wire: Wire, deployment: Deployment) -> None:
        self.name = name
        self.session = Session()
        self.wire = wire
        self._deployment = deployment
        self._client_id = deployment.app.client_id

    def authorize(self, scope: str, *, prompted: bool = True) -> str | None:
        """Go through an authorization and return the code.

        Without ``prompted`` the person isn't there: None when they would have to do something.
        """
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": CALLBACK,
            "scope": scope,
            "state": "xyz",
            "code_challenge": challenge(VERIFIER),
            "code_challenge_method": "S256",
        }
        if "offline_access" in scope.split():
            asked["prompt"] = "consent"  # it isn't granted otherwise (Core section 11)
        answer = self._get(f"/oauth/authorize?{urlencode(asked)}")
        for _ in range(HOPS):
            where = urlsplit(_location(answer))
            if where.geturl().startswith(CALLBACK):
                return _code(where.query)
            if where.path in ("/login", "/consent") and not prompted:
                return None
            page = f"{where.path}?{where.query}"
            if where.path == "/login":
                answer = self._sign_in(page)
            elif where.path == "/consent":
                answer = self._submit(page, "/consent", {"decision": "allow"})
            else:
                answer = self._get(page)
        raise Unexpected("an authorization never comes to its end")

    def sign_in(self) -> None:
        """Sign in, for no app."""
        _location(self._sign_in("/login?page=account"))

    def sign_out(self) -> None:
        """Sign out here. The sign-in's families end, as the ledger is told."""
        page = self._get("/logout")
        shown = page.status == 200
        if shown:
            self.session.end(certainly=False)
            _location(self._post("/logout", _hidden(page)))
        # Where the page isn't shown nobody is signed in: an earlier try may have done it in part.
        self.session.end(certainly=shown)
        self.session = Session()

    def end(self, path: str, fields: Mapping[str, str] | None = None) -> Answer:
        """Send a form of the account pages to ``path``."""
        page = self._get("/account")
        if page.status != 200:
            raise Unexpected(f"/account answered {page.status}")
        return self._post(path, _hidden(page) | dict(fields or {}))

    def _sign_in(self, page: str) -> Answer:
        # What an earlier sign-out without an answer would have ended may have ended or not.
        self.session = Session()
        return self._submit(page, "/login", {"name": self.name, "password": PASSWORD})

    def _submit(self, page: str, path: str, fields: dict[str, str]) -> Answer:
        shown = self._get(page)
        if shown.status != 200:
            return shown  # it leads on by itself
        return self._post(path, _hidden(shown) | fields)

    def _get(self, path: str) -> Answer:
        return _definite(self.wire.get(path))

    def _post(self, path: str, form: dict[str, str]) -> Answer:
        return _definite(self.wire.post(path, form))


def visit_every_page(deployment: Deployment) -> None:
    """Be at each page of each worker once: its template is compiled, and written to a file."""
    for number in range(len(deployment.ports)):
        person = Person("alice", Wire(deployment, number, []), deployment)
        person.authorize("openid offline_access")
        person.sign_out()
        person.wire.get("/nowhere")
        person.wire.close()


def _definite(answer: Answer) -> Answer:
    if not answer.definite:
        raise NoAnswer
    return answer


def _location(answer: Answer) -> str:
    if answer.status not in (302, 303):
        raise Unexpected(f"{answer.path} answered {answer.status}")
    return answer.headers["location"]


def _code(query: str) -> str:
    given = dict(parse_qsl(query))
    if given.get("error") in ("temporarily_unavailable", "server_error"):
        raise NoAnswer
    if "code" not in given:
        raise Unexpected(f"an authorization ended in {given.get('error')}")
    return given["code"]


def _hidden(page: Answer) -> dict[str, str]:
    found = _HIDDEN.findall(page.body.decode())
    return {name: html.unescape(value) for name, value in found}
