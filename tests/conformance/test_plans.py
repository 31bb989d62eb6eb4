"""The plans of the suite: every module of them is a test here, by its name."""

from __future__ import annotations

import importlib
from collections import defaultdict
from pathlib import Path

import pytest

from tests.conformance import conftest

FLOW = (
    "oidcc-server",
    "oidcc-idtoken-signature",
    "oidcc-scope-profile",
    "oidcc-scope-email",
    "oidcc-scope-address",
    "oidcc-scope-phone",
    "oidcc-scope-all",
    "oidcc-alternate-happy-flow",
    "oidcc-display-page",
    "oidcc-display-popup",
    "oidcc-prompt-login",
    "oidcc-prompt-none-not-logged-in",
    "oidcc-prompt-none-logged-in",
    "oidcc-max-age-1",
    "oidcc-max-age-10000",
    "oidcc-ensure-request-with-unknown-parameter-succeeds",
    "oidcc-id-token-hint",
    "oidcc-login-hint",
    "oidcc-ui-locales",
    "oidcc-claims-locales",
    "oidcc-ensure-request-with-acr-values-succeeds",
    "oidcc-ensure-registered-redirect-uri",
    "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
    "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported",
    "oidcc-ensure-request-object-with-redirect-uri",
    "oidcc-claims-essential",
)
WITH_AN_ACCESS_TOKEN = (
    "oidcc-response-type-missing",
    "oidcc-userinfo-get",
    "oidcc-userinfo-post-header",
    "oidcc-userinfo-post-body",
)
BASIC = (
    *FLOW,
    *WITH_AN_ACCESS_TOKEN,
    "oidcc-idtoken-unsigned",
    "oidcc-ensure-request-without-nonce-succeeds-for-code-flow",
    "oidcc-codereuse",
    "oidcc-codereuse-30seconds",
    "oidcc-ensure-post-request-succeeds",
    "oidcc-server-client-secret-post",
    "oidcc-refresh-token",
    "oidcc-ensure-request-with-valid-pkce-succeeds",
)
IMPLICIT = (*FLOW, "oidcc-ensure-request-without-nonce-fails")
RP_LOGOUT = (
    "oidcc-rp-initiated-logout-discovery-endpoint-verification",
    "oidcc-rp-initiated-logout",
    "oidcc-rp-initiated-logout-bad-id-token-hint",
    "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri",
    "oidcc-rp-initiated-logout-modified-id-token-hint",
    "oidcc-rp-initiated-logout-no-id-token-hint",
    "oidcc-rp-initiated-logout-no-params",
    "oidcc-rp-initiated-logout-no-post-logout-redirect-uri",
    "oidcc-rp-initiated-logout-no-state",
    "oidcc-rp-initiated-logout-only-state",
    "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri",
)
DYNAMIC = (
    "oidcc-idtoken-rs256",
    "oidcc-userinfo-rs256",
    "oidcc-ensure-redirect-uri-in-authorization-request",
    "oidcc-redirect-uri-query-OK",
    "oidcc-redirect-uri-query-mismatch",
    "oidcc-redirect-uri-query-added",
    "oidcc-redirect-uri-regfrag",
    "oidcc-server",
    "oidcc-registration-logo-uri",
    "oidcc-registration-policy-uri",
    "oidcc-registration-tos-uri",
    "oidcc-registration-sector-uri",
    "oidcc-registration-sector-bad",
    "oidcc-request-uri-unsigned",
    "oidcc-request-uri-signed-rs256",
    "oidcc-ensure-request-object-with-redirect-uri",
    "oidcc-ensure-client-assertion-with-iss-aud-succeeds",
)
DYNAMIC_ONCE = (
    "oidcc-idtoken-unsigned",
    "oidcc-discovery-endpoint-verification",
    "oidcc-registration-jwks-uri",
    "oidcc-server-rotate-keys",
    "oidcc-refresh-token-rp-key-rotation",
    "oidcc-refresh-token",
)
"""What has nothing to do with the response type, or needs a code."""
BACKCHANNEL_LOGOUT = (
    "oidcc-backchannel-logout-discovery-endpoint-verification",
    "oidcc-backchannel-rp-initiated-logout",
)
THIRD_PARTY_LOGIN = ("oidcc-3rd_party-init-login", "oidcc-3rd_party-init-login-nohttps")

RESPONSE_TYPES = (conftest.BASIC, conftest.ID_TOKEN, conftest.ID_TOKEN_TOKEN)
PLANS = {
    "oidcc-basic-certification-test-plan": {conftest.BASIC: BASIC},
    "oidcc-formpost-basic-certification-test-plan": {conftest.FORM_POST: BASIC},
    "oidcc-implicit-certification-test-plan": {
        conftest.ID_TOKEN: IMPLICIT,
        conftest.ID_TOKEN_TOKEN: (*IMPLICIT, *WITH_AN_ACCESS_TOKEN),
    },
    "oidcc-formpost-implicit-certification-test-plan": {
        conftest.FORM_POST_ID_TOKEN: IMPLICIT,
        conftest.FORM_POST_ID_TOKEN_TOKEN: (*IMPLICIT, *WITH_AN_ACCESS_TOKEN),
    },
    "oidcc-config-certification-test-plan": {
        conftest.BASIC: ("oidcc-discovery-endpoint-verification",)
    },
    "oidcc-dynamic-certification-test-plan": {
        conftest.BASIC: (*DYNAMIC, *DYNAMIC_ONCE),
        conftest.ID_TOKEN: DYNAMIC,
        conftest.ID_TOKEN_TOKEN: DYNAMIC,
    },
    "oidcc-rp-initiated-logout-certification-test-plan": {
        variant: RP_LOGOUT for variant in RESPONSE_TYPES
    },
    "oidcc-backchannel-rp-initiated-logout-certification-test-plan": {
        variant: BACKCHANNEL_LOGOUT for variant in RESPONSE_TYPES
    },
    "oidcc-3rdparty-init-login-certification-test-plan": {conftest.BASIC: THIRD_PARTY_LOGIN},
}
"""The modules that each plan runs with each response type and response mode."""


def variants(module, test):
    """Return the variants that a test runs with: its own, those of its file, or every one."""
    of_file = getattr(module, "pytestmark", [])
    of_file = of_file if isinstance(of_file, list) else [of_file]
    for mark in [*getattr(test, "pytestmark", ()), *of_file]:
        if mark.name == "parametrize" and mark.args[0] == "variant":
            return set(mark.args[1])
    return set(conftest.EVERY)


@pytest.fixture(scope="module")
def tested():
    """The variants that each test of this folder runs with, by its name."""
    found = defaultdict(set)
    for file in Path(__file__).parent.glob("test_*.py"):
        module = importlib.import_module(f"tests.conformance.{file.stem}")
        for name in vars(module):
            if name.startswith("test_oidcc_"):
                found[name] |= variants(module, getattr(module, name))
    return found


@pytest.mark.parametrize("plan", PLANS)
def test_each_module_of_a_plan_is_tested_with_its_variants(plan, tested):
    for variant, modules in PLANS[plan].items():
        for module in modules:
            assert variant in tested[f"test_{module.replace('-', '_')}"], (
                f"write a test of this folder that is named as {module}, for the variant {variant}"
            )


def test_nothing_else_is_tested_by_the_name_of_a_module(tested):
    modules = {name for plan in PLANS.values() for names in plan.values() for name in names}
    assert set(tested) == {f"test_{module.replace('-', '_')}" for module in modules}, (
        "name a test that is no module of a plan otherwise than test_oidcc_..."
    )
