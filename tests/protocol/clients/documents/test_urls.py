"""Which URLs are client ids (Client ID Metadata Documents, section 3)."""

import dataclasses
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oauthprov.protocol.clients.documents import urls
from oauthprov.records import consent_key, is_key
from oauthprov.settings import Settings
from tests.protocol.world import INI

GOOD = "https://app.example/oauth/client.json"


def settings(hosts="*", **more):
    given = {f"oauthprov.{key}": value for key, value in more.items()}
    return Settings.from_ini(INI | {"oauthprov.client_documents": hosts} | given)


@pytest.mark.parametrize(
    "client_id",
    [
        GOOD,
        "https://app.example/",
        "https://app.example:8443/client.json",
        "https://app.example/client.json?v=2",
        "https://app.example/a%20b/.well-known/...",
        "https://[2001:db8::1]/client.json",
        "https://192.0.2.1/client.json",
        "https://xn--bcher-kva.example/client",
    ],
)
def test_these_can_be_client_ids(client_id):
    assert urls.problem_with(client_id) is None


@pytest.mark.parametrize(
    "client_id",
    [
        "http://app.example/client.json",
        "HTTPS://app.example/client.json",
        "https:/app.example/client.json",
        "https://app.example",
        "https://app.example?x=1",
        "https://app.example/client.json#part",
        "https://app.example/client.json#",
        "https://bob@app.example/client.json",
        "https://bob:secret@app.example/client.json",
        "https://@app.example/client.json",
        "https://app.example/./client.json",
        "https://app.example/a/../client.json",
        "https://app.example/%2e%2E/client.json",
        "https://app.example/.%2e",
        "https://app.example/..",
        "https://App.example/client.json",
        "https://app.example./client.json",
        "https://app.example:443/client.json",
        "https://app.example:/client.json",
        "https://app.example:0/client.json",
        "https://app.example:99999/client.json",
        "https://[2001:db8:0::1]/client.json",
        "https://[2001:db8::0001]/client.json",
        "https://[2001:db8:0:0:0:0:0:1]/client.json",
        "https://[2001:DB8::1]/client.json",
        "https://[::ffff:192.0.2.1]/client.json",
        "https://[::ffff:c000:201]/client.json",
        "https://[:::]/client.json",
        "https://3221225985/client.json",
        "https://0xc0.0.2.1/client.json",
        "https://192.0.513/client.json",
        "https://192.0.2.01/client.json",
        "https://app.example\\@evil.example/client.json",
        "https://app.example/client .json",
        "https://app.example/client\n.json",
        "https://app.example/client.json\n",
        "https://bücher.example/client.json",
        "https://app.example/clïent.json",
        "https://app.example/%zz",
        "https://app.example/%2",
        "https://app.example/{a}",
        "https:///client.json",
        "https://",
        "https://app.example/" + "a" * 200,
    ],
)
def test_these_can_be_none(client_id):
    assert urls.problem_with(client_id)


@given(
    st.text() | st.builds("https://{}".format, st.text()) | st.from_regex(r"https://[a-z.]+/.*")
)
@example("https://[::1")
@example("https://a/\udc80")
def test_a_url_that_can_be_one_is_plain_and_fits_into_every_key(client_id):
    if urls.problem_with(client_id) is None:
        parts = urlsplit(client_id)
        assert parts.scheme == "https"
        assert parts.hostname == parts.netloc.rpartition(":")[0] or parts.hostname
        assert parts.geturl().partition("?")[0] == client_id.partition("?")[0]
        assert client_id.isascii()
        assert client_id.isprintable()
        assert is_key(consent_key("a" * 200, client_id))
        assert is_key(f"{client_id}.{'s' * 22}")
        assert urls.host_of(client_id) in urls.with_parents(urls.host_of(client_id))


@given(st.text())
@example("~")
@example("~aHR0cHM6Ly8")
def test_any_text_may_stand_in_the_path_of_a_page(text):
    assert isinstance(urls.from_path(text), str)
    if "/" not in text and not text.startswith(("~", "https://")):
        assert urls.from_path(urls.in_path(text)) == text


def test_a_url_stands_in_the_path_of_a_page_as_one_segment():
    segment = urls.in_path(GOOD)
    assert "/" not in segment
    assert urls.from_path(segment) == GOOD


@pytest.mark.parametrize(
    ("hosts", "client_id", "admitted"),
    [
        ("off", GOOD, False),
        ("*", GOOD, True),
        ("app.example", GOOD, True),
        ("app.example", "https://app.example:8443/x", True),
        ("other.example app.example", GOOD, True),
        ("app.example", "https://sub.app.example/x", False),
        ("app.example", "https://evilapp.example/x", False),
        ("*.app.example", "https://sub.app.example/x", True),
        ("*.app.example", GOOD, False),
        ("*.app.example", "https://evilapp.example/x", False),
        ("*", "https://as.example/client.json", False),
        ("as.example", "https://as.example:8443/client.json", False),
        ("*", "https://App.example/x", False),
    ],
)
def test_the_settings_say_whose_documents_count_and_never_our_own(hosts, client_id, admitted):
    assert (urls.refusal(settings(hosts), client_id) is None) is admitted


def test_the_host_at_which_clients_show_certificates_is_our_own_too():
    made = dataclasses.replace(settings("*"), mtls_base_url="https://mtls.as.example:8443")
    assert urls.refusal(made, "https://mtls.as.example/client.json") == "its host is this server"
    assert urls.refusal(made, GOOD) is None


def test_a_host_is_below_all_the_domains_that_it_ends_in():
    assert urls.with_parents("a.b.example") == ("a.b.example", "b.example", "example")


def test_the_consent_for_a_url_has_a_key_that_is_short_and_no_other_clients():
    key = consent_key("alice-id", GOOD)
    assert len(key) == len("alice-id.") + 43
    assert key != consent_key("alice-id", GOOD + "?")
    assert consent_key("alice-id", "app") == "alice-id.app"
