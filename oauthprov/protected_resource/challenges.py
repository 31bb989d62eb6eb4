"""What is said to a client whose token doesn't suffice (RFC 6750 section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oauthprov.protected_resource.tokens import INSUFFICIENT, MISSING, TokenProblem


@dataclass(frozen=True, slots=True)
class Challenge:
    """An error response; ``body`` is a JSON object."""

    status: int
    headers: dict[str, str]
    body: dict[str, object]


def challenge_of(
    problem: TokenProblem, realm: str, scopes: Sequence[str], document_url: str | None
) -> Challenge:
    """Return the response for a problem at a resource that requires ``scopes``.

    ``document_url`` is the URL of the resource's metadata (RFC 9728 section 5.1), None if no
    resource is declared here.
    """
    said = {"realm": realm}
    if problem.error is not None:
        said |= {"error": problem.error, "error_description": problem.description or ""}
    if scopes and problem in (MISSING, INSUFFICIENT):
        said["scope"] = " ".join(scopes)
    if document_url is not None:
        said["resource_metadata"] = document_url
    names = ("error", "error_description")
    body: dict[str, object] = {name: said[name] for name in names if name in said}
    pairs = ", ".join(f'{name}="{value}"' for name, value in said.items())
    headers = {"WWW-Authenticate": f"Bearer {pairs}", "Cache-Control": "no-store"}
    return Challenge(problem.status, headers, body)
