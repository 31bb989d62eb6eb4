"""Device authorization (RFC 8628)."""

from __future__ import annotations

from dataclasses import dataclass

from oauthprov.settings import values
from oauthprov.settings.setting import setting


@dataclass(frozen=True, kw_only=True)
class Device:
    """Device authorization (RFC 8628)."""

    device: bool = setting(
        "device",
        values.flag,
        "false",
        "Devices without a browser may ask for access, which people allow at /device (RFC 8628).",
    )
    device_lifetime: int = setting(
        "device_lifetime",
        values.seconds(1800),
        "600",
        "Seconds in which a person must type the code of a device; at most 1800.",
    )
    device_limit_account: str = setting(
        "device.limit_account",
        values.rate,
        "5 per 15 minutes",
        "Codes that one account may type.",
    )
    device_limit_address: str = setting(
        "device.limit_address",
        values.rate,
        "30 per hour",
        "Device authorizations that are begun from one IP address, and codes typed there.",
    )
