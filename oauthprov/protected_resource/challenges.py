"""What is said to a client whose token doesn't suffice (RFC 6750 section 3)."""

from __future__ import annotations

from dataclasses import dataclass

from oauthprov.protected_resource.requirements import Required, told
from oauthprov.protected_resource.schemes import SCHEMES
from oauthprov.protected_resource.tokens import TokenProblem


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
    problem: TokenProblem, realm: str, required: Required, document_url: str | None
) -> Challenge:
    """Return the response for a problem at a resource, which names what is ``required``.

    ``document_url`` is the URL of the resource's metadata (RFC 9728 section 5.1), None if no
    resource is declared here.
    """
    said = {"realm": realm}
    if problem.error is not None:
        said |= {"error": problem.error, "error_description": problem.description or ""}
    said |= told(problem, required)
    if document_url is not None:
        said["resource_metadata"] = document_url
    names = ("error", "error_description")
    body: dict[str, object] = {name: said[name] for name in names if name in said}
    pairs = ", ".join(f'{name}="{value}"' for name, value in said.items())
    challenges = tuple(
        ("WWW-Authenticate", f"{scheme.name} {pairs}") for scheme in SCHEMES.values()
    )
    return Challenge(problem.status, {"Cache-Control": "no-store"}, challenges, body)
