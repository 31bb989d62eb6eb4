"""Nothing that a stranger sends gives a 500 or a traceback."""

from __future__ import annotations

import io
import json

import pytest
from pyramid.config import Configurator
from webtest import TestApp

from tests import site as sites
from tests.site import FORM, ISSUER, Site
from tests.web.openid import openid_site

RESET = ("/login/reset", "/login/new-password")
ACCOUNT = (
    *("/account/password", "/account/delete", "/account/keep", "/account/export"),
    *("/account/profile", "/account/email", "/account/email/new"),
)
POSTED = ("/login", "/signup", "/logout", "/consent", *ACCOUNT, *RESET)
GOT = ("/", "/login", "/signup", "/logout", "/consent", "/account", *ACCOUNT, *RESET)


@pytest.fixture(scope="module")
def site():
    made = openid_site(**{"mail.url": "console:"})
    yield made
    made.close()


def raw(site: Site, method: str, path: str, query: str = "", body: bytes = b"", kind: str = FORM):
    """Send bytes as they are, past all that a client library would put right."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "https",
        "HTTP_HOST": "id.example",
    }
    app = TestApp(site.wsgi, extra_environ=environ, lint=False)
    request = app.RequestClass.blank("/", environ=environ)
    request.body = body
    request.environ.update(environ)
    return app.do_request(request, expect_errors=True)


def is_error_page(response) -> bool:
    assert 400 <= response.status_int < 500, response.status
    assert response.headers["X-Request-Id"] in response.text
    assert "Traceback" not in response.text
    return response.html.h1 is not None


@pytest.mark.parametrize(
    "path", ["/\xff", "/login\xff", "/account/apps/\xc3/remove", "/\xff\xfe/"]
)
def test_a_path_that_is_no_text_is_an_error_page(site, path):
    assert is_error_page(raw(site, "GET", path))


@pytest.mark.parametrize("path", ["/login", "/signup", "/consent"])
@pytest.mark.parametrize(
    "query",
    [
        "interaction=%ff",
        "interaction=%",
        "interaction=%zz",
        "x=%ff",
        "interaction=%00",
        "\xff=\xff",
    ],
)
def test_a_query_that_is_no_text_is_an_error_page(site, path, query):
    assert is_error_page(raw(site, "GET", path, query))


@pytest.mark.parametrize("query", ["x=%ff", "a=1&a=2", "&".join(f"x{n}=1" for n in range(10_000))])
def test_pages_without_parameters_ignore_them(site, query):
    assert raw(site, "GET", "/", query).status_int == 200


@pytest.mark.parametrize("path", POSTED[:4])
@pytest.mark.parametrize(
    "body",
    [
        b"name=%ff&password=x",
        b"name=\xff",
        b"name=a&name=b",
        b"name=%00",
        b"%",
        b"&".join(b"x%d=1" % n for n in range(10_000)),
        b"name=" + b"x" * 100_000,
        b"\x00" * 100,
    ],
    ids=range(8),
)
def test_a_body_that_is_no_form_is_an_error_page(site, path, body):
    assert is_error_page(raw(site, "POST", path, body=body))


@pytest.mark.parametrize("path", POSTED[:4])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", json.dumps({"name": "alice"}).encode()),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n',
        ),
        ("text/plain", b"name=alice"),
        ("", b"name=alice"),
        (f"{FORM}; charset=utf-16", b"name=alice"),
        (f"{FORM}; charset=no-such-charset", b"name=alice"),
        (f"{FORM}; charset=\xff", b"name=alice"),
    ],
)
def test_a_body_of_another_content_type_is_an_error_page(site, path, kind, body):
    assert is_error_page(raw(site, "POST", path, body=body, kind=kind))


@pytest.mark.parametrize("kind", [f"{FORM}; charset=no-such-charset", "text/html; charset=\xff"])
def test_a_charset_on_a_get_is_ignored(site, kind):
    assert raw(site, "GET", "/login", kind=kind).status_int == 200


def test_a_body_over_64_kib_isn_t_read(site):
    response = raw(site, "POST", "/login", body=b"x" * 65_537)
    assert response.status_int == 413
    assert is_error_page(response)


class Endless(io.RawIOBase):
    """A chunked body that never ends, as gunicorn and granian pass it on: without a length."""

    def __init__(self) -> None:
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        assert self.taken < 1_000_000, "it reads on and on"
        buffer[:] = b"x" * len(buffer)
        self.taken += len(buffer)
        return len(buffer)


@pytest.mark.parametrize("path", ["/login", "/oauth/token"])
def test_a_body_without_a_length_isn_t_read_to_its_end(site, path):
    request = TestApp(site.wsgi).RequestClass.blank(path, base_url=ISSUER, method="POST")
    request.environ |= {
        "wsgi.input": io.BufferedReader(Endless()),
        "wsgi.input_terminated": True,
        "CONTENT_TYPE": FORM,
    }
    request.environ.pop("CONTENT_LENGTH", None)
    response = TestApp(site.wsgi, lint=False).do_request(request, expect_errors=True)
    assert response.status_int == 413


@pytest.mark.parametrize("path", GOT)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_another_method_is_a_405_page(site, path, method):
    response = raw(site, method, path)
    assert response.status_int == 405
    assert "GET" in response.headers["Allow"]
    assert is_error_page(response)


def test_a_get_of_a_post_only_page_is_a_405(site, alice):
    response = alice.get("/account/sessions/end-all")
    assert (response.status_int, response.headers["Allow"]) == (405, "POST")


def test_head_is_a_get_without_its_body(site):
    response = TestApp(site.wsgi).head(site.url("/login"))
    assert (response.status_int, response.body) == (200, b"")


def test_the_host_header_has_no_effect_on_links(site):
    app = TestApp(site.wsgi, extra_environ={"HTTP_HOST": "evil.example"})
    page = app.get("/login")
    assert "evil.example" not in page.text
    assert app.get("/account").location == f"{ISSUER}/login?page=account"


def test_another_name_of_this_computer_leads_to_the_issuer_in_development():
    made = sites.standalone(sites.ini("sqlite://", "http://127.0.0.1:5000", development="true"))
    app = TestApp(made.wsgi)
    moved = app.get("http://localhost:5000/login?page=account")
    assert moved.location == "http://127.0.0.1:5000/login?page=account"
    assert app.get("http://evil.example/login").status_int == 200
    made.close()


def test_a_defect_is_a_page_with_an_id_and_a_log_with_the_reason(caplog):
    def broken(request):
        raise RuntimeError("the secret reason")

    with Configurator(settings=sites.ini("sqlite://", development="true")) as config:
        config.include("oauthprov.web.standalone")
        config.add_oauth_page("broken", "/broken", get=broken)
        app = TestApp(config.make_wsgi_app())
    page = app.get("https://id.example/broken", status=500)
    assert "the secret reason" not in page.text
    assert page.headers["X-Request-Id"] in page.text
    assert f"[request {page.headers['X-Request-Id']}]" in caplog.text
    assert "the secret reason" in caplog.text


@pytest.fixture
def stranded():
    """A server whose Redis is gone."""
    made = sites.standalone(sites.ini("redis://127.0.0.1:1/0"))
    yield made
    made.close()


def test_without_storage_pages_are_503(stranded, caplog):
    cookie = {"Cookie": f"__Host-oauthprov_sid={'a' * 22}.{'b' * 43}"}
    for path in ("/", "/account", "/login"):
        page = stranded.get(path, headers=cookie)
        assert page.status_int == 503
        assert page.headers["Retry-After"] == "5"
        assert page.headers["X-Request-Id"] in page.text
        assert page.headers["Content-Security-Policy"]
        assert f"[request {page.headers['X-Request-Id']}]" in caplog.text


def test_without_storage_clients_get_a_json_error(stranded):
    form = {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}
    answer = stranded.post("/oauth/token", form)
    assert answer.status_int == 503
    assert answer.json["error"] == "temporarily_unavailable"
    assert answer.headers["Retry-After"] == "5"
    assert answer.headers["Cache-Control"] == "no-store"


def test_pages_that_need_no_storage_work_without_it(stranded):
    assert stranded.get("/").status_int == 200
    assert stranded.get("/login").status_int == 200
