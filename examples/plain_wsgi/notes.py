"""Notes with OAuth 2.1 in plain WSGI: our validator in oauthlib's server."""

import json
import time
from http import HTTPStatus
from urllib.parse import parse_qsl
from wsgiref.simple_server import make_server

import plaster
from oauthlib.oauth2 import OAuth2Error, Server

from oauthprov.accounts import SignedIn
from oauthprov.protocol.clients.cache import Clients
from oauthprov.protocol.engine.validator import Validator
from oauthprov.settings import Settings
from oauthprov.storage import open_storage
from oauthprov.storage.interface import StorageError

NOTES = {"alice": ["Feed the cat."]}
BODY_LIMIT = 32_768


class Application:
    """The endpoints ``/authorize`` and ``/token``, and the resource ``/notes``."""

    def __init__(self, ini):
        self.settings = Settings.from_ini(ini)
        self.storage = open_storage(self.settings.storage_url, self.settings.storage_options)
        self.storage.upgrade()
        clients = Clients(self.storage, now, self.settings)
        self.validator = Validator(self.settings, self.storage, clients, now)
        self.server = Server(self.validator)

    def __call__(self, environ, start_response):
        try:
            with self.validator.request():
                headers, body, status = self.answer(environ)
        except OAuth2Error as wrong:
            headers, body, status = dict(wrong.headers), wrong.json, wrong.status_code
        except ValueError:
            # oauthlib raises it for requests that it can't parse.
            headers, body, status = {}, '{"error": "invalid_request"}', 400
        except StorageError:
            headers, body, status = {"Retry-After": "5"}, "{}", 503
        headers = {"Content-Type": "application/json", "Cache-Control": "no-store"} | headers
        start_response(f"{status} {HTTPStatus(status).phrase}", list(headers.items()))
        return [(body or "").encode()]

    def answer(self, environ):
        """Return headers, body and status, like oauthlib's endpoints."""
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        if (method, path) == ("GET", "/authorize"):
            return self.authorize(f"{path}?{environ.get('QUERY_STRING', '')}")
        sent = {"Authorization": environ.get("HTTP_AUTHORIZATION", "")}
        sent = {name: value for name, value in sent.items() if value}
        if (method, path) == ("POST", "/token"):
            form = form_of(environ)
            return self.server.create_token_response(path, method, form, sent)
        if (method, path) == ("GET", "/notes"):
            return self.notes(path, sent)
        return {}, "{}", 404

    def authorize(self, uri):
        """Issue a code: a real application first signs the user in and asks for consent."""
        scopes, _ = self.server.validate_authorization_request(uri)
        alice = SignedIn("alice", "alice", auth_time=now())
        return self.server.create_authorization_response(
            uri, scopes=scopes, credentials={"user": alice}
        )

    def notes(self, uri, headers):
        known, request = self.server.verify_request(uri, headers=headers, scopes=["notes:read"])
        if not known:
            return {"WWW-Authenticate": "Bearer"}, "{}", 401
        return {}, json.dumps(NOTES.get(request.user, [])), 200


def form_of(environ):
    """Return the pairs of the posted form. Raises ValueError if there is no valid form."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if not 0 <= length <= BODY_LIMIT:
        raise ValueError("the form is too long")
    raw = environ["wsgi.input"].read(length).decode("ascii")
    return parse_qsl(raw, keep_blank_values=False, strict_parsing=True, errors="strict")


def now():
    return int(time.time())


if __name__ == "__main__":
    ini = plaster.get_settings("notes.ini", "app:main")
    make_server("127.0.0.1", 6544, Application(ini)).serve_forever()
