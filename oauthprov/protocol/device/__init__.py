"""Device authorizations (RFC 8628): a device shows a code, and a person decides elsewhere."""
