"""The workloads: what one operation is, and which scope it requests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    """One kind of operation; ``load.lua`` has its requests and what must be in the answers.

    ``tokens`` says whether each connection needs tokens of its own at the start.
    """

    name: str
    title: str
    scope: str
    tokens: bool = False


WORKLOADS = {
    one.name: one
    for one in (
        Workload("W1", "client credentials", "profile:read"),
        Workload("W2", "introspection", "profile:read", tokens=True),
        Workload("W3", "refresh with rotation", "profile:read", tokens=True),
        Workload("W4", "authorize + code exchange", "profile:read"),
        Workload("W4O", "the same with an RS256 ID token", "openid"),
        Workload("W5", "UserInfo", "openid", tokens=True),
    )
}
