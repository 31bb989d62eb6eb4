"""The rule of each field that is chosen for a client, by the name of the field (RFC 7591)."""

from __future__ import annotations

from collections.abc import Mapping

from oauthprov.protocol.clients.rules import access, addresses, names, openid, signing
from oauthprov.protocol.clients.rules.rule import Rule

RULES: Mapping[str, Rule] = {
    **names.RULES,
    **addresses.RULES,
    **access.RULES,
    **signing.RULES,
    **openid.RULES,
}
