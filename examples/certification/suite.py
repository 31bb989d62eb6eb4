"""Checks that the provider trusts the suite's certificate, as fetching from it requires."""

from __future__ import annotations

from ssl import SSLCertVerificationError

from oauthprov.errors import FetchError
from oauthprov.fetch import Fetcher
from oauthprov.settings import values

OTHER_NAME = (62, 64)
"""OpenSSL's error codes for a valid certificate of another host name or IP address."""


class UntrustedSuite(Exception):
    """Nothing can be fetched from the suite; the message is a sentence with the reason."""


def check_suite(suite: str, ca_file: str) -> str | None:
    """Call the suite at ``suite`` (HOST:PORT) as the provider will, also trusting ``ca_file``.

    Return None if it answers, else a sentence, since it may start later. Raises UntrustedSuite if
    its certificate can't be verified or is for another host.
    """
    fetcher, host = _fetcher(suite, ca_file)
    try:
        fetcher.post(f"https://{suite}/", {})  # unlike a GET, it accepts any status
    except FetchError as error:
        refused = error.__cause__
        if not isinstance(refused, SSLCertVerificationError):
            return f"The suite at {suite} doesn't answer yet: {error}."
        if refused.verify_code in OTHER_NAME:
            raise UntrustedSuite(
                f"The certificate of the suite at {suite} doesn't name {host}, so nothing can be"
                " fetched from there: docs/openid.md says how to make one that does."
            ) from None
        raise UntrustedSuite(
            f"The certificate of the suite at {suite} can't be verified"
            f" ({refused.verify_message}): name a file that has it as SUITE_CA."
        ) from None
    return None


def _fetcher(suite: str, ca_file: str) -> tuple[Fetcher, str]:
    try:
        allow = values.fetch_allow(suite)
        [(host, _)] = allow.places
    except ValueError:
        raise UntrustedSuite(f"SUITE must be HOST:PORT, and is {suite!r}.") from None
    try:
        return Fetcher(allow, values.ca_file(ca_file)), host
    except ValueError as error:
        raise UntrustedSuite(f"SUITE_CA {error}.") from None
