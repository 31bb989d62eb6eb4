"""Documents name what exists: tests, files, headings; README names standards that are kept."""

from __future__ import annotations

import ast
import logging
import re
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest

from oauthprov import logs
from oauthprov.events import Reason
from oauthprov.protected_resource.client_certificates import ClientCertificate, read
from oauthprov.protocol.clients.redirects import redirect_allowed
from oauthprov.protocol.metadata import authorization_server
from oauthprov.protocol.token.access_jwts import TYPE
from oauthprov.settings import Settings
from tests import site as sites
from tests.certificates import Authority, self_signed
from tests.documents.blocks import DOCUMENTS
from tests.protocol.certified import settings as mtls_settings
from tests.site import API, ISSUER, Site
from tests.web.openid import openid_site

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"


@cache
def text_of(path: Path) -> str:
    return path.read_text("utf-8")


def found(pattern: str) -> list[tuple[str, ...]]:
    """What ``pattern`` matches in the documents, with the document's name before it."""
    every = {
        (str(document.relative_to(ROOT)), *(match if isinstance(match, tuple) else (match,)))
        for document in DOCUMENTS
        for match in re.findall(pattern, text_of(document))
    }
    return sorted(every)


@pytest.mark.parametrize(("document", "file", "test"), found(r"`([\w/]+\.py)::(\w+)`"))
def test_a_named_test_exists(document, file, test):
    # engine-rows.md names those of protocol; a path of the package is that of a public suite.
    places = [place / file for place in (TESTS, TESTS / "protocol", ROOT)]
    texts = [text_of(place) for place in places if place.is_file()]
    assert any(re.search(rf"^ *def {test}\(", text, re.MULTILINE) for text in texts), (
        f"{document} names {file}::{test}, which isn't there: name the test that proves it now"
    )


@pytest.mark.parametrize(("document", "target"), found(r"\]\(([^)\s]+)\)"))
def test_a_link_leads_somewhere(document, target):
    path, _, heading = target.partition("#")
    if "://" in path:
        return
    there = (ROOT / document).parent / path if path else ROOT / document
    assert there.exists(), f"the link to {target} in {document} leads nowhere: correct it"
    if heading:
        assert heading in headings(there), (
            f"{path or document} has no heading for #{heading}: correct the link in {document}"
        )


@pytest.mark.parametrize(
    ("document", "path"), found(r"`((?:oauthprov|tests|docs|examples|bench)/[\w./-]+)`")
)
def test_a_named_file_exists(document, path):
    assert (ROOT / path).exists(), f"{document} names {path}: correct it, or see where it went"


@pytest.mark.parametrize(
    ("document", "file", "name"), found(r"`(oauthprov/[\w/]+\.py)::(?!test_)([\w.]+)`")
)
def test_a_named_function_exists(document, file, name):
    assert name in functions(ROOT / file), (
        f"{document} names {file}::{name}, which isn't there: correct it, or see where it went"
    )


@cache
def functions(module: Path) -> frozenset[str]:
    """The functions of a module, and the methods of its classes as ``Class.method``."""
    names = set()
    for node in ast.parse(text_of(module)).body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            inner = (part.name for part in node.body if isinstance(part, ast.FunctionDef))
            names.update(f"{node.name}.{part}" for part in inner)
    return frozenset(names)


def test_the_table_of_threads_is_complete():
    names = set()
    for module in (ROOT / "oauthprov").rglob("*.py"):
        names |= set(re.findall(r"(?:Worker\(|in_thread[(,])\s*\"(\w+)\"", text_of(module)))
        names |= set(re.findall(r"\"oauthprov-(\w+)\"", text_of(module)))
    page = text_of(ROOT / "docs" / "architecture.md")
    assert set(re.findall(r"^\| `oauthprov-(\w+)`", page, re.MULTILINE)) == names, (
        "give each thread its row in docs/architecture.md, under Threads"
    )


DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_all_that_one_must(decision):
    text, number = text_of(decision), decision.stem[:4]
    assert re.match(rf"# {number}: .+\n\nStatus: .+ Date: \d{{4}}-\d\d-\d\d\b", text), (
        f"begin {decision.name} with '# {number}: title' and 'Status: ... Date: YYYY-MM-DD'"
    )
    parts = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert parts == ["Context", "Decision", "Alternatives", "Consequences"], decision.name


