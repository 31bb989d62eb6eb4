"""Fetching, against real TLS servers."""

import threading
from contextlib import suppress

import pytest

from oauthprov.errors import FetchBusy, FetchError
from oauthprov.fetch import Fetcher
from oauthprov.fetch.fetcher import PARALLEL
from oauthprov.fetch.names import LOOKUPS
from oauthprov.settings import FetchAllow
from tests.fetch.conftest import NAME, TYPES
from tests.fetch.server import JSON, Server, answer


def test_a_fetch_returns_content_media_type_and_max_age(place):
    place.server.reply = answer(b'{"keys": []}', JSON, "Cache-Control: public, max-age=120")
    got = place.fetch()
    assert (got.content, got.media_type, got.max_age) == (b'{"keys": []}', "application/json", 120)


def test_the_request_has_host_and_accept_and_no_credentials(place):
    place.fetch()
    [request] = place.server.asked
    lines = request.decode().split("\r\n")
    assert lines[0] == "GET /jwks?x=1 HTTP/1.1"
    assert f"Host: {NAME}:{place.server.port}" in lines
    assert "Accept: application/json" in lines
    assert not any(line.lower().startswith(("cookie", "authorization")) for line in lines)
    assert place.server.names == [NAME]


def test_proxies_of_the_environment_are_ignored(place, monkeypatch):
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert place.fetch().content == b"{}"


def test_a_real_host_name_is_resolved(authority):
    server = Server(authority.context("localhost"))
    try:
        from oauthprov.settings.values import fetch_allow

        fetcher = Fetcher(fetch_allow(f"localhost:{server.port}"), authority.file, seconds=30)
        url = f"https://localhost:{server.port}/"
        assert fetcher.fetch(url, media_types=TYPES, limit=10).content == b"{}"
    finally:
        server.close()


