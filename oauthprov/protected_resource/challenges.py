"""What is said to a client whose token doesn't suffice (RFC 6750 section 3)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from oauthprov.protected_resource.requirements import Required, told
from oauthprov.protected_resource.schemes import SCHEMES, scheme_in
from oauthprov.protected_resource.tokens import NONCE_WRONG, TokenProblem
from oauthprov.settings.values import ALGORITHMS


@dataclass(frozen=True, slots=True)
class Challenge:
    """An error response; ``body`` is a JSON object.

    ``challenges`` are headers of one name, one for each scheme, beside the ``headers``.
    """

    status: int
    headers: dict[str, str]
    challenges: tuple[tuple[str, str], ...]
    body: dict[str, object]


def challenge_of(
    problem: TokenProblem,
    realm: str,
    required: Required,
    document_url: str | None,
    *,
    authorization: str | None = None,
    off: Collection[str] = (),
    algorithms: Collection[str] = ALGORITHMS,
) -> Challenge:
    """Return the response for a problem at a resource, which names what is ``required``.

    ``document_url`` is the URL of the resource's metadata (RFC 9728 section 5.1), None if no
    resource is declared here. The error is said in the challenge of the scheme that the header
    ``authorization`` has, or in that of bearer tokens. Schemes that are ``off`` have no challenge.
    ``algorithms`` are those that proofs may be signed with.
    """
    error: dict[str, str] = {}
    if problem.error is not None:
        error = {"error": problem.error, "error_description": problem.description or ""}
    more = dict(told(problem, required))
    if document_url is not None:
        more["resource_metadata"] = document_url
    used = scheme_in(authorization)
    used = next(iter(SCHEMES)) if used is None or used in off else used
    challenges = []
    # Who is to send a nonce speaks the scheme; some clients look for it in the first challenge.
    names = sorted(SCHEMES, key=lambda name: problem == NONCE_WRONG and name != used)
    for name in names:
        if name not in off:
            scheme = SCHEMES[name]
            said = {"realm": realm, **(error if name == used else {}), **more}
            if scheme.has_proofs:
                said["algs"] = " ".join(algorithms)
            pairs = ", ".join(f'{key}="{value}"' for key, value in said.items())
            challenges.append(("WWW-Authenticate", f"{scheme.name} {pairs}"))
    headers = {"Cache-Control": "no-store"}
    return Challenge(problem.status, headers, tuple(challenges), dict(error))
