"""The groups of an account: the operator sets them, the claim ``groups`` has them."""

from __future__ import annotations

import re

LIMIT = 50
"""The most groups that an account may have: every ID token may list them."""
LENGTH = 64
"""The most characters of a group's name."""

_NAME = re.compile(rf"[!-+\--~][ -+\--~]{{0,{LENGTH - 1}}}(?<! )")


class WrongGroup(Exception):
    """The group can't be set; the message is a sentence for the operator."""


def changed(groups: tuple[str, ...], group: str, member: bool) -> tuple[str, ...]:
    """Return ``groups`` with or without ``group``, sorted. Raises WrongGroup.

    Names are printable ASCII without commas, which some clients separate groups with; upper and
    lower case differ.
    """
    if not member:
        return tuple(one for one in groups if one != group)
    if not _NAME.fullmatch(group):
        raise WrongGroup(
            f"A group's name has 1 to {LENGTH} printable ASCII characters, no comma, and no blank "
            "at its ends."
        )
    made = tuple(sorted({*groups, group}))
    if len(made) > LIMIT:
        raise WrongGroup(f"An account has at most {LIMIT} groups.")
    return made
