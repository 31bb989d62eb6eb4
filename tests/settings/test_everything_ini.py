"""``examples/everything``: it starts as it is, and everything in it is on."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
import requests

from oauthprov.settings import options
from tests.faults.processes import Process
from tests.oauth import challenge
from tests.proofs import Holder
from tests.servers.run import free_port
from tests.settings.test_ini_files import raw
from tests.site import VERIFIER

EXAMPLE = Path(__file__).parents[2] / "examples" / "everything" / "everything.ini"
CALLBACK = "http://127.0.0.1/callback"
ELSEWHERE = {
    "oauthprov.mtls.format": "a proxy ends TLS and hands certificates on",
    "oauthprov.openid.implicit": "a resource whose tokens are bound can't have its tokens",
    "oauthprov.well_known_root": "the issuer has no path",
}
"""What stays off, and why."""


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    """The address at which ``pserve`` serves a copy of the file."""
    folder = tmp_path_factory.mktemp("sources")
    ini = folder / "examples" / "everything" / EXAMPLE.name
    ini.parent.mkdir(parents=True)
    ini.write_text(EXAMPLE.read_text("utf-8"), "utf-8")
    port = free_port()
    pserve = Path(sys.executable).with_name("pserve")
    environment = {"PYTHONPATH": ":".join(sys.path)}
    server = Process([pserve, ini, f"port={port}"], folder, environment=environment)
    root = f"http://127.0.0.1:{port}"
    server.start(lambda: requests.get(f"{root}/readyz", timeout=30).raise_for_status())
    yield root
    server.end()


@pytest.fixture(scope="module")
def metadata(issuer):
    url = f"{issuer}/.well-known/openid-configuration"
    return requests.get(url, timeout=30).json()


def test_every_switch_is_on():
    given = raw(EXAMPLE)["app:main"]
    off = {
        item.metadata["key"]
        for item in options()
        if item.metadata["default"] in ("off", "false", "closed")
        and given.get(item.metadata["key"], item.metadata["default"]) == item.metadata["default"]
    }
    assert off - ELSEWHERE.keys() == set(), (
        "switch it on in examples/everything/everything.ini, or say in ELSEWHERE why not"
    )


def test_the_endpoints_of_every_protocol_are_there(metadata):
    endpoints = {name for name in metadata if name.endswith("_endpoint")}
    assert endpoints == {
        "authorization_endpoint",
        "device_authorization_endpoint",
        "end_session_endpoint",
        "introspection_endpoint",
        "pushed_authorization_request_endpoint",
        "registration_endpoint",
        "revocation_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
    }
    assert metadata["subject_types_supported"] == ["public", "pairwise"]
    assert "urn:ietf:params:oauth:grant-type:device_code" in metadata["grant_types_supported"]
    assert len(metadata["id_token_signing_alg_values_supported"]) == 5
    assert len(metadata["dpop_signing_alg_values_supported"]) == 5


def test_a_client_registers_itself_pushes_a_request_and_begins_as_a_device(issuer, metadata):
    asked = {
        "client_name": "App",
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "grant_types": [
            "authorization_code",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "dpop_bound_access_tokens": True,
    }
    client = requests.post(metadata["registration_endpoint"], json=asked, timeout=30).json()
    form = {
        "client_id": client["client_id"],
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "openid payments:write",
        "resource": "https://payments.example/",
        "code_challenge": challenge(VERIFIER),
        "code_challenge_method": "S256",
    }
    holder, url = Holder(), metadata["pushed_authorization_request_endpoint"]

    def push(nonce=None):
        proof = holder.proof("POST", url, int(time.time()), nonce=nonce)
        return requests.post(url, form, headers={"DPoP": proof}, timeout=30)

    first = push()
    assert (first.status_code, first.json()["error"]) == (400, "use_dpop_nonce")
    assert push(first.headers["DPoP-Nonce"]).json()["request_uri"].startswith("urn:")
    begun = requests.post(
        metadata["device_authorization_endpoint"],
        {"client_id": client["client_id"], "scope": "openid"},
        timeout=30,
    ).json()
    assert begun["verification_uri"] == f"{issuer}/device"


def test_people_and_browsers_find_the_pages(issuer):
    for path in ("/", "/login", "/signup"):
        page = requests.get(f"{issuer}{path}", headers={"Accept-Language": "de"}, timeout=30)
        assert page.status_code == 200
        assert 'lang="de"' in page.text
