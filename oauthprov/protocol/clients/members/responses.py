"""How the responses of a client are signed (JARM section 3, RFC 9701 section 6)."""

from __future__ import annotations

from collections.abc import Sequence

from oauthprov.messages import N_
from oauthprov.protocol.clients import signed_responses
from oauthprov.protocol.clients.members.member import (
    Datatype,
    Group,
    Member,
    to_confidential,
    to_redirecting,
)
from oauthprov.protocol.clients.members.rule import stripped
from oauthprov.protocol.clients.types import ClientType
from oauthprov.settings import Settings


def algorithm(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    """Accept an algorithm by which this server signs; clients' own keys have another rule."""
    alg = stripped(given)
    if alg is None:
        return None
    if alg not in settings.keys_algorithms:
        raise ValueError(N_("Choose one of ${some}.", some=", ".join(settings.keys_algorithms)))
    return alg


def algorithms(kind: ClientType, settings: Settings) -> Sequence[str]:
    """Return the choices of a form, the default first; one alone is no choice."""
    several = settings.keys_algorithms if len(settings.keys_algorithms) > 1 else ()
    return ("", *several)


_DEFAULT = {"": N_("The default: RS256, if this server has it")}

MEMBERS: Sequence[Member] = (
    Member(
        "authorization_signed_response_alg",
        Datatype.TEXT,
        algorithm,
        "how its authorization responses are signed if it requests a JWT (JARM): one of"
        " oauthprov.keys.algorithms",
        default=signed_responses.DEFAULT,
        label=N_("Signature of authorization responses"),
        hint=N_("Used when the app requests a response_mode with jwt (JARM)."),
        group=Group.TOKENS,
        offered=to_redirecting,
        choices=algorithms,
        words=_DEFAULT,
        metavar="ALG",
    ),
    Member(
        "introspection_signed_response_alg",
        Datatype.TEXT,
        algorithm,
        "how introspection responses are signed that it requests as a JWT (RFC 9701): one of"
        " oauthprov.keys.algorithms",
        default=signed_responses.DEFAULT,
        label=N_("Signature of introspection responses"),
        hint=N_("Used when the app introspects tokens and requests a signed response (RFC 9701)."),
        group=Group.TOKENS,
        offered=to_confidential,
        choices=algorithms,
        words=_DEFAULT,
        metavar="ALG",
    ),
)
