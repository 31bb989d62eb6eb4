"""Protecting a host's views with access tokens: see :mod:`oauthprov.web.resource`."""

from oauthprov.web.resource import OAuthSecurityPolicy, TokenInfo, bearer, challenge

__all__ = ("OAuthSecurityPolicy", "TokenInfo", "bearer", "challenge")
