"""Which addresses and URLs may be fetched."""

import pytest

from oauthprov.errors import FetchError
from oauthprov.fetch.addresses import is_public, plain
from oauthprov.fetch.target import Target
from oauthprov.settings import FetchAllow
from oauthprov.settings.values import fetch_allow


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:10.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::7f00:1",
        "100::1",
        "2001::1",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_a_non_public_address_is_refused(address):
    assert not is_public(plain(address))
    with pytest.raises(FetchError, match="isn't public"):
        Target("app.example", 443, "/").check(address, FetchAllow())


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "93.184.216.34",
        "172.32.0.1",
        "100.128.0.1",
        "169.253.0.1",
        "2606:4700:4700::1111",
        "2a00:1450:4001:80e::200e",
        "::ffff:1.1.1.1",
        "64:ff9b::1.1.1.1",
    ],
)
def test_a_public_address_is_allowed(address):
    assert is_public(plain(address))
    Target("app.example", 443, "/").check(address, FetchAllow())


@pytest.mark.parametrize("port", [1, 22, 25, 80, 6379, 8443, 65535])
def test_a_public_address_is_allowed_on_its_https_port_alone(port):
    with pytest.raises(FetchError, match=f"port {port} isn't allowed"):
        Target("app.example", port, "/").check("1.1.1.1", FetchAllow())


@pytest.mark.parametrize(
    ("allow", "host", "port", "address", "taken"),
    [
        ("app.example:8443", "app.example", 8443, "10.0.0.1", True),
        ("app.example:8443", "app.example", 8443, "1.1.1.1", True),
        ("APP.example:8443", "app.example", 8443, "10.0.0.1", True),
        ("app.example:8443", "app.example", 443, "10.0.0.1", False),
        ("app.example:8443", "other.example", 8443, "10.0.0.1", False),
        ("[::1]:8443", "::1", 8443, "::1", True),
        ("10.0.0.0/8", "app.example", 443, "10.9.9.9", True),
        ("10.0.0.0/8", "app.example", 8443, "10.9.9.9", True),
        ("10.0.0.0/8", "app.example", 443, "::ffff:10.9.9.9", True),
        ("10.0.0.0/8", "app.example", 443, "11.0.0.1", True),
        ("10.0.0.0/8", "app.example", 8443, "11.0.0.1", False),
        ("10.0.0.0/8", "app.example", 443, "192.168.0.1", False),
        ("fd00::/8", "app.example", 443, "fd12::1", True),
        ("fd00::/8", "app.example", 443, "10.0.0.1", False),
        ("10.1.2.3", "app.example", 443, "10.1.2.3", True),
    ],
)
def test_fetch_allow_opens_the_named_hosts_and_networks_alone(allow, host, port, address, taken):
    target = Target(host, port, "/")
    if taken:
        target.check(address, fetch_allow(allow))
    else:
        with pytest.raises(FetchError):
            target.check(address, fetch_allow(allow))


@pytest.mark.parametrize(
    "word",
    ["app.example", "app.example:", "app.example:0", "x:99999", "10.0.0.1/8", "https://a:1"],
)
def test_fetch_allow_refuses_what_is_neither_host_and_port_nor_network(word):
    with pytest.raises(ValueError, match="neither host:port nor a network"):
        fetch_allow(word)


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://app.example/jwks", "app.example", 443, "/jwks"),
        ("https://APP.example", "app.example", 443, "/"),
        ("https://app.example:8443/a?b=c#d", "app.example", 8443, "/a?b=c"),
        ("https://[2606:4700::1]/", "2606:4700::1", 443, "/"),
        ("HTTPS://app.example?x", "app.example", 443, "/?x"),
    ],
)
def test_an_https_url_is_parsed_into_host_port_and_path(url, host, port, path):
    assert Target.parse(url) == Target(host, port, path)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "app.example/jwks",
        "//app.example/jwks",
        "http://app.example/jwks",
        "ftp://app.example/jwks",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:application/json,{}",
        "gopher://app.example/",
        "https://",
        "https:///jwks",
        "https://alice@app.example/",
        "https://alice:secret@app.example/",
        "https://@app.example/",
        "https://app.example@evil.example/",
        "https://app.example:0/",
        "https://app.example:65536/",
        "https://app.example:port/",
        "https://app.example./",
        "https://app..example/",
        "https://.app.example/",
        "https://" + "a" * 64 + ".example/",
        "https://b\u00fccher.example/",
        "https://app.example/\u00e9",
        "https://app.example/a b",
        "https://app.example/\r\nX: y",
        "https://app.example\t/",
        "https://app.example\\@evil.example/",
        "https://[::1",
        "https://[fe80::1%25eth0]/",
        "https://[v1.x]/",
        "https://app.example/" + "a" * 2048,
        " https://app.example/",
        "https://app.example/<script>",
    ],
)
def test_an_unusable_url_is_refused(url):
    with pytest.raises(FetchError):
        Target.parse(url)
