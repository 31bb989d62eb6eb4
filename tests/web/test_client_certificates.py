"""Client certificates over HTTP: the headers of proxies, the aliases of endpoints (RFC 8705)."""

from functools import partial

import pytest
from webtest import TestApp

from oauthprov.protected_resource.client_certificates import FORMATS
from tests import site as sites
from tests.certificates import PROXY_SECRET, SUBJECT_DN, Authority, self_signed
from tests.protocol import certified

NOW = sites.Clock().now
CLIENTS = Authority(now=NOW)
HEADERS = {
    "nginx": "X-SSL-Client-Cert",
    "rfc9440": "Client-Cert",
    "envoy": "X-Forwarded-Client-Cert",
}
FORM = {"grant_type": "client_credentials"}


def made(folder, written_as="nginx", *, straight=True, **more):
    mtls = certified.settings(CLIENTS.file(folder / "ca.pem"))
    mtls |= {"mtls.format": written_as, "mtls.header": HEADERS[written_as]}
    settings = sites.ini("sqlite://", **mtls, **more)
    return sites.standalone(settings, straight=straight)


@pytest.fixture(params=[True, False], ids=["straight", "pyramid"])
def site(request, tmp_path):
    found = made(tmp_path, straight=request.param)
    yield found
    found.close()


def worker(site, **more):
    subject = {"tls_client_auth_subject_dn": SUBJECT_DN}
    return site.app("machine", auth_method="tls_client_auth", **subject | more)


def shown(certificate, written_as="nginx", secret=PROXY_SECRET):
    given = {HEADERS[written_as]: getattr(certificate, written_as)}
    return given | ({} if secret is None else {"Oauthprov-Proxy-Secret": secret})


def ask(site, app, headers):
    return site.post("/oauth/token", FORM | {"client_id": app.client.client_id}, headers=headers)


def refused(answer):
    assert (answer.status_int, answer.json["error"]) == (401, "invalid_client"), answer
    assert "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize("written_as", FORMATS)
def test_a_certificate_in_the_header_of_each_format_proves_the_client(tmp_path, written_as):
    site = made(tmp_path, written_as)
    app = worker(site)
    assert ask(site, app, shown(CLIENTS.issue(), written_as)).status_int == 200
    refused(ask(site, app, shown(self_signed(now=NOW), written_as)))
    site.close()


def test_both_ways_to_the_endpoints_read_the_header(site):
    app = worker(site)
    assert ask(site, app, shown(CLIENTS.issue())).status_int == 200
    refused(ask(site, app, {}))


@pytest.mark.parametrize("secret", [None, "", "wrong", f"{PROXY_SECRET}, {PROXY_SECRET}"])
def test_a_header_that_the_proxy_did_not_write_is_no_certificate(site, secret):
    refused(ask(site, worker(site), shown(CLIENTS.issue(), secret=secret)))


def test_a_doubled_truncated_or_mangled_header_proves_nobody(site):
    app, certificate = worker(site), CLIENTS.issue()
    value = certificate.nginx
    for wrong in (f"{value}, {value}", f"{value},", value[:-40], value.replace("%", "%25"), "x"):
        refused(ask(site, app, shown(certificate) | {HEADERS["nginx"]: wrong}))


def test_the_header_of_another_format_is_no_certificate(site):
    headers = shown(CLIENTS.issue()) | {HEADERS["nginx"]: CLIENTS.issue().rfc9440}
    refused(ask(site, worker(site), headers))


def test_8705_5_the_metadata_names_aliases_below_the_base_url_but_for_browsers(site):
    document = site.get("/.well-known/oauth-authorization-server").json
    aliases = document["mtls_endpoint_aliases"]
    assert aliases == {
        name: document[name].replace(site.issuer, certified.BASE)
        for name in (
            "token_endpoint",
            "introspection_endpoint",
            "revocation_endpoint",
            "pushed_authorization_request_endpoint",
            "device_authorization_endpoint",
        )
    }
    assert document["issuer"] == site.issuer
    methods = document["token_endpoint_auth_methods_supported"]
    assert {"tls_client_auth", "self_signed_tls_client_auth"} <= set(methods)
    confidential = document["introspection_endpoint_auth_methods_supported"]
    assert {"tls_client_auth", "self_signed_tls_client_auth"} <= set(confidential)
    assert document["tls_client_certificate_bound_access_tokens"] is True


def test_8705_5_userinfo_has_an_alias_where_it_exists(tmp_path):
    site = made(tmp_path, scopes=sites.OPENID)
    document = site.get("/.well-known/openid-configuration").json
    alias = document["mtls_endpoint_aliases"]["userinfo_endpoint"]
    assert alias == f"{certified.BASE}/oauth/userinfo"
    site.close()


def test_without_the_settings_the_metadata_and_the_header_say_nothing():
    site = sites.standalone(sites.ini("sqlite://"))
    document = site.get("/.well-known/oauth-authorization-server").json
    assert not any("mtls" in name or "tls_client" in name for name in document)
    assert "tls" not in " ".join(document["token_endpoint_auth_methods_supported"])
    app = site.app("machine")
    answer = ask(site, app, shown(CLIENTS.issue()))
    assert answer.status_int == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    site.close()


def test_8705_2_1_2_a_client_registers_itself_with_exactly_one_subject(site):
    wanted = {
        "redirect_uris": [sites.CALLBACK],
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_san_dns": "Client.example",
        "tls_client_certificate_bound_access_tokens": True,
    }
    register = partial(TestApp(site.wsgi).post_json, site.url("/oauth/register"))
    document = register(wanted).json
    assert document["tls_client_auth_san_dns"] == "client.example"
    assert document["tls_client_certificate_bound_access_tokens"] is True
    assert "client_secret" not in document
    for wrong in (
        {"tls_client_auth_san_dns": None},
        {"tls_client_auth_san_ip": "192.0.2.7"},
        {"dpop_bound_access_tokens": True},
    ):
        refused = register(wanted | wrong, expect_errors=True)
        assert (refused.status_int, refused.json["error"]) == (400, "invalid_client_metadata")


def test_the_console_shows_a_certified_client_its_aliases_and_code(tmp_path):
    site = made(tmp_path)
    alice = site.browser().sign_up("alice")
    client_id = worker(site, owner=alice.account_id()).client.client_id
    page = alice.get(f"/clients/{client_id}")
    assert f"{certified.BASE}/oauth/token" in page
    assert "--cert client.crt --key client.key" in page
    assert "use_mtls_endpoint_aliases: true" in page
    site.close()
