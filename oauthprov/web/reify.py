"""Attributes that are computed once, such as the signed-in user of a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pyramid import decorator

T = TypeVar("T")


def reify(compute: Callable[[Any], T]) -> T:
    """Turn a method into an attribute that is computed on first use and kept in ``__dict__``.

    This is Pyramid's decorator with types. Unlike ``functools.cached_property``, which before
    Python 3.12 computes for one instance at a time in the whole process, it takes no lock. Two
    threads that share an instance may thus both compute it; the later result is kept.
    """
    made: T = decorator.reify(compute)
    return made