class TestAddresses:
    def test_loopback_is_closed_by_default(self, place):
        with pytest.raises(FetchError, match=r"127\.0\.0\.1, which isn't public"):
            place.fetch(allow="")
        assert place.server.connections == 0

    @pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "[::1]"])
    def test_loopback_is_closed_however_it_is_written(self, place, host):
        with pytest.raises(FetchError, match="isn't public"):
            place.fetch(f"https://{host}:{place.server.port}/", allow="")
        assert place.server.connections == 0

    @pytest.mark.parametrize("bad", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254"])
    @pytest.mark.parametrize("first", [True, False])
    def test_one_non_public_address_closes_a_host_name(self, place, bad, first):
        place.names.names[NAME] = [[bad, "1.1.1.1"] if first else ["1.1.1.1", bad]]
        with pytest.raises(FetchError, match="isn't public"):
            place.fetch(f"https://{NAME}/", allow="")
        assert place.server.connections == 0

    def test_dns_rebinding_the_address_that_was_checked_is_connected_to(self, place):
        """The second DNS answer leads to the test server; it is never requested."""
        place.names.names[NAME] = [["127.0.0.9"], ["127.0.0.1"]]
        with pytest.raises(FetchError):
            place.fetch(allow="127.0.0.9/32")
        assert place.names.asked == [NAME]
        assert place.server.connections == 0

    def test_fetch_allow_can_open_a_network(self, place):
        assert place.fetch(allow="127.0.0.0/8").content == b"{}"
        with pytest.raises(FetchError, match="isn't public"):
            place.fetch(allow="10.0.0.0/8 127.0.0.2/32")

    def test_the_next_address_is_tried_when_one_fails(self, place):
        place.names.names[NAME] = [["127.0.0.9", "127.0.0.1"]]
        assert place.fetch().content == b"{}"

    def test_a_host_name_without_an_address_is_an_error(self, place):
        with pytest.raises(FetchError, match="has no address"):
            place.fetch("https://app.invalid/")


class TestTLS:
    def test_a_certificate_of_an_unknown_authority_is_refused(self, place):
        with pytest.raises(FetchError, match="CERTIFICATE_VERIFY_FAILED"):
            place.fetch(ca_file="")
        assert place.server.asked == []

    def test_a_certificate_for_another_host_name_is_refused(self, place):
        place.names.names["other.example"] = [["127.0.0.1"]]
        with pytest.raises(FetchError, match="Hostname mismatch"):
            place.fetch(
                f"https://other.example:{place.server.port}/",
                allow=f"other.example:{place.server.port}",
            )
        assert place.server.asked == []

    def test_a_server_without_tls_is_refused(self, place):
        import socket

        plain = socket.create_server(("127.0.0.1", 0))

        def serve():
            connection, _ = plain.accept()
            connection.sendall(answer(b"{}", JSON))
            connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        port = plain.getsockname()[1]
        with pytest.raises(FetchError):
            place.fetch(f"https://{NAME}:{port}/", allow=f"{NAME}:{port}")
        thread.join(60)
        plain.close()


class TestAnswers:
    @pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 x", "307 x", "308 x"])
    def test_a_redirect_isnt_followed(self, place, status):
        place.server.reply = answer(b"", JSON, f"Location: {place.url}", status=status)
        with pytest.raises(FetchError, match=f"status {status[:3]}"):
            place.fetch()
        assert place.server.connections == 1

    @pytest.mark.parametrize("status", ["204 x", "206 x", "404 x", "500 x", "999 x"])
    def test_any_status_but_200_is_refused(self, place, status):
        place.server.reply = answer(b"{}", JSON, status=status)
        with pytest.raises(FetchError, match="status"):
            place.fetch()

    @pytest.mark.parametrize("header", ["Content-Type: text/html", "X: y", "Content-Type: ;;"])
    def test_another_content_type_is_refused(self, place, header):
        place.server.reply = answer(b"{}", header)
        with pytest.raises(FetchError, match="sent 'text/"):
            place.fetch()

    def test_parameters_of_the_content_type_are_ignored(self, place):
        place.server.reply = answer(b"{}", "Content-Type: Application/JSON; charset=utf-8")
        assert place.fetch().media_type == "application/json"

    @pytest.mark.parametrize("coding", ["gzip", "br", "deflate"])
    def test_a_compressed_response_is_refused(self, place, coding):
        place.server.reply = answer(b"{}", JSON, f"Content-Encoding: {coding}")
        with pytest.raises(FetchError, match="compressed"):
            place.fetch()

    def test_a_response_may_be_as_long_as_the_limit_and_no_longer(self, place):
        place.server.reply = answer(b"x" * 1000, JSON)
        assert len(place.fetch(limit=1000).content) == 1000
        with pytest.raises(FetchError, match="longer than 999 bytes"):
            place.fetch(limit=999)

    @pytest.mark.parametrize("head", [b"", b"Transfer-Encoding: chunked\r\n"])
    def test_an_endless_body_is_refused(self, place, head):
        chunk = (b"1000\r\n" if head else b"") + b"x" * 4096 + (b"\r\n" if head else b"")

        def endless(connection):
            connection.sendall(f"HTTP/1.1 200 OK\r\n{JSON}\r\n".encode() + head + b"\r\n")
            with suppress(OSError):
                while not place.server.closing.is_set():
                    connection.sendall(chunk)

        place.server.reply = endless
        with pytest.raises(FetchError, match="long"):
            place.fetch()

    def test_endless_headers_are_refused(self, place):
        def endless(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            with suppress(OSError):
                while not place.server.closing.is_set():
                    connection.sendall(b"X: y\r\n" * 100)

        place.server.reply = endless
        with pytest.raises(FetchError):
            place.fetch()

    def test_endless_interim_responses_are_refused(self, place):
        def endless(connection):
            with suppress(OSError):
                while not place.server.closing.is_set():
                    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)

        place.server.reply = endless
        with pytest.raises(FetchError, match="too long"):
            place.fetch()

    @pytest.mark.parametrize(
        "reply",
        [
            b"",
            b"\r\n",
            b"nonsense\r\n\r\n",
            b"HTTP/1.1 abc\r\n\r\n",
            b"HTTP/9.9 200 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
            b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
            b"HTTP/1.1 200 " + b"x" * 70_000 + b"\r\n\r\n",
        ],
    )
    def test_a_response_that_is_not_http_is_refused(self, place, reply):
        place.server.reply = reply
        with pytest.raises(FetchError):
            place.fetch()

    def test_a_response_cut_off_without_a_length_is_refused(self, place):
        """Without Content-Length only TLS shows whether a response is complete."""

        def cut(connection):
            connection.sendall(f"HTTP/1.1 200 OK\r\n{JSON}\r\n\r\n".encode() + b'{"keys"')

        place.server.reply = cut
        with pytest.raises(FetchError):
            place.fetch()

    @pytest.mark.parametrize(
        ("header", "max_age"),
        [
            ("Cache-Control: max-age=60", 60),
            ('Cache-Control: public, MAX-AGE="61"', 61),
            ("Cache-Control: no-store, max-age=60", 0),
            ("Cache-Control: no-cache", 0),
            ("Cache-Control: s-maxage=60", None),
            ("Cache-Control: max-age=x", None),
            ("Expires: 0", None),
        ],
    )
    def test_max_age_is_read_from_cache_control(self, place, header, max_age):
        place.server.reply = answer(b"{}", JSON, header)
        assert place.fetch().max_age == max_age


class TestTime:
    """Deadlines of a fraction of a second, against servers that would take forever."""

    @pytest.mark.parametrize("drip", [b"", b"H", b"HTTP/1.1 200 OK\r\nX: "])
    def test_a_server_that_sends_byte_by_byte_is_given_up(self, place, drip):
        def slow(connection):
            connection.sendall(drip)
            with suppress(OSError):
                while not place.server.closing.wait(0.02):
                    connection.sendall(b"x")

        place.server.reply = slow
        with pytest.raises(FetchError, match=r"took too long|timed out"):
            place.fetch(seconds=0.5)

    def test_a_server_that_does_not_complete_the_tls_handshake_is_given_up(self, place):
        import socket

        silent = socket.create_server(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        with pytest.raises(FetchError, match="timed out"):
            place.fetch(f"https://{NAME}:{port}/", allow=f"{NAME}:{port}", seconds=0.3)
        silent.close()

    def test_a_lookup_that_gets_no_thread_frees_its_turn(self, place, monkeypatch):
        def no_thread(thread):
            raise RuntimeError("can't start new thread")

        fetcher = place.fetcher()
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", no_thread)
            for _ in range(LOOKUPS + 1):
                with pytest.raises(FetchBusy, match="no thread"):
                    fetcher.fetch(place.url, media_types=TYPES, limit=1000)
        assert fetcher.fetch(place.url, media_types=TYPES, limit=1000).content == b"{}"

    def test_a_slow_dns_lookup_is_given_up(self, place):
        gate = threading.Event()

        def lookup(*asked, **options):
            gate.wait(60)
            return []

        fetcher = Fetcher(FetchAllow(), seconds=0.1, lookup=lookup)
        with pytest.raises(FetchError, match="looking up the host name took too long"):
            fetcher.fetch(place.url, media_types=TYPES, limit=10)
        gate.set()

    def test_a_limited_number_of_fetches_runs_at_once(self, place):
        gate, inside = threading.Event(), threading.Semaphore(0)

        def slow(connection):
            inside.release()
            gate.wait(60)
            connection.sendall(answer(b"{}", JSON))

        place.server.reply = slow
        fetcher = place.fetcher()

        def fetch():
            fetcher.fetch(place.url, media_types=TYPES, limit=10)

        threads = [threading.Thread(target=fetch) for _ in range(PARALLEL)]
        for thread in threads:
            thread.start()
        for _ in threads:
            assert inside.acquire(timeout=60)
        with pytest.raises(FetchError, match="too many fetches are in progress"):
            fetch()
        gate.set()
        for thread in threads:
            thread.join(60)
        place.server.reply = answer(b"{}", JSON)
        fetch()
