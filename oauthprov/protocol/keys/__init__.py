"""JSON Web Signatures, JSON Web Keys, and the keys that this server signs with."""
