"""The options of a storage: the settings ``oauthprov.storage.*`` besides the URL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class WrongOptions(ValueError):
    """Options are unknown or invalid; ``problems`` says of each, by its name, what is wrong."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name} {words}" for name, words in problems.items()))
        self.problems = dict(problems)


def unknown(given: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Return a problem for each name that isn't ``known``."""
    names = ", ".join((*known, "read_only"))
    return {
        name: f"is no option of this storage, which has {names}"
        for name in sorted(set(given) - set(known))
    }
