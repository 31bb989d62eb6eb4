"""The protocol: grants, clients, scopes, tokens and error codes, without requests or databases."""
