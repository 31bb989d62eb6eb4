"""Scopes: which a client may request, and which it gets when it requests none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from oauthlib.oauth2.rfc6749.errors import InvalidScopeError

from oauthprov.events import Reason
from oauthprov.protocol.request.context import Context
from oauthprov.records import Client
from oauthprov.settings import Settings

_NAMES_LIMIT = 100
# RFC 6749 section 3.3. An error_description may hold just these characters too (section 5.2).
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


def allowed(settings: Settings, client: Client) -> frozenset[str]:
    """Return the declared scopes that the client may request."""
    return settings.scope_names.intersection(client.scopes)


def defaults(settings: Settings, client: Client) -> tuple[str, ...]:
    """Return the scopes granted to a client that requests none (RFC 6749 section 3.3).

    These are its own defaults, or else the server's as far as the client may request them. A
    machine without defaults gets all its scopes: no user is asked for them.
    """
    otherwise = client.scopes if client.client_type == "machine" else settings.default_scopes
    return only(client.default_scopes or otherwise, allowed(settings, client))


def only(scopes: Iterable[str], wanted: frozenset[str]) -> tuple[str, ...]:
    """Return those of ``scopes`` that are ``wanted``, once each, in their order."""
    return tuple(dict.fromkeys([scope for scope in scopes if scope in wanted]))


def union(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    """Return the members of both, once each, in their order."""
    return tuple(dict.fromkeys((*first, *second)))


def check_allowed(context: Context, asked: Sequence[str]) -> None:
    """Raise InvalidScopeError, which names them, for scopes that the client may not request."""
    if not asked:
        raise refused(context, asked, "The client requests no scope, and has no default scopes.")
    declared = context.settings.scope_names
    undeclared = [scope for scope in asked if scope not in declared]
    if undeclared:
        raise refused(context, asked, f"This server has no scope {named(undeclared)}.")
    may = allowed(context.settings, context.known_client)
    beyond = [scope for scope in asked if scope not in may]
    if beyond:
        sentence = f"The client is not registered for the scope {named(beyond)}."
        raise refused(context, asked, sentence)


def refused(context: Context, asked: Sequence[str], sentence: str) -> InvalidScopeError:
    """Note why the scopes are refused; return the error with the sentence.

    A malformed scope isn't named by its error.
    """
    if not all(map(_SCOPE.fullmatch, asked)):
        sentence = "The scope is not a list of scopes with one blank between them."
    context.refuse(Reason.SCOPE_NOT_ALLOWED, " ".join(asked), because=sentence)
    return InvalidScopeError(sentence)


def named(scopes: Iterable[str]) -> str:
    """Return scopes as an error names them: the first ones, if they are many."""
    joined = " ".join(dict.fromkeys(scopes))
    return joined if len(joined) <= _NAMES_LIMIT else joined[: _NAMES_LIMIT - 3] + "..."
