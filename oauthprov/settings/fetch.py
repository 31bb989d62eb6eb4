"""Settings for fetching from the URLs that clients register."""

from __future__ import annotations

from dataclasses import dataclass

from oauthprov.settings import values
from oauthprov.settings.setting import setting
from oauthprov.settings.values import FetchAllow


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """Settings for fetching from the URLs that clients register."""

    fetch_allow: FetchAllow = setting(  # noqa: RUF009 - it is frozen, as the others are
        "fetch.allow",
        values.fetch_allow,
        "",
        "Allowed targets of clients' URLs besides port 443 of public addresses: host:port, or"
        " CIDR.",
    )
    fetch_ca_file: str = setting(
        "fetch.ca_file",
        values.ca_file,
        "",
        "PEM file of certificates to trust besides the system's when fetching clients' URLs.",
    )
