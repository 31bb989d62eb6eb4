"""Protecting a host's own views with access tokens: see :mod:`oauthprov.web.resource`."""

from oauthprov.web.resource import Bearing, OAuthSecurityPolicy, bearer, challenge

__all__ = ("Bearing", "OAuthSecurityPolicy", "bearer", "challenge")
