"""Device authorizations (RFC 8628): what a device asks for, and the code that a person types."""

from __future__ import annotations

from oauthprov.records.shape import Record, record


@record("device_grant", key="key", keep=600)
class DeviceGrant(Record):
    """What a device asks for, and a person's decision; ``key`` is ``<grant id>.<digest>``.

    The digest is that of the device code. It is stored before its grant, like an authorization
    code: it shares the grant's slot, but doesn't depend on the grant. ``address`` is the address
    that the device asked from. ``interval`` is the seconds that it must wait between polls,
    ``polled_at`` the last of them. ``decided_at`` is None until somebody has decided; ``allowed``
    and the fields after it are theirs, as in :class:`~oauthprov.records.Grant`.
    """

    key: str
    client_id: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    address: str
    created_at: int
    expires_at: int
    interval: int
    polled_at: int | None = None
    decided_at: int | None = None
    allowed: bool = False
    account_id: str | None = None
    auth_time: int | None = None
    amr: tuple[str, ...] = ()
    acr: str | None = None
    account_epoch: int = 0
    consent_epoch: int = 0


@record("user_code", key="key")
class UserCode(Record):
    """A code that a person types, until they have decided; ``key`` is a keyed MAC of it.

    ``device_grant`` is the key of what it stands for.
    """

    key: str
    device_grant: str
    expires_at: int
