"""Sentences for people, ready to be translated: the domain is ``oauthprov``."""

from __future__ import annotations

from typing import Any

from translationstring import TranslationStringFactory

_ = TranslationStringFactory("oauthprov")


def too_many_attempts(seconds: int) -> Any:
    """Say how long to wait: whole minutes, rounded up."""
    minutes = -(-seconds // 60)
    if minutes <= 1:
        return _("Too many attempts. Try again in a minute.")
    if minutes < 120:
        return _("Too many attempts. Try again in ${n} minutes.", mapping={"n": minutes})
    return _("Too many attempts. Try again in ${n} hours.", mapping={"n": -(-minutes // 60)})
