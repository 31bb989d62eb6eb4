"""Each fault of a live server is found, whatever the server sends."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import time

import pytest

from oauthprov.doctor import Live, Report, examine_server
from oauthprov.fetch.asking import LIMIT, Asker
from oauthprov.settings import Settings
from tests import site as sites
from tests.doctor.conftest import found, ini
from tests.doctor.front import Front
from tests.fetch.server import JSON, Authority, Names, Server, answer

HOST = "id.example.org"
NOW = 1_800_000_000
METADATA = "/.well-known/oauth-authorization-server"
LONG = 30.0
FORMER: list[int] = []


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


class Place:
    """A provider behind a front, and the live server as the checks see it."""

    def __init__(self, authority, path="", context=None, patience=0.3, **more):
        # The app of a place whose port is the same needn't be made again.
        self.server = Server(context or authority.context(HOST, days=90), ports=FORMER)
        FORMER[:] = [self.server.port]
        issuer = f"https://{HOST}:{self.server.port}{path}"
        given = ini("sqlite://", issuer, scopes=sites.OPENID, **more)
        self.settings = Settings.from_ini(given)
        self.site = sites.standalone(given)
        self.site.storage.upgrade()
        self.front = self.server.reply = Front(self.server, self.site.wsgi, NOW)
        self.names = Names()
        self.names.names[HOST] = [["127.0.0.1"]]
        self.authority, self.patience, self.plain = authority, patience, None
        self.url, self.now = issuer, NOW

    def examine(self, **more):
        """The report on the server."""
        asker = Asker(self.authority.file, lookup=self.names, **({"seconds": LONG} | more))
        report = Report()
        examine_server(
            report,
            Live(
                self.settings,
                self.url,
                asker,
                clock=lambda: self.now,
                patience=self.patience,
                plain=self.plain,
            ),
        )
        return report

    def close(self):
        self.server.close()
        self.site.close()


@pytest.fixture
def make(authority):
    made = []

    def place(**more):
        made.append(Place(authority, **more))
        return made[-1]

    yield place
    for one in made:
        one.close()


@pytest.fixture
def place(make):
    return make()


@pytest.fixture
def sound(place):
    """A place with a certificate that is valid for long at the time of the checks."""
    place.now = place.front.now = int(time.time())
    return place


@pytest.mark.parametrize("path", ["", "/auth"])
def test_nothing_is_found_on_a_sound_server(make, path):
    sound = make(path=path, well_known_root="true")
    sound.now = sound.front.now = int(time.time())
    if path:
        sound.front.app = mounted(sound.site.wsgi, path)
    report = sound.examine()
    assert (report.findings, report.skipped) == ([], [])


def mounted(app, path):
    """Serve all but well-known documents below a path, as docs/deployment.md has it."""

    def serve(environ, start_response):
        inner = environ["PATH_INFO"]
        if inner.startswith(path + "/"):
            environ["SCRIPT_NAME"], environ["PATH_INFO"] = path, inner.removeprefix(path)
        return app(environ, start_response)

    return serve


def header(name, value, at=None):
    """A proxy that sets a header, or removes it, from pages or from one path."""

    def tamper(path, response):
        if at in (None, path):
            response.headers.pop(name, None)
            if value is not None:
                response.headers[name] = value

    return tamper


def added(name, value, at):
    def tamper(path, response):
        if path == at:
            response.headerlist.append((name, value))

    return tamper


def member(name, value, at=METADATA):
    """A server whose document has another member, or lacks one."""

    def tamper(path, response):
        if path == at and response.body:
            document = json.loads(response.body)
            document.pop(name, None)
            if value is not None:
                document[name] = value
            response.body = json.dumps(document).encode()

    return tamper


def status(code, at):
    def tamper(path, response):
        if path == at:
            response.status_int = code

    return tamper


def cookies(path, response):
    """A proxy that rewrites cookies."""
    kept = [(name, value) for name, value in response.headerlist if name != "Set-Cookie"]
    for value in response.headers.getall("Set-Cookie"):
        kept.append(("Set-Cookie", value.replace("; secure", "")))
    response.headerlist = kept


def forged(path, response):
    response.headers["Link"] = "<https://doctor.invalid/>; rel=canonical"


PLANTED = [
    ("live.hsts", header("Strict-Transport-Security", None)),
    ("live.hsts", header("Strict-Transport-Security", "max-age=60")),
    ("live.clock", header("Date", "Thu, 01 Jan 1970 00:00:00 GMT")),
    ("live.issuer", member("issuer", "https://id.example.org/")),
    ("live.well_known", status(404, "/.well-known/openid-configuration")),
    (
        "live.well_known",
        member("issuer", "https://evil.example", "/.well-known/openid-configuration"),
    ),
    ("live.endpoints", member("revocation_endpoint", "https://evil.example/oauth/revoke")),
    ("live.mcp", member("code_challenge_methods_supported", ["plain"])),
    ("live.mcp", member("authorization_response_iss_parameter_supported", None)),
    ("live.mcp", member("registration_endpoint", None)),
    ("live.mcp", member("client_id_metadata_document_supported", None)),
    ("live.settings", member("scopes_supported", ["openid"])),
    ("live.keys", member("keys", [], "/oauth/jwks")),
    ("live.keys", member("keys", [{"kty": "RSA", "d": "x"}], "/oauth/jwks")),
    ("live.ready", status(503, "/readyz")),
    ("live.cookies", cookies),
    ("live.framing", header("Content-Security-Policy", None)),
    ("live.framing", header("X-Content-Type-Options", None)),
    ("live.cached", header("Cache-Control", "public, max-age=60", "/login")),
    ("live.cached", header("Age", "7", "/login")),
    ("live.cors_metadata", header("Access-Control-Allow-Origin", None, METADATA)),
    ("live.cors_metadata", added("Access-Control-Allow-Origin", "*", METADATA)),
    ("live.cors_metadata", header("Access-Control-Allow-Headers", None, METADATA)),
    ("live.cors_strangers", header("Access-Control-Allow-Origin", "*", "/login")),
    ("live.cors_strangers", header("Access-Control-Allow-Credentials", "true", METADATA)),
    ("live.forged_host", forged),
]


@pytest.mark.parametrize(("check", "tamper"), PLANTED)
def test_a_planted_fault_is_found(sound, check, tamper):
    sound.front.tamper = tamper
    assert set(found(sound.examine())) == {check}


def test_a_front_without_a_limit_of_bodies_is_found(sound):
    sound.front.limit = 1 << 40
    assert found(sound.examine()) == ["live.body_limit"]


def test_a_front_that_does_not_buffer_bodies_is_found(sound):
    sound.front.buffers, sound.patience = False, LONG
    assert found(sound.examine()) == ["live.buffering"]


def test_a_front_that_refuses_long_urls_is_found(sound):
    sound.front.longest = 8192
    assert found(sound.examine()) == ["live.long_urls"]


def test_http_without_a_redirect_is_found(sound):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        sound.plain = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        for reply, expected in (
            (answer(b"Hello"), ["live.plain_http"]),
            (answer(b"", f"Location: https://{HOST}/", status="301 Moved"), []),
            (answer(b"", status="404 Not Found"), []),
        ):
            thread = threading.Thread(target=reply_once, args=(listening, reply))
            thread.start()
            assert found(sound.examine()) == expected
            thread.join(LONG)


def reply_once(listening, reply):
    connection, _ = listening.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(reply)


def test_a_certificate_that_ends_soon_is_found(make, authority):
    place = make(context=authority.context(HOST, days=7))
    place.now = place.front.now = int(time.time())
    report = place.examine()
    assert found(report) == ["live.certificate_expiry"]
    [one] = report.findings
    assert re.search(r"is valid until \d{4}-\d\d-\d\d$", one.found)


def test_a_certificate_of_another_host_is_found(make, authority):
    place = make(context=authority.context("other.example.org"))
    report = place.examine()
    assert found(report) == ["live.tls"]
    assert "isn't valid" in report.findings[0].found
    assert {one.why for one in report.skipped} == {"the server has no metadata"}


def test_a_certificate_of_an_unknown_authority_is_found(make, tmp_path):
    assert found(make(context=Authority(tmp_path).context(HOST)).examine()) == ["live.tls"]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1 is deprecated")
def test_retired_versions_of_tls_are_found(make, authority):
    context = authority.context(HOST, days=90)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    place = make(context=context)
    place.now = place.front.now = int(time.time())
    report = place.examine()
    assert found(report) == ["live.old_tls"]
    assert report.findings[0].found == "the server speaks TLS 1.0 and TLS 1.1"


def silence(connection):
    """Accept the request, and say nothing."""
    connection.recv(1)


def dripping(connection):
    """Send a header that never ends, byte by byte."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while connection.send(b"x"):
        time.sleep(0.02)


