"""Redirect URIs: which may be registered, and which match a registered one.

A URI matches if it equals the registered one, character by character (RFC 9700 section 2.1). The
one exception is the port of a native app's loopback URI (RFC 8252 section 7.3). It covers the IP
literals only: ``localhost`` may resolve elsewhere (section 8.3), so its port is compared. A client
that is described by a document can't register the port of one run: if it lists ``localhost``
without a port, it may have any.

The query of a registered URI is kept, and the parameters of a response are added to it (RFC 6749
section 4.1.2). A URI that contains such a parameter can't be registered: the client would receive
the parameter twice, and might read the wrong one. URIs that are already stored match as before.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from oauthlib.uri_validate import is_absolute_uri

from oauthprov.messages import N_
from oauthprov.protocol.clients.grant_types import of_type
from oauthprov.records import Client, is_client_url
from oauthprov.settings import LOOPBACK

URI_LIMIT = 2000
AUTHORIZATION_RESPONSE = frozenset(
    {
        "access_token",
        "code",
        "error",
        "error_description",
        "error_uri",
        "expires_in",
        "id_token",
        "iss",
        "response",
        "scope",
        "session_state",
        "state",
        "token_type",
    }
)
"""Parameters of authorization responses, of all registered response types and modes."""
LOGOUT_RESPONSE = frozenset({"state"})
"""Parameters added to a ``post_logout_redirect_uri`` (RP-Initiated Logout section 3)."""

_LOOPBACK_IP = re.compile(r"http://(127\.0\.0\.1|\[::1\])(?::([1-9][0-9]{0,4}))?([/?].*)?")
_LOCALHOST = re.compile(r"(http://localhost):([1-9][0-9]{0,4})([/?].*)?")
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")
_HOST = re.compile(r"[a-z0-9.-]+|[0-9a-f:.]+")
_DOTS = re.compile(r"(^|/)\.{1,2}(/|$)")


def redirect_allowed(registered: Iterable[str], requested: str, *, any_port: bool = False) -> bool:
    """Tell whether ``requested`` is one of the ``registered`` URIs.

    ``any_port`` lets the port of a loopback IP differ, as native apps need.
    """
    registered = tuple(registered)
    if requested in registered:
        return True
    wanted = _without_port(requested) if any_port else None
    return wanted is not None and any(_without_port(uri) == wanted for uri in registered)


def registered_for(client: Client, requested: str) -> bool:
    """Tell whether ``requested`` is a redirect URI of the client."""
    native = client.client_type == "native"
    if redirect_allowed(client.redirect_uris, requested, any_port=native):
        return True
    return native and is_client_url(client.client_id) and _at_localhost(client, requested)


def _at_localhost(client: Client, requested: str) -> bool:
    """Tell whether ``requested`` is a redirect URI of localhost, but for a port that it adds."""
    match = _LOCALHOST.fullmatch(requested)
    if match is None or int(match[2]) > 65535:
        return False
    return match[1] + (match[3] or "") in client.redirect_uris


def problem_with(
    uri: str,
    client_type: str,
    *,
    added: frozenset[str] = AUTHORIZATION_RESPONSE,
    schemes: Collection[str] = (),
) -> str | None:
    """Return a sentence on why a client of this type can't register ``uri``, None if it can.

    Types that users are redirected to may register https, and http only for loopback; native apps
    also a private-use scheme, which needs a dot (RFC 8252 section 7.1) or is one of ``schemes``.
    ``added`` are the parameters of the response that is sent there.
    """
    if not any(row.response_types for row in of_type(client_type)):
        return N_("This type of client has no redirect URI.")
    # is_absolute_uri() accepts a newline at the end.
    if len(uri) > URI_LIMIT or not uri.isprintable() or not is_absolute_uri(uri):
        return N_("This is not an absolute URI without a fragment.")
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return N_("This is not a valid URI.")
    if taken := added.intersection(name for name, _ in parse_qsl(parts.query, True)):
        names = ", ".join(sorted(taken))
        return N_(
            "The query may not hold parameters that the response adds: ${names}.", names=names
        )
    scheme = uri.partition(":")[0]
    if scheme in ("http", "https"):
        return _web_problem(parts)
    if client_type != "native":
        return N_("The scheme must be https, or http on this computer.")
    return _private_problem(scheme, parts, schemes)


def _private_problem(scheme: str, parts: SplitResult, schemes: Collection[str]) -> str | None:
    if scheme not in schemes and not _PRIVATE_SCHEME.fullmatch(scheme):
        return N_(
            "A scheme of an app's own is a reversed domain name in lower case, with a dot, or one"
            " that the operator of this server allows."
        )
    if "@" in parts.netloc or _DOTS.search(unquote(parts.path)):
        return N_("The URI may hold neither a user name nor the path segments . and .. .")
    return None


def _web_problem(parts: SplitResult) -> str | None:
    if "@" in parts.netloc:
        return N_("A redirect URI holds no user name or password.")
    host = parts.hostname or ""
    if parts.netloc != parts.netloc.lower() or not _HOST.fullmatch(host):
        return N_("The host must be written in lower case, in ASCII.")
    if parts.scheme == "http" and host not in LOOPBACK:
        return N_("The scheme must be https, or http on this computer.")
    if _DOTS.search(unquote(parts.path)):
        return N_("The path may not hold the segments . and .. .")
    return None


def leaves_browser(uri: str) -> bool:
    """Tell whether ``uri`` leads to an app on the user's device: loopback or a private scheme."""
    parts = urlsplit(uri)
    return parts.scheme != "https" and (parts.scheme != "http" or parts.hostname in LOOPBACK)


def destination(uri: str) -> str:
    """Return where ``uri`` leads, in a form users can judge: a host, or an app on the device."""
    parts = urlsplit(uri)
    if leaves_browser(uri):
        # The host of a URI with a private scheme doesn't show where it leads.
        name = parts.netloc if parts.scheme == "http" else parts.scheme
        return N_("an app on this device (${name})", name=name)
    return parts.netloc


def _without_port(uri: str) -> tuple[str, str] | None:
    match = _LOOPBACK_IP.fullmatch(uri)
    if match is None or int(match[2] or 80) > 65535:
        return None
    return match[1], match[3] or ""
