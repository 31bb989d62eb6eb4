"""The settings of a resource server elsewhere, and their table in the docs."""

import re
from pathlib import Path

import pytest

from oauthprov.failures import ConfigurationError
from oauthprov.settings.resource_server import ResourceServer, options
from tests.resource_server.conftest import PHOTOS, SECRET, ini

ISSUER = "https://id.example"
GUIDE = Path(__file__).parents[2] / "docs" / "resource-servers.md"


def test_the_defaults():
    settings = ResourceServer.from_ini(ini(ISSUER) | {"oauthprov.issuer": "not ours"})
    assert (settings.cache, settings.timeout, settings.ca_file) == (5, 3, "")
    assert settings.scope_names == {"photos:read", "photos:write"}
    assert settings.resource_uris == {PHOTOS}
    assert SECRET not in repr(settings)


def test_a_secret_may_be_in_the_environment(monkeypatch):
    monkeypatch.setenv("API_SECRET", "hidden")
    given = ini(ISSUER, client_secret="env:API_SECRET")
    assert ResourceServer.from_ini(given).client_secret == "hidden"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"issuer": "http://id.example"}, "issuer must be https"),
        ({"issuer": "ftp://id.example"}, "issuer must be an http or https URL"),
        ({"issuer": ""}, "issuer is required"),
        ({"client_id": ""}, "client_id is required"),
        ({"client_secret": ""}, "client_secret is required"),
        ({"resources": ""}, "resources is required"),
        ({"resources": "http://photos.example/ | read | x"}, "resources must be https"),
        ({"resources": "photos | read | x"}, "not an absolute URI"),
        ({"cache": "301"}, "cache must be a whole number of seconds, at most 300"),
        ({"timeout": "0"}, "timeout must be 1 or more"),
        ({"ca_file": "/nowhere"}, "ca_file must name a file"),
        ({"validation": "signature"}, "validation must be one of introspection, jwt"),
        ({"validation": "jwt"}, "https://photos.example/ has no fourth part jwt"),
        ({"resources": f"{PHOTOS} | read | x | jwt HS256"}, "fourth part is neither"),
        ({"client_auth_method": "none"}, "client_auth_method must be one of"),
        ({"client_auth_method": "private_key_jwt"}, "client_key is required"),
        ({"isuer": "x"}, "oauthprov.resource_server.isuer is not a setting"),
    ],
)
def test_invalid_settings_stop_the_start(changes, problem):
    with pytest.raises(ConfigurationError, match=problem):
        ResourceServer.from_ini(ini(**{"issuer": ISSUER} | changes))


def test_every_problem_is_listed():
    with pytest.raises(ConfigurationError) as raised:
        ResourceServer.from_ini({})
    assert len(raised.value.problems) == 4


def test_an_app_that_verifies_signatures_needs_no_client():
    more = {"validation": "jwt", "client_id": "", "client_secret": ""}
    settings = ResourceServer.from_ini(
        ini(ISSUER, resources=f"{PHOTOS} | read | x | jwt ES256", **more)
    )
    [resource] = settings.resources
    assert (settings.validation, resource.jwt, resource.alg) == ("jwt", True, "ES256")


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:5000", "http://localhost", "http://[::1]:1"])
def test_http_is_for_loopback(issuer):
    assert ResourceServer.from_ini(ini(issuer)).issuer == issuer


def test_the_guide_has_a_row_for_each_setting():
    rows = [
        (item.metadata["key"], item.metadata["default"], item.metadata["meaning"])
        for item in options()
    ]
    shown = {None: "required", "": ""}
    wanted = [f"| `{k}` | {shown.get(d, f'`{d}`')} | {m} |" for k, d, m in rows]
    text = GUIDE.read_text("utf-8")
    found = re.findall(r"^\| `oauthprov\.resource_server\..*$", text, re.MULTILINE)
    assert found == wanted, "these rows belong into docs/resource-servers.md:\n" + "\n".join(
        wanted
    )
