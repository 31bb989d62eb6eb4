"""Whether the provider trusts the suite: what it is to fetch from there depends on it."""

from __future__ import annotations

from ssl import SSLCertVerificationError

from oauthprov.errors import FetchError
from oauthprov.fetch import Fetcher
from oauthprov.settings import values

OTHER_NAME = (62, 64)
"""What OpenSSL says of a certificate that verifies but names another host, or another address."""


class UntrustedSuite(Exception):
    """Nothing can be fetched from the suite; the message is a sentence that says why."""


def check_suite(suite: str, ca_file: str) -> str | None:
    """Ask the suite at ``suite``, HOST:PORT, as the provider will, trusting ``ca_file`` too.

    Return None if it answers, else a sentence: it may start later. Raises UntrustedSuite when its
    certificate can't be verified or doesn't name the host.
    """
    fetcher, host = _fetcher(suite, ca_file)
    try:
        fetcher.post(f"https://{suite}/", {})  # unlike a GET, its answer may have any status
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
