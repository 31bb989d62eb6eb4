"""The examples in other frameworks, with the real provider and with an issuer that lies."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from examples.fastapi_api import app as in_fastapi
from examples.flask_api import app as in_flask
from tests.resource_server.conftest import PHOTOS
from tests.resource_server.issuer import in_json
from tests.resource_server.test_with_the_provider import token_of
from tests.site import bearing

TOKEN = "opa_grant.secret"
ELSEWHERE = "https://notes.example/"


@pytest.fixture(params=["flask", "fastapi"])
def get(request, monkeypatch):
    """Makes a function that asks the API of an issuer for photos."""
    example = {"flask": in_flask, "fastapi": in_fastapi}[request.param]

    def made(issuer, *client):
        monkeypatch.setattr(example, "ISSUER", issuer)
        monkeypatch.setattr(example, "RESOURCE", PHOTOS)
        monkeypatch.setattr(example, "CLIENT", client)

        def ask(token=None):
            headers = bearing(token) if token else {}
            if example is in_flask:
                response = example.app.test_client().get("/photos", headers=headers)
            else:
                # Not in this thread: a browser of another test may keep its event loop running.
                with ThreadPoolExecutor(1) as threads:
                    response = threads.submit(asyncio.run, asgi(example.app, headers)).result(60)
            return response.status_code, response.headers.get("WWW-Authenticate", "")

        return ask

    return made


async def asgi(app, headers):
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        return await client.get("/photos", headers=headers)


def test_tokens_with_the_scope_for_this_api_get_in(provider, client, get, alice):
    ask = get(provider.issuer, client.client.client_id, client.secret)
    for asked in ({}, {"resource": PHOTOS}):
        assert ask(token_of(provider, alice, scope="photos:read", **asked))[0] == 200
    assert ask() == (401, f'Bearer realm="{provider.issuer}"')
    assert ask("unknown")[1].endswith('error="invalid_token"')
    status, said = ask(token_of(provider, alice, scope="photos:write"))
    assert status == 403
    assert said.endswith('error="insufficient_scope"')


@pytest.mark.parametrize(
    ("lie", "status"),
    [
        ({"active": "yes"}, 401),
        ({"active": 1}, 401),
        ({"iss": "https://evil.example"}, 401),
        ({"iss": None}, 401),
        ({"token_type": None}, 401),
        ({"token_type": "DPoP", "cnf": {"jkt": "a" * 43}}, 401),
        ({"cnf": {"x5t#S256": "a" * 43}}, 401),  # bound to a certificate, it is of the type Bearer
        ({"cnf": {}}, 401),
        ({"aud": [ELSEWHERE]}, 401),
        ({"aud": PHOTOS + "not-this-api"}, 401),
        ({"scope": "photos:reader"}, 403),
    ],
)
def test_a_lie_lets_nobody_in(issuer, get, lie, status):
    issuer.reply = in_json(issuer.live(1_800_000_000, **lie))
    assert get(issuer.url, "api", "secret")(TOKEN)[0] == status


@pytest.mark.parametrize(
    "reply",
    [(500, {}, b""), (401, {}, b""), (302, {"Location": "/"}, b"{}"), (200, {}, b"<html>")],
    ids=["500", "401", "302", "garbage"],
)
def test_an_issuer_that_does_not_answer_is_503(issuer, get, reply):
    issuer.reply = reply
    assert get(issuer.url, "api", "secret")(TOKEN)[0] == 503


def test_an_issuer_that_is_down_is_503(get):
    assert get("http://127.0.0.1:1", "api", "secret")(TOKEN)[0] == 503