def test_the_index_lists_every_decision():
    index = text_of(ROOT / "docs" / "decisions" / "README.md")
    listed = re.findall(r"^\| \[(\d{4})\]\(([\w-]+\.md)\) \| (.+?) \|", index, re.MULTILINE)
    titles = [
        (path.stem[:4], path.name, text_of(path).partition("\n")[0].removeprefix("# ")[6:])
        for path in DECISIONS
    ]
    assert listed == titles, "give each decision its line in docs/decisions/README.md"


def headings(document: Path) -> set[str]:
    """The anchors that a document's headings give."""
    titles = re.findall(r"^#+ (.+)$", text_of(document), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", ["engine-rows.md", "threat-model.md"])
def test_each_row_says_something(name):
    rows = [line for line in text_of(ROOT / "docs" / name).splitlines() if line.startswith("|")]
    cells = [row.strip("|").split("|") for row in rows]
    assert len(cells) > 20
    empty = [row for row in cells if len(row) < 2 or not row[-1].strip()]
    assert empty == [], f"fill in the last column of these rows of docs/{name}"


Document = Mapping[str, object]


def certified() -> Settings:
    """The settings of a server behind a proxy that hands certificates on."""
    with tempfile.TemporaryDirectory() as folder:
        mtls = mtls_settings(Authority().file(Path(folder, "ca.pem")))
        return Settings.from_ini(sites.ini("sqlite://", **mtls))


def documented(**settings: str) -> Document:
    """The metadata document of a server with these settings."""
    return authorization_server(Settings.from_ini(sites.ini("sqlite://", **settings)), {})


PROOFS: dict[str, Callable[[Document, Site], bool]] = {
    "6238": lambda _, site: site.get("/account/authenticator").status_int == 302,
    "6749": lambda said, _: "authorization_code" in said["grant_types_supported"],
    "6750": lambda _, site: (
        site.get(API + "/me").headers.getall("WWW-Authenticate")[0][:7] == "Bearer "
    ),
    "7009": lambda said, _: "revocation_endpoint" in said,
    "7521": lambda said, _: "private_key_jwt" in said["token_endpoint_auth_methods_supported"],
    "7523": lambda said, _: "RS256" in said["token_endpoint_auth_signing_alg_values_supported"],
    "7591": lambda said, _: "registration_endpoint" in said,
    "7592": lambda _, site: site.get("/oauth/register/nobody").status_int == 401,
    "7636": lambda said, _: said["code_challenge_methods_supported"] == ["S256"],
    "7662": lambda said, _: "introspection_endpoint" in said,
    "8252": lambda _, __: redirect_allowed(
        ["http://127.0.0.1/"], "http://127.0.0.1:5/", any_port=True
    ),
    "8414": lambda said, _: said["issuer"] == ISSUER,
    "8628": lambda said, _: "device_authorization_endpoint" in said,
    "8705": lambda _, __: (
        "tls_client_auth"
        in authorization_server(certified(), {})["token_endpoint_auth_methods_supported"]
    ),
    "8707": lambda said, _: f"{ISSUER}{API}" in said["protected_resources"],
    "9068": lambda said, _: "jwks_uri" in said and TYPE == "at+jwt",
    "9101": lambda said, _: "RS256" in said["request_object_signing_alg_values_supported"],
    "9126": lambda said, _: "pushed_authorization_request_endpoint" in said,
    "9207": lambda said, _: said["authorization_response_iss_parameter_supported"],
    "9440": lambda _, __: isinstance(read(self_signed().rfc9440, "rfc9440"), ClientCertificate),
    "9449": lambda said, _: "ES256" in said["dpop_signing_alg_values_supported"],
    "9470": lambda said, _: "1" in said["acr_values_supported"],
    "9700": lambda _, __: "RFC 9700" in text_of(ROOT / "docs" / "threat-model.md"),
    "9701": lambda said, _: "RS256" in said["introspection_signing_alg_values_supported"],
    "9728": lambda _, site: (
        site.get(f"/.well-known/oauth-protected-resource{API}").json["resource"] == ISSUER + API
    ),
}
"""By RFC: whether the server, or its metadata document, shows that it is kept."""

OPENID_PROOFS: dict[str, Callable[[Document], bool]] = {
    "OAuth 2.1 (draft)": lambda said: said["code_challenge_methods_supported"] == ["S256"],
    "OpenID Connect Core 1.0": lambda said: (
        "RS256" in said["id_token_signing_alg_values_supported"]
    ),
    "Discovery 1.0": lambda said: said["issuer"] == ISSUER,
    "OpenID Connect Dynamic Client Registration 1.0": lambda said: "registration_endpoint" in said,
    "OAuth 2.0 Form Post Response Mode": lambda said: (
        "form_post" in said["response_modes_supported"]
    ),
    "OAuth 2.0 JWT Secured Authorization Response Mode (JARM)": lambda said: (
        "form_post.jwt" in said["response_modes_supported"]
    ),
    "Client ID Metadata Documents (draft)": lambda _: documented(client_documents="*")[
        "client_id_metadata_document_supported"
    ],
    "FAPI 2.0 Security Profile": lambda _: (
        "RS256"
        not in documented(profile="fapi2", device="false")["dpop_signing_alg_values_supported"]
    ),
    "Message Signing": lambda _: documented(profile="fapi2-message-signing", device="false")[
        "require_signed_request_object"
    ],
    "Initiating User Registration via OpenID Connect 1.0": lambda said: (
        "create" in said["prompt_values_supported"]
    ),
    "OpenID Connect RP-Initiated Logout 1.0": lambda said: "end_session_endpoint" in said,
    "Back-Channel Logout 1.0": lambda said: said["backchannel_logout_supported"] is True,
}
"""By name, where it is no RFC: whether the metadata document shows that it is kept."""

STANDARDS = text_of(ROOT / "README.md").partition("\n## Standards\n")[2]
NAMED = re.findall(r"RFC (\d+)", STANDARDS)
OPENID_NAMED = re.findall(r"^\| (?!RFC |Web )(\w[^|]+) \|", STANDARDS, re.MULTILINE)
OPENID_NAMED = ", ".join(OPENID_NAMED).split(", ")


@pytest.fixture(scope="module")
def site():
    made = sites.standalone(sites.ini("sqlite://", development="true"))
    yield made
    made.close()


@pytest.mark.parametrize("number", NAMED)
def test_a_standard_that_readme_names_is_kept(site, number):
    said = site.get("/.well-known/oauth-authorization-server").json
    assert PROOFS[number](said, site)


def test_readme_names_every_standard_that_is_kept():
    why = "name it in README.md under Standards, and in {} above what shows that it is kept"
    assert sorted(NAMED) == sorted(PROOFS), why.format("PROOFS")
    assert sorted(OPENID_NAMED) == sorted(OPENID_PROOFS), why.format("OPENID_PROOFS")


@pytest.fixture(scope="module")
def provider_configuration():
    made = openid_site()
    yield made.get("/.well-known/openid-configuration").json
    made.close()


@pytest.mark.parametrize("name", OPENID_NAMED)
def test_a_specification_that_readme_names_is_kept(provider_configuration, name):
    assert OPENID_PROOFS[name](provider_configuration)


def test_the_table_of_reasons_is_the_list():
    rows = re.findall(
        r"^\| `(\w+)` \| (\w+) \| (.+) \|$", text_of(ROOT / "docs" / "log.md"), re.MULTILINE
    )
    every = [(r.value, logging.getLevelName(r.level), r.meaning) for r in Reason]
    assert rows == every, "write the table of docs/log.md as the members of Reason are, in order"


def test_the_table_of_fields_is_what_the_log_writes():
    fields, _, _ = text_of(ROOT / "docs" / "log.md").partition("## Reasons")
    assert tuple(re.findall(r"^\| `(\w+)` \|", fields, re.MULTILINE)) == logs.FIELDS, (
        "give each field of logs.FIELDS its row in docs/log.md, in this order"
    )
