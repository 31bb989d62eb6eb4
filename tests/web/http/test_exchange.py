"""The body of a request, read from WSGI's input."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from oauthprov.web.http.exchange import BODY_LIMIT, Exchange
from oauthprov.web.http.problems import Rejected


class Forever(io.RawIOBase):
    """An input that never ends: it would block, or fill memory, if it were read to its end."""

    read_so_far = 0

    def read(self, size=-1):
        assert size >= 0, "read without a limit"
        self.read_so_far += size
        return b"x" * size


def body_of(source, length=None, **more):
    environ = {"wsgi.input": source, **more}
    if length is not None:
        environ["CONTENT_LENGTH"] = length
    return Exchange(SimpleNamespace(events=None, metering=None), environ).body


def test_a_body_has_its_content_length():
    assert body_of(io.BytesIO(b"a=b&rest of the stream"), "3") == b"a=b"


@pytest.mark.parametrize("length", [None, "", "0", "-1", "x", "1e3", "\N{SUPERSCRIPT TWO}"])
def test_without_a_length_nothing_is_read(length):
    assert body_of(Forever(), length) == b""


def test_zeros_before_a_length_change_nothing():
    assert body_of(io.BytesIO(b"a=b"), "0" * 40 + "3") == b"a=b"


def test_a_chunked_body_ends_where_the_server_says():
    chunked = {"wsgi.input_terminated": True}
    assert body_of(io.BytesIO(b"a=b"), **chunked) == b"a=b"


def test_a_body_that_ends_early_is_refused():
    with pytest.raises(Rejected, match="400 invalid_request: The request body is incomplete"):
        body_of(io.BytesIO(b"a=b"), "4")


def test_a_connection_that_breaks_is_refused():
    class Broken(io.RawIOBase):
        def read(self, size=-1):
            raise ConnectionResetError

    with pytest.raises(Rejected, match="incomplete"):
        body_of(Broken(), "4")


def test_a_body_that_is_announced_too_large_is_not_read():
    source = Forever()
    with pytest.raises(Rejected, match="413 invalid_request: The request body is too large"):
        body_of(source, str(BODY_LIMIT + 1))
    assert source.read_so_far == 0


def test_a_length_of_thousands_of_digits_is_too_large():
    with pytest.raises(Rejected, match="413"):
        body_of(Forever(), "9" * 5000)


def test_a_chunked_body_is_read_to_the_limit_and_no_further():
    source = Forever()
    with pytest.raises(Rejected, match="413"):
        body_of(source, **{"wsgi.input_terminated": True})
    assert source.read_so_far == BODY_LIMIT + 1
