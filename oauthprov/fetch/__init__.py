"""Fetching what clients' URLs name, without becoming their way into our network.

Only https, only port 443 of public addresses, and only the very address that was looked at; no
redirects, no proxies, bounded in size and time. ``oauthprov.fetch.allow`` opens more, and in
development a logout token may go over http to this machine.
"""

from __future__ import annotations

from oauthprov.fetch.documents import Documents
from oauthprov.fetch.fetcher import Fetched, Fetcher

__all__ = ("Documents", "Fetched", "Fetcher")
