"""Modules of the plans Basic, Form Post and Implicit about the flow itself."""

from __future__ import annotations

from . import id_tokens


def test_oidcc_server(suite):
    done = suite.client().flow(suite.browser())
    id_tokens.check_nothing_unasked(done.id_token)
    if "code" in done.response:
        id_tokens.check_hash(done.id_token, "c_hash", done.response["code"], required=False)
