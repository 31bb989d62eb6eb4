"""In what a URI differs from those that were expected."""

from __future__ import annotations

import pytest

from oauthprov.protocol.request.differences import differing, from_expected

URI = "https://app.example/callback"


@pytest.mark.parametrize(
    ("sent", "parts"),
    [
        ("http://app.example/callback", ("scheme", "port")),
        ("https://app.example:8443/callback", ("port",)),
        ("https://www.app.example/callback", ("host",)),
        ("https://alice@app.example/callback", ("host",)),
        ("https://app.example/callback/", ("path",)),
        ("https://app.example/Callback", ("path",)),
        ("https://app.example/callback?a=b", ("query",)),
        ("https://app.example/callback#a", ("fragment",)),
        ("https://app.example:443/callback", ("spelling",)),
        ("https://APP.example/callback", ("spelling",)),
        ("https://app.example/callback?", ("spelling",)),
        ("https://app.example:x/callback", ("spelling",)),
        ("https://[app.example/callback", ("spelling",)),
        ("", ("scheme", "host", "port", "path")),
    ],
)
def test_the_parts_that_differ_are_named(sent, parts):
    assert differing(sent, URI) == parts


def test_the_nearest_of_several_is_named_and_the_others_are_counted():
    known = ("https://other.example/callback", "https://app.example/a", URI)
    assert from_expected("https://app.example:8443/callback", known, "registered") == (
        "registered 'https://app.example/callback', which differs in the port; and 2 others"
    )


def test_another_host_is_farther_than_everything_else():
    known = ("https://evil.example/callback", "http://app.example:81/else?x=y")
    assert "app.example:81" in from_expected(URI, known, "registered")


def test_where_nothing_is_expected_it_says_so():
    assert from_expected(URI, (), "registered") == "registered none"


def test_long_uris_are_cut():
    assert len(from_expected(URI, [URI + "x" * 5000], "registered")) < 200
