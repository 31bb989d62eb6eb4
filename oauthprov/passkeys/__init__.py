"""Passkeys: people sign in with a key that their device holds (Web Authentication Level 3)."""

from oauthprov.passkeys.challenges import Challenges
from oauthprov.passkeys.keeping import FACTOR, NAME_LIMIT, Passkeys
from oauthprov.passkeys.refusal import Copied, Reason, Refused
from oauthprov.passkeys.relying_party import RelyingParty

__all__ = [
    "FACTOR",
    "NAME_LIMIT",
    "Challenges",
    "Copied",
    "Passkeys",
    "Reason",
    "Refused",
    "RelyingParty",
]
