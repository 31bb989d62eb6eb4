"""The product in a real Chromium, as people meet it.

``OAUTHPROV_TEST_CHROMIUM`` names the program, else it is looked for on PATH; without one the
tests are skipped, or fail when ``OAUTHPROV_REQUIRE_SERVICES`` is 1. With
``OAUTHPROV_SCREENSHOTS=1`` the pictures in docs/screenshots are made anew.
"""

import pytest

pytest.register_assert_rewrite("tests.browser.visitor", "tests.browser.walk")
