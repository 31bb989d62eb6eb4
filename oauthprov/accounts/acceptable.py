"""The rules for user names, passwords and the first e-mail address.

A new password must follow NIST SP 800-63B-4 section 3.1.1.2: at least 15 characters where it is
the only authentication factor, any characters, no rules about kinds of characters, and no password
that is commonly used, expected, or made of the user's or the site's name. Passwords that were
chosen before the policy still work.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass

from oauthprov.accounts.profile import WrongProfile, checked
from oauthprov.credentials import PASSWORD_LIMIT, is_invisible
from oauthprov.messages import N_

NAME_LIMIT = 64
GUESSES = 1_000_000
"""A password that an attacker is expected to find with fewer guesses than this is refused."""

_ESTIMATED = 24
"""Number of characters that the estimate reads: its cost grows faster than the length.

A password whose first 24 characters follow a pattern is refused, whatever follows them.
"""
_NAME_LENGTH = 3
"""A name with fewer letters and digits than this isn't looked for in a password."""


class NameTaken(Exception):
    """An account already has that name, in this or an equivalent spelling."""


class Unacceptable(Exception):
    """The name or password is refused; ``sentence`` gives the reason, for people."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """The rules for a new password: its least ``length`` in characters, and the ``site`` name."""

    length: int = 15
    site: str = ""

    def check(self, password: str, name: str) -> None:
        """Raise Unacceptable if the user of this name can't choose ``password``.

        The check takes a few milliseconds, whatever the length of the password.
        """
        if len(password) > PASSWORD_LIMIT:
            raise Unacceptable(
                "password", N_("A password has at most ${n} characters.", n=PASSWORD_LIMIT)
            )
        password = unicodedata.normalize("NFC", password)
        if len(password) < self.length:
            raise Unacceptable(
                "password", N_("A password needs ${n} characters or more.", n=self.length)
            )
        if self._is_made_of_names(password, (name, self.site)):
            raise Unacceptable(
                "password",
                N_("A password can't consist of your user name or the name of this site."),
            )
        if _guesses(password, (name, self.site)) < GUESSES:
            raise Unacceptable(
                "password",
                N_(
                    "This password is easy to guess: it is a common one, or follows a pattern. "
                    "Several unrelated words make a good password."
                ),
            )

    def _is_made_of_names(self, password: str, names: tuple[str, ...]) -> bool:
        """Return whether a password without the names in it is short and has no letters."""
        whole = left = _letters_and_digits(password)
        for name in sorted(map(_letters_and_digits, names), key=len, reverse=True):
            if len(name) >= _NAME_LENGTH:
                left = left.replace(name, "")
        letters = any(character.isalpha() for character in left)
        return left != whole and not letters and len(left) < self.length


def acceptable_name(name: str) -> str:
    """Return the user name in the spelling to be shown. Raises Unacceptable."""
    shown = name.strip()
    if any(map(is_invisible, shown)):
        raise Unacceptable("name", N_("A user name can't have invisible characters."))
    shown = " ".join(shown.split())
    length = len(unicodedata.normalize("NFKC", shown))
    if not 1 <= length <= NAME_LIMIT:
        raise Unacceptable("name", N_("A user name has 1 to ${n} characters.", n=NAME_LIMIT))
    return shown


def first_claims(email: str, now: int) -> str:
    """Return the profile of a new account with this address, as JSON. Raises Unacceptable."""
    try:
        return json.dumps(checked({"email": email}, {}) | {"updated_at": now})
    except WrongProfile as wrong:
        raise Unacceptable("email", wrong.problems["email"]) from None


def _letters_and_digits(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(filter(str.isalnum, folded))


def _guesses(password: str, names: tuple[str, ...]) -> int:
    """Return the expected number of guesses for the first characters of a password."""
    # Its word lists take some megabytes of memory, which most processes never need.
    from zxcvbn_rs_py import zxcvbn

    expected = [word for name in names for word in {name, *name.split()} if word]
    text = password[:_ESTIMATED].encode("utf-8", "replace").decode()
    return int(zxcvbn(text, expected).guesses)
