"""The FAPI 2.0 plans: every module that a plain FAPI provider runs is a test here, by its name."""

from __future__ import annotations

import importlib
from collections import defaultdict
from pathlib import Path

import pytest

from tests.conformance.fapi.variants import (
    EVERY,
    MESSAGE_SIGNING,
    SECURITY,
    variants_in,
    with_assertions,
    with_dpop,
    with_openid,
    with_signed_requests,
)

PREFIX = "fapi2-security-profile-final-"
"""The modules of both plans have it."""

ALWAYS = (
    "discovery-end-point-verification",
    "happy-flow",
    "user-rejects-authentication",
    "ensure-authorization-request-without-state-success",
    "access-token-type-header-case-sensitivity",
    "ensure-different-state-inside-and-outside-request-object",
    "ensure-authorization-request-with-long-state",
    "state-only-outside-request-object-not-used",
    "ensure-request-object-without-redirect-uri-fails",
    "plain-fapi-tolerate-unregistered-redirect-uri",
    "ensure-unsigned-authorization-request-without-using-par-fails",
    "ensure-redirect-uri-in-authorization-request",
    "ensure-response-type-code-idtoken-fails",
    "ensure-response-type-token-fails",
    "ensure-client-id-in-token-endpoint",
    "ensure-holder-of-key-required",
    "ensure-authorization-code-is-bound-to-client",
    "attempt-reuse-authorization-code-after-one-second",
    "ensure-token-endpoint-fails-with-expired-auth-code",
    "refresh-token",
    "par-ensure-reused-request-uri-prior-to-auth-completion-succeeds",
    "par-attempt-reuse-request_uri",
    "par-attempt-to-use-expired-request_uri",
    "par-attempt-to-use-request_uri-for-different-client",
    "par-authorization-request-containing-request_uri-form-param",
    "par-attempt-invalid-http-method",
    "par-ensure-pkce-required",
    "ensure-pkce-code-verifier-required",
    "incorrect-pkce-code-verifier-rejected",
    "par-plain-pkce-rejected",
    "par-without-duplicate-parameters",
)
OPENID = (
    "ensure-authorization-request-without-nonce-success",
    "ensure-authorization-request-with-64-char-nonce-success",
    "ensure-other-scope-order-succeeds",
    "test-claims-parameter-identity-claims",
    "ensure-different-nonce-inside-and-outside-request-object",
    "ensure-authorization-request-with-long-nonce",
)
DPOP = (
    "check-dpop-proof-nbf-exp",
    "ensure-dpopproof-with-iat-10seconds-before-succeeds",
    "ensure-dpopproof-with-iat-10seconds-after-succeeds",
    "ensure-mismatched-dpop-jkt-fails",
    "ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt",
    "ensure-token-endpoint-fails-with-mismatched-dpop-jkt",
    "ensure-dpopproof-at-par-endpoint-binding-success",
    "ensure-dpop-auth-code-binding-success",
    "dpop-negative-tests",
)
ASSERTIONS = (
    "ensure-signed-client-assertion-with-RS256-fails",
    "ensure-client-assertion-in-token-endpoint",
    "ensure-client-assertion-with-exp-is-5-minutes-in-past-fails",
    "ensure-client-assertion-with-wrong-aud-fails",
    "ensure-client-assertion-with-no-sub-fails",
    "ensure-invalid-client-assertions-fail",
    "par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted",
    "par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails",
    "par-test-array-as-audience-fails",
    "par-test-par-endpoint-url-as-audience-fails",
)
SIGNED = (
    "ensure-request-object-with-multiple-aud-succeeds",
    "ensure-request-object-with-nbf-8-seconds-in-the-future-is-accepted",
    "ensure-request-object-without-exp-fails",
    "ensure-request-object-without-nbf-fails",
    "ensure-expired-request-object-fails",
    "ensure-request-object-with-bad-aud-fails",
    "ensure-request-object-with-exp-over-60-fails",
    "ensure-request-object-with-nbf-over-60-fails",
    "ensure-signed-request-object-with-RS256-fails",
    "ensure-request-object-signature-algorithm-is-not-none",
    "ensure-request-object-with-invalid-signature-fails",
    "ensure-matching-key-in-authorization-request",
    "ensure-unsigned-request-at-par-endpoint-fails",
    "par-authorization-request-containing-request_uri",
)
WITH = (
    *((name, EVERY) for name in ALWAYS),
    *((name, variants_in(with_openid.args[1])) for name in OPENID),
    *((name, variants_in(with_dpop.args[1])) for name in DPOP),
    *((name, variants_in(with_assertions.args[1])) for name in ASSERTIONS),
    *((name, variants_in(with_signed_requests.args[1])) for name in SIGNED),
)
"""The modules, each with the variants that it is for."""
PLANS = {
    plan: [
        (PREFIX + name, {one for one in variants if one.plan == plan}) for name, variants in WITH
    ]
    for plan in (SECURITY, MESSAGE_SIGNING)
}


def function(module):
    return "test_" + module.replace("-", "_")


def variants_of(test):
    """The variants that a test runs with: its own, or every one."""
    for mark in getattr(test, "pytestmark", ()):
        if mark.name == "parametrize" and mark.args[0] == "variant":
            return variants_in(mark.args[1])
    return set(EVERY)


@pytest.fixture(scope="module")
def tested():
    """The variants that each test of this folder runs with, by its name."""
    found = defaultdict(set)
    for file in Path(__file__).parent.glob("test_*.py"):
        module = importlib.import_module(f"tests.conformance.fapi.{file.stem}")
        for name in vars(module):
            if name.startswith("test_fapi2_"):
                found[name] |= variants_of(getattr(module, name))
    return found


@pytest.mark.parametrize("plan", PLANS)
def test_each_module_of_a_plan_is_tested_with_its_variants(plan, tested):
    for module, variants in PLANS[plan]:
        missing = sorted(map(str, variants - tested[function(module)]))
        assert not missing, f"write a test of this folder named as {module}, for {missing}"


def test_nothing_else_is_tested_by_the_name_of_a_module(tested):
    modules = {function(PREFIX + name) for name, _ in WITH}
    assert set(tested) == modules, (
        "name a test that is no module of a plan otherwise than test_fapi2_..."
    )


def test_the_security_profile_alone_runs_no_signed_request():
    names = {name for name, variants in PLANS[SECURITY] if variants}
    assert names.isdisjoint(PREFIX + name for name in SIGNED)
    assert len(names) == len(ALWAYS) + len(OPENID) + len(DPOP) + len(ASSERTIONS)
