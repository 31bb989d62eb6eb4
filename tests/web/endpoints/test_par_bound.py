"""Pushed requests whose code is bound to a key: RFC 9449 section 10.1."""

from __future__ import annotations

import pytest

from oauthprov.records import PushedRequest
from tests import site as sites
from tests.proofs import Holder
from tests.site import arrived
from tests.web.endpoints.test_par import PAR, address, push
from tests.web.endpoints.test_token import assert_error

HOLDER, OTHER = Holder(), Holder()


def proof(site, path=PAR, holder=HOLDER, **more):
    return {"DPoP": holder.proof("POST", site.url(path), site.clock(), **more)}


def redeemed(app, browser, pushed, holder=None):
    """The response to the code of a pushed request, redeemed with a proof of this key."""
    code = arrived(browser.decide(browser.follow(browser.get(address(app, pushed)))))["code"]
    return app.exchange(code, proof(app.site, "/oauth/token", holder) if holder else None)


@pytest.mark.parametrize("by", ["proof", "parameter", "both"])
def test_a_code_is_redeemed_by_the_key_alone_that_was_shown_at_the_push(site, alice, by):
    app = site.app()

    def pushed():
        headers = proof(site) if by != "parameter" else None
        asked = {"dpop_jkt": HOLDER.jkt} if by != "proof" else {}
        return push(app, headers, **asked)

    assert redeemed(app, alice, pushed(), HOLDER).json["token_type"] == "DPoP"
    for other in (OTHER, None):
        again = alice.get(address(app, pushed()))  # the consent is remembered now
        code = arrived(again)["code"]
        headers = proof(site, "/oauth/token", other) if other else None
        assert_error(app.exchange(code, headers), 400, "invalid_grant")


def test_a_proof_and_a_parameter_of_different_keys_are_refused(site):
    response = push(site.app(), proof(site), dpop_jkt=OTHER.jkt)
    assert_error(response, 400, "invalid_dpop_proof")
    assert list(site.storage.walk(PushedRequest)) == []


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/authorize"])
def test_a_proof_for_another_endpoint_is_refused(site, path):
    assert_error(push(site.app(), proof(site, path)), 400, "invalid_dpop_proof")


def test_a_proof_is_good_for_one_push(site):
    app, headers = site.app(), proof(site)
    assert push(app, headers).status_int == 201
    assert_error(push(app, headers), 400, "invalid_dpop_proof")
    assert len(list(site.storage.walk(PushedRequest))) == 1


def test_a_push_that_is_refused_for_something_else_uses_up_no_proof(site):
    app, headers = site.app(), proof(site)
    assert_error(push(app, headers, scope="unknown"), 400, "invalid_scope")
    assert push(app, headers).status_int == 201


def test_where_nonces_are_demanded_a_push_without_one_stores_nothing():
    site = sites.standalone(sites.ini("sqlite://", **{"dpop.nonce": "true"}))
    app = site.app()
    first = push(app, proof(site))
    assert_error(first, 400, "use_dpop_nonce")
    assert list(site.storage.walk(PushedRequest)) == []
    nonce = first.headers["DPoP-Nonce"]
    assert push(app, proof(site, nonce=nonce)).status_int == 201
    site.close()
