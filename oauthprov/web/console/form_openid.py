"""What OpenID Connect adds to the form of a client: subjects, and what signs its ID tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from oauthprov.protocol.clients import subjects
from oauthprov.protocol.clients.registrar import ClientType, Metadata
from oauthprov.records import Client
from oauthprov.web.request import Request

SUBJECTS = ("subject_type", "sector_identifier_uri")
ALGORITHM = "id_token_signed_response_alg"
FIELDS = (*SUBJECTS, ALGORITHM)

_SUBJECTS = {
    subjects.PUBLIC: "The same that other apps see",
    subjects.PAIRWISE: "One of its own, so that apps can't compare whom they know",
}


def offered(request: Request, kind: ClientType) -> dict[str, object]:
    """Return the choices that the form shows, empty where there is nothing to choose."""
    settings = request.oauthprov.settings
    if not (kind.redirects and settings.openid):
        return {"subject_types": [], "algorithms": []}
    types = subjects.types(settings)
    several = len(settings.keys_algorithms) > 1
    return {
        "subject_types": [(one, _SUBJECTS[one]) for one in types if len(types) > 1],
        "algorithms": settings.keys_algorithms if several else [],
    }


def chosen(request: Request, kind: ClientType, form: Mapping[str, str]) -> Metadata:
    """Return what was chosen, of what the form offered: the rest stays as it is."""
    choices, metadata = offered(request, kind), Metadata()
    if choices["subject_types"]:
        metadata["subject_type"] = form.get("subject_type", subjects.PUBLIC)
        metadata["sector_identifier_uri"] = form.get("sector_identifier_uri")
    if choices["algorithms"]:
        metadata["id_token_signed_response_alg"] = form.get(ALGORITHM)
    return metadata


def registered(client: Client) -> Metadata:
    """Return what the form of a client shows at first."""
    return cast(Metadata, {field: getattr(client, field) for field in FIELDS})
