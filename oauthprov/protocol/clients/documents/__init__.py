"""Clients that are known by the URL of a document about them (Client ID Metadata Documents)."""
