"""The table of client members: one row for each value that may be chosen for a client.

Rules, client metadata on the wire (RFC 7591), the console's form and the command's options are
made from it. A row is in the module of its subject, beside its rule.
"""

from __future__ import annotations

from collections.abc import Mapping

from oauthprov.protocol.clients.members import (
    access,
    addresses,
    certificates,
    names,
    openid,
    responses,
    signing,
)
from oauthprov.protocol.clients.members.member import Datatype, Group, Member, SetBy

__all__ = ("MEMBERS", "Datatype", "Group", "Member", "SetBy")

MEMBERS: Mapping[str, Member] = {
    row.field: row
    for rows in (
        names.MEMBERS,
        addresses.MEMBERS,
        access.MEMBERS,
        signing.MEMBERS,
        certificates.MEMBERS,
        openid.MEMBERS,
        responses.MEMBERS,
    )
    for row in rows
}
"""The rows by their fields, in the order of the form and of the command's help."""
