"""A server of a client's own, which publishes its keys: see tests/fetch."""

from tests.fetch.conftest import authority, place, server

__all__ = ("authority", "place", "server")
