"""Passkeys as a factor: after a password, or alone."""

from __future__ import annotations

from collections.abc import Sequence

from oauthprov.factors.factor import Factor, NewFactor, Proof, WrongProof
from oauthprov.passkeys import FACTOR, Passkeys, Refused
from oauthprov.records import Account, Digest, Passkey
from oauthprov.storage.interface import Change, Remove

ALONE = ("pop", "user", "mfa")
"""The methods of a sign-in by a passkey alone, whose device has verified its user."""


class WrongPasskey(WrongProof):
    """The passkey proves nothing; ``refused`` says why."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(str(refused))
        self.refused = refused


class PasskeyFactor(Factor):
    """The passkeys of an account, any of which proves the factor."""

    name = FACTOR
    amr = ("pop", "user")

    def __init__(self, passkeys: Passkeys) -> None:
        self.passkeys = passkeys

    def is_set_up(self, account: Account) -> bool:
        """Return whether the account has a passkey, at a host where there can be some."""
        return self.passkeys.possible and super().is_set_up(account)

    def can_be_added(self, account: Account) -> bool:
        """Return True: an account may have several."""
        return True

    def new(self, account: Account, answer: str, browser: Digest, name: str) -> NewFactor:
        """Return the passkey that a browser has made for the account. One read.

        ``answer`` is the response to :meth:`Passkeys.creation_options`, ``name`` is what the
        passkey is called. Raises WrongPasskey.
        """
        try:
            made, mark = self.passkeys.made(account.account_id, answer, browser, name)
        except Refused as refused:
            raise WrongPasskey(refused) from None
        return NewFactor(made, (mark,))

    @staticmethod
    def removal(passkey: Passkey) -> Change:
        """Return the change that removes one passkey."""
        return Remove(Passkey, passkey.key)

    def prove(self, account: Account, answer: str, browser: Digest) -> Proof:
        """Judge the response to the options for a step, as the page's script sends it. One read.

        Raises WrongPasskey.
        """
        try:
            return Proof(self.amr, self.passkeys.step(account.account_id, answer, browser))
        except Refused as refused:
            raise WrongPasskey(refused) from None

    def removals(self, account_id: str) -> Sequence[Change]:
        """Return the changes that remove every passkey of an account. One read."""
        return [self.removal(passkey) for passkey in self.passkeys.of(account_id)]
