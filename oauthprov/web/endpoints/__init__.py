"""The endpoints that clients call, one module each."""
