"""Checks of ``[server:main]``, of logging, and of what runs beside the provider."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from oauthprov.doctor.check import ERROR, WARNING, Check
from oauthprov.doctor.configured import Configured
from oauthprov.settings import LOOPBACK
from oauthprov.settings.values import flag

_MEBIBYTE = 1 << 20
_BODY_LIMIT = 16 * _MEBIBYTE
_DEFAULT_BODY_LIMIT = 1 << 30
_EVERYWHERE = ("0.0.0.0", "::", "*", "")  # noqa: S104 - looked for, not listened on


def _trusts_anybody(on: Configured) -> Iterator[str]:
    if on.has_waitress_keys and on.server.get("trusted_proxy", "").strip() == "*":
        yield "trusted_proxy is *"


def _passes_headers_on(on: Configured) -> Iterator[str]:
    given = on.server.get("clear_untrusted_proxy_headers", "true")
    with suppress(ValueError):
        if on.has_waitress_keys and not flag(given):
            yield f"clear_untrusted_proxy_headers is {given}"


def _trusts_nobody(on: Configured) -> Iterator[str]:
    behind_proxy = on.settings.issuer.startswith("https:") and on.has_waitress_keys
    if not behind_proxy:
        return
    if not on.server.get("trusted_proxy"):
        yield "trusted_proxy isn't set"
    elif not {"x-forwarded-for", "forwarded"} & _headers(on):
        yield "trusted_proxy_headers has neither x-forwarded-for nor forwarded"


def _headers(on: Configured) -> set[str]:
    return set(on.server.get("trusted_proxy_headers", "").lower().split())


def _listens_everywhere(on: Configured) -> Iterator[str]:
    if on.has_waitress_keys and on.settings.issuer.startswith("https:"):
        proxy = on.server.get("trusted_proxy", "127.0.0.1")
        for host in on.hosts:
            if host in _EVERYWHERE and proxy in LOOPBACK:
                yield f"the server listens on {host or 'every address'}, its proxy on this machine"


def _body_limit(on: Configured) -> Iterator[str]:
    limit = on.server.get("max_request_body_size", str(_DEFAULT_BODY_LIMIT))
    if on.has_waitress_keys and limit.isdigit() and int(limit) > _BODY_LIMIT:
        yield f"max_request_body_size is {int(limit) // _MEBIBYTE} MiB"


def _hashing(on: Configured) -> Iterator[str]:
    threads, at_once = on.server.get("threads", "4"), on.settings.password_concurrency
    if on.has_waitress_keys and threads.isdigit() and at_once * 4 > max(int(threads), 4):
        yield f"oauthprov.password.concurrency is {at_once}, with {threads} threads"


def _debug_log(on: Configured) -> Iterator[str]:
    level = on.levels.get("oauthlib", on.levels.get("root", "")).strip().upper()
    if level in ("DEBUG", "NOTSET"):
        yield f"the level of the logger oauthlib is {level}"


def _toolbar(on: Configured) -> Iterator[str]:
    included = on.app.get("pyramid.includes", "").split()
    for name in included:
        if name.startswith("pyramid_debugtoolbar"):
            yield f"pyramid.includes has {name}"


CHECKS: tuple[Check[Configured], ...] = (
    Check(
        "server.trusts_anybody",
        ERROR,
        "`trusted_proxy`",
        "Every client may choose the address that limits count.",
        "Set trusted_proxy to the address of your proxy.",
        _trusts_anybody,
    ),
    Check(
        "server.untrusted_headers",
        ERROR,
        "`clear_untrusted_proxy_headers`",
        "Forwarded headers of anybody reach the app, and what is in front of it may believe them.",
        "Set clear_untrusted_proxy_headers = true.",
        _passes_headers_on,
    ),
    Check(
        "server.trusts_nobody",
        WARNING,
        "`trusted_proxy`, `trusted_proxy_headers`",
        "Everybody has the proxy's address: one attacker uses up the limits of all.",
        "Set trusted_proxy to the proxy's address, and trusted_proxy_headers = x-forwarded-for"
        " x-forwarded-proto.",
        _trusts_nobody,
    ),
    Check(
        "server.listens_everywhere",
        WARNING,
        "`host`, `listen`",
        "Anybody who reaches the port talks to the server by plain http, past the proxy.",
        "Set host = 127.0.0.1.",
        _listens_everywhere,
    ),
    Check(
        "server.body_limit",
        WARNING,
        "`max_request_body_size`",
        "The server writes large bodies to disk before the app refuses them.",
        "Set max_request_body_size = 1048576.",
        _body_limit,
    ),
    Check(
        "server.hashing",
        WARNING,
        "`oauthprov.password.concurrency`, `threads`",
        "A rush of sign-ins takes the threads that tokens need.",
        "Set oauthprov.password.concurrency to a quarter of the threads.",
        _hashing,
    ),
    Check(
        "server.debug_log",
        ERROR,
        "`[logger_oauthlib]`",
        "At DEBUG, oauthlib logs codes and tokens.",
        "Set level = INFO in [logger_oauthlib].",
        _debug_log,
    ),
    Check(
        "server.debug_toolbar",
        ERROR,
        "`pyramid.includes`",
        "The toolbar shows requests of other people, and runs code.",
        "Remove it from pyramid.includes.",
        _toolbar,
    ),
)
