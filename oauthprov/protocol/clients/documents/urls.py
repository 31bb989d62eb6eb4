"""Client ids that are URLs: their form, and whose documents count here.

draft-ietf-oauth-client-id-metadata-document, section "Client Identifier". All functions are pure.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote, urlsplit

from oauthprov.errors import FetchError
from oauthprov.fetch.addresses import plain
from oauthprov.fetch.target import Target
from oauthprov.records import is_client_url
from oauthprov.settings import Settings

LENGTH = 200
"""Characters of a client id, at most: it is part of keys."""

_IN_PATH = "~"
"""What a URL begins with in the path of a page; no id of a registered client does."""
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")


def problem_with(client_id: str) -> str | None:
    """Return why a URL can be no client id, as a part of a sentence for the log; None if it can.

    Many spellings of one address would be as many clients, so only the usual one is accepted.
    """
    if len(client_id) > LENGTH:
        return f"it has more than {LENGTH} characters"
    if not is_client_url(client_id):
        return "it doesn't begin with https://"
    try:
        target = Target.parse(client_id)
    except FetchError as wrong:
        return str(wrong)
    if "#" in client_id:
        return "it has a fragment"
    if _ESCAPE.search(client_id):
        return "it has a percent sign that encodes nothing"
    parts = urlsplit(client_id)
    if parts.netloc != target.authority:
        return f"its host and port aren't written as {target.authority}"
    if not is_usual(target.host):
        return "its host is an address, and not in its usual form"
    if not parts.path:
        return "it has no path"
    if any(unquote(segment) in (".", "..") for segment in parts.path.split("/")):
        return "its path has the segments . or .."
    return None


def is_usual(host: str) -> bool:
    """Tell whether a host is a name, or an IP address in its usual form (RFC 5952).

    A top-level domain isn't a number, so that a last label which is one makes an address. Systems
    read addresses of fewer parts, in hexadecimal and octal too (RFC 3986 section 7.4).
    """
    if ":" not in host and not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return True
    try:
        return str(plain(host)) == host
    except ValueError:
        return False


def host_of(client_id: str) -> str:
    """Return the host of a client id that :func:`problem_with` has no problem with."""
    return Target.parse(client_id).host


def refusal(settings: Settings, client_id: str) -> str | None:
    """Return why a URL can't be a client id here, None if it can.

    Besides its form that is about its host: the settings must admit it, and it isn't our own.
    """
    problem = problem_with(client_id)
    if problem is not None:
        return problem
    host = host_of(client_id)
    if host in {urlsplit(url).hostname for url in (settings.issuer, settings.mtls_base_url)}:
        return "its host is this server"
    if not any(_admits(pattern, host) for pattern in settings.client_documents):
        return "oauthprov.client_documents doesn't admit its host"
    return None


def _admits(pattern: str, host: str) -> bool:
    return pattern in ("*", host) or (pattern[:2] == "*." and host.endswith(pattern[1:]))


def with_parents(host: str) -> tuple[str, ...]:
    """Return a host and those above it: what disables one of these disables the host."""
    labels = host.split(".")
    return tuple(".".join(labels[at:]) for at in range(len(labels)))


def in_path(client_id: str) -> str:
    """Return a client id as one segment of the path of a page."""
    if not is_client_url(client_id):
        return client_id
    encoded = base64.urlsafe_b64encode(client_id.encode("utf-8", "surrogatepass"))
    return _IN_PATH + encoded.rstrip(b"=").decode("ascii")


def from_path(segment: str) -> str:
    """Return the client id that :func:`in_path` has written; any other text stays as it is."""
    if not segment.startswith(_IN_PATH):
        return segment
    encoded = segment[len(_IN_PATH) :]
    try:
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True)
        client_id = decoded.decode("ascii")
    except (binascii.Error, ValueError):
        return segment
    return client_id if is_client_url(client_id) else segment
