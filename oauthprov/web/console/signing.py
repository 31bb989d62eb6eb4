"""The keys that a client signs with, as far as its registration tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from oauthprov.protocol.keys.jwk import parse_key_set
from oauthprov.records import Client
from oauthprov.settings import Settings


@dataclass(frozen=True, slots=True)
class Key:
    """A private key that the client has: its algorithm, and its ``kid`` if one is registered.

    ``assumed`` tells that the algorithm is a guess, for the keys are elsewhere.
    """

    alg: str
    kid: str | None = None
    assumed: bool = False


def assertion_key(settings: Settings, client: Client) -> Key | None:
    """Return the key of the client's assertions, None if no key of its serves."""
    return _key(settings, client, client.token_endpoint_auth_signing_alg)


def request_key(settings: Settings, client: Client) -> Key | None:
    """Return the key of the client's request objects, None if no key of its serves."""
    return _key(settings, client, client.request_object_signing_alg)


def _key(settings: Settings, client: Client, registered: str | None) -> Key | None:
    accepted = [alg for alg in settings.client_algorithms if registered in (None, alg)]
    if client.jwks is None:  # those of jwks_uri aren't fetched for a page
        return Key(accepted[0], assumed=True) if accepted and client.jwks_uri is not None else None
    return next(_fitting(client.jwks, accepted), None)


def _fitting(jwks: str, accepted: Sequence[str]) -> Iterator[Key]:
    for key in parse_key_set(jwks).keys:
        for alg in key.algorithms:
            if alg in accepted:
                yield Key(alg, key.kid)
