"""Marks texts that pages show and translate, in modules that don't know the web."""

from __future__ import annotations


def N_(text: str) -> str:
    """Return ``text`` unchanged. Message extraction finds the literal, pages translate it."""
    return text
