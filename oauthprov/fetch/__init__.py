"""Fetches documents from clients' URLs, without giving clients access to our network.

Only https, only port 443 of public addresses, and only the address that was checked; no redirects,
no proxies, limited in size and time. ``oauthprov.fetch.allow`` allows more, and in development a
logout token may be sent over http to this machine. A resource server calls its issuer within the
same limits (:mod:`oauthprov.resource_server`).
"""

from __future__ import annotations

from oauthprov.fetch.documents import Documents
from oauthprov.fetch.fetcher import Fetched, Fetcher

__all__ = ("Documents", "Fetched", "Fetcher")
