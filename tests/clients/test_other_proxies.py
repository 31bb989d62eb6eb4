"""Clients with certificates through a real Envoy and HAProxy, as docs/mtls.md has them."""

from __future__ import annotations

import time

import pytest
import requests

from oauthprov.records import AccessToken
from tests.certificates import PROXY_SECRET, Authority
from tests.clients import behind_envoy, behind_haproxy
from tests.clients.behind_nginx import served
from tests.clients.test_mutual_tls import Place

PROXIES = {"envoy": behind_envoy.Front, "haproxy": behind_haproxy.Front}


@pytest.fixture(scope="module", params=PROXIES)
def place(request, tmp_path_factory):
    folder, authority = tmp_path_factory.mktemp(request.param), Authority(now=int(time.time()))
    ca_file = authority.file(folder / "clients.pem")
    with served("sqlite://", folder, ca_file, proxy=PROXIES[request.param]) as (site, front):
        yield Place(site, front, authority, folder)


def test_a_client_with_a_certificate_gets_a_bound_token_and_others_do_not(place):
    assert place.token("machine").status_code == 200
    [stored] = place.site.storage.walk(AccessToken)
    assert stored.record.confirmation == f"x5t#S256:{place.issued.thumbprint}"
    for wrong in (None, "other", "web", "expired"):
        refused = place.token(wrong)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_the_doctor_finds_no_fault(place):
    findings, skipped = place.examine()
    assert findings == []
    assert not [name for name in skipped if "certificate" in name]


@pytest.mark.parametrize("between", ["-", "_"])
@pytest.mark.parametrize("alias", [False, True])
def test_a_stranger_s_header_proves_nobody(place, alias, between):
    base = place.front.alias if alias else place.front.issuer
    name, certificate = place.front.header, getattr(place.issued, place.front.format)
    forged = {name.replace("-", between): certificate, "Oauthprov-Proxy-Secret": PROXY_SECRET}
    assert place.token(base=base, **forged).status_code == 401
    assert place.token("other", base=place.front.alias, **forged).status_code == 401


def test_the_port_of_certificates_has_no_pages(place):
    page = requests.get(f"{place.front.alias}/login", verify=place.ca, timeout=30)
    assert page.status_code == 404
