"""A sound configuration, in which tests plant faults."""

from __future__ import annotations

from oauthprov.doctor import Report
from tests import site as sites

ISSUER = "https://id.example.org"
SECRET = "tR7-vQ2xLm9_kZ4pWn8sBf3hJd6gYc1u"


def ini(storage_url: str = "sqlite://", issuer: str = ISSUER, **more: str) -> dict[str, str]:
    """The settings of a sound provider, with some of them changed."""
    sound = {
        "secret": SECRET,
        "registration.scopes": "profile:read",
        "client_documents": "app.example",
        "password.memory": "19456",
        "password.time": "2",
    }
    return sites.ini(storage_url, issuer, **(sound | more))


def found(report: Report) -> list[str]:
    """The names of the checks that have found something."""
    return [finding.row.name for finding in report.findings]