def megabytes(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while connection.send(b" " * 65_536):
        pass


WRONG = {
    "silence": silence,
    "dripping": dripping,
    "megabytes": megabytes,
    "a long document": answer(b" " * (LIMIT + 1), JSON),
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "nothing": b"",
    "endless headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
    "no JSON": answer(b"<html>", "Content-Type: text/html"),
    "deep JSON": answer(b"[" * 100_000, JSON),
    "an array": answer(b"[]", JSON),
    "bytes": answer(b"\xff\xfe\x00", JSON),
    "an error": answer(b"{}", JSON, status="502 Bad Gateway"),
    "a redirect": answer(b"", "Location: https://evil.example/", status="302 Found"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_server_that_hangs_or_lies_is_a_finding(place, wrong):
    place.server.reply = WRONG[wrong]
    report = place.examine(seconds=1.0) if wrong in ("silence", "dripping") else place.examine()
    assert found(report) == ["live.answers"]
    assert len(report.findings[0].found) <= 300
    assert place.server.connections == 1, "it is asked once"


def test_a_server_that_begins_to_hang_ends_all_checks_in_time(sound):
    """Requests have a limit together: what is left is skipped, and says so."""
    answered = sound.server.reply

    def hanging(connection):
        reply = answered if len(sound.server.asked) == 1 else silence
        reply(connection)

    sound.server.reply = hanging
    report = sound.examine(seconds=1.0, altogether=3.0)
    assert {"live.hsts", "live.cookies"} <= {one.row.name for one in report.skipped}
    assert sound.server.connections < 8


WILD = [
    (["a list"], "issuer"),
    ({"x": [1]}, "jwks_uri"),
    (7, "scopes_supported"),
    ([7, None, {}], "code_challenge_methods_supported"),
    (["\u202e\x1b[2J" * 5000], "issuer"),
    ("https://evil.example/", "token_endpoint"),
]


@pytest.mark.parametrize(("value", "name"), WILD)
def test_a_document_of_wrong_types_is_a_finding_and_no_failure(sound, value, name):
    sound.front.tamper = member(name, value)
    report = sound.examine()
    assert report.findings
    for one in report.findings:
        assert one.found.isprintable()
        assert len(one.found) <= 300


def test_metadata_can_t_send_the_checks_to_another_host(sound):
    sound.front.tamper = member("token_endpoint", "https://127.0.0.1/oauth/token")
    sound.examine()
    assert set(sound.names.asked) == {HOST}


def test_a_host_without_an_address_is_a_finding(place):
    def nowhere(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    place.names = nowhere
    assert found(place.examine()) == ["live.answers"]


def test_another_url_than_the_issuer_may_be_checked(make):
    """Such as the server behind the proxy, by http."""
    place = make()
    listening = sites_waitress(place)
    place.url = listening.root
    place.now = int(time.time())
    names = found(place.examine())
    listening.close()
    assert names == ["live.body_limit"], "waitress accepts a GiB unless it is told otherwise"


def sites_waitress(place):
    from tests.servers.wsgi import Server as Waitress

    made = Waitress()
    made.start(place.site.wsgi)
    return made
