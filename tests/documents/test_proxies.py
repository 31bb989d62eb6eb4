"""What documents say to proxies, beside what a real nginx is tried with."""

import re

import pytest

from tests.documents.blocks import of

HAPROXY = re.compile(r"^frontend .*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
ENVOY = "common_http_protocol_options: {headers_with_underscores_action: DROP_HEADER}"


@pytest.mark.parametrize("document", ["docs/deployment.md", "docs/mtls.md"])
def test_documented_proxies_drop_names_with_underscores(document):
    """granian reads ``Client_Cert`` as ``Client-Cert``, which the proxy removes or sets."""
    every = of(document)
    frontends = [found for one in every for found in HAPROXY.findall(one.text)]
    assert frontends
    for frontend in frontends:
        assert "    option http-restrict-req-hdr-names delete\n" in frontend
    for block in every:
        assert "underscores_in_headers on" not in block.text
        if "forward_client_cert_details" in block.text:
            assert ENVOY in block.text.splitlines()


def test_envoy_is_among_them():
    assert ENVOY in "".join(block.text for block in of("docs/mtls.md", "yaml"))
