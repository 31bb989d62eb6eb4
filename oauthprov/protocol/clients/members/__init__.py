"""The table of client members: everything that may be chosen for a client, a row each.

Rules, client metadata on the wire (RFC 7591), the console's form and the options of the command
are made of it. A row stands beside its rule, in the module of its subject.
"""

from __future__ import annotations

from collections.abc import Mapping

from oauthprov.protocol.clients.members import access, addresses, names, openid, signing
from oauthprov.protocol.clients.members.member import Datatype, Member, SetBy

__all__ = ("MEMBERS", "Datatype", "Member", "SetBy")

MEMBERS: Mapping[str, Member] = {
    row.field: row
    for rows in (
        names.MEMBERS,
        addresses.MEMBERS,
        access.MEMBERS,
        signing.MEMBERS,
        openid.MEMBERS,
    )
    for row in rows
}
"""The rows by their fields, in the order of the form and of the command's help."""
