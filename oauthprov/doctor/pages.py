"""Checks of what the live server's responses say to browsers: cookies, framing, caches, CORS."""

from __future__ import annotations

from collections.abc import Iterator

from oauthprov.doctor.check import ERROR, WARNING, Check
from oauthprov.doctor.live import STRANGER, Live
from oauthprov.fetch.asking import Answer

_ORIGIN = "Access-Control-Allow-Origin"
_CREDENTIALS = "Access-Control-Allow-Credentials"
_HEADERS = "Access-Control-Allow-Headers"
_MCP = "mcp-protocol-version"
_FORGED = "doctor.invalid"


def _page(on: Live) -> Answer | None:
    """Return the sign-in page, None for a host app with its own."""
    answer = on.get(on.sign_in_url)
    return answer if answer.status == 200 else None


def _cookies(on: Live) -> Iterator[str]:
    answer = _page(on)
    if answer is None or not on.settings.issuer.startswith("https:"):
        return
    for cookie in answer.headers.get_all("Set-Cookie", []):
        pair, *rest = cookie.split(";")
        name = pair.partition("=")[0].strip()
        said = {part.partition("=")[0].strip().lower() for part in rest}
        missing = [flag for flag in ("Secure", "HttpOnly", "SameSite") if flag.lower() not in said]
        if missing:
            yield f"the cookie {name} lacks {', '.join(missing)}"
        elif not name.startswith("__Host-") and name.startswith("oauthprov"):
            yield f"the cookie {name} has no prefix __Host-"


def _framing(on: Live) -> Iterator[str]:
    answer = _page(on)
    if answer is None:
        return
    policies = " ".join(answer.headers.get_all("Content-Security-Policy", []))
    if "frame-ancestors" not in policies:
        yield "the sign-in page may be framed: it has no frame-ancestors"
    if answer.headers.get("X-Content-Type-Options", "").lower() != "nosniff":
        yield "the sign-in page has no X-Content-Type-Options: nosniff"


def _cached(on: Live) -> Iterator[str]:
    answer = _page(on)
    if answer is None:
        return
    said = ",".join(answer.headers.get_all("Cache-Control", [])).lower()
    if "no-store" not in said or "public" in said:
        yield f"Cache-Control of the sign-in page is {said or 'missing'}"
    if answer.headers.get("Age"):
        yield "the sign-in page comes from a cache: it has the header Age"


def _metadata(on: Live) -> Iterator[str]:
    allowed = on.get(on.metadata_url).headers.get_all(_ORIGIN, [])
    if not allowed:
        yield f"the metadata has no {_ORIGIN}"
    elif len(allowed) > 1:
        yield f"the metadata has {_ORIGIN} {len(allowed)} times"
    asked = {
        "Origin": STRANGER,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": _MCP,
    }
    answer = on.asker.ask(on.metadata_url, "OPTIONS", asked)
    named = ",".join(answer.headers.get_all(_HEADERS, [])).lower().replace(" ", "").split(",")
    if answer.status >= 300 or not {_MCP, "*"} & set(named):
        yield f"a preflight of the metadata doesn't allow {_MCP} (status {answer.status})"


def _strangers(on: Live) -> Iterator[str]:
    answers = {"the metadata": on.get(on.metadata_url)}
    if (page := _page(on)) is not None:
        answers["the sign-in page"] = page
        if page.headers.get(_ORIGIN):
            yield f"the sign-in page allows other origins: {page.headers[_ORIGIN]}"
    for name, answer in answers.items():
        if answer.headers.get(_CREDENTIALS, "").lower() == "true":
            yield f"{name} allows other origins to send cookies"


def _host(on: Live) -> Iterator[str]:
    forged = {"X-Forwarded-Host": _FORGED, "X-Forwarded-Server": _FORGED}
    for url in (on.metadata_url, on.sign_in_url):
        answer = on.asker.ask(url, headers=forged)
        if _FORGED in str(answer.headers) or _FORGED.encode() in answer.content:
            yield f"{url} repeats a forged X-Forwarded-Host"


CHECKS: tuple[Check[Live], ...] = (
    Check(
        "live.cookies",
        ERROR,
        "the cookies of the sign-in page",
        "A session may be read by a script, sent by http, or set by another host.",
        "Let no proxy rewrite Set-Cookie (nginx: proxy_cookie_flags, proxy_cookie_path).",
        _cookies,
    ),
    Check(
        "live.framing",
        ERROR,
        "`frame-ancestors`, `X-Content-Type-Options` of the sign-in page",
        "Another site may frame the page and have its users click (RFC 9700 section 4.16).",
        "Let no proxy remove or replace these headers.",
        _framing,
    ),
    Check(
        "live.cached",
        ERROR,
        "`Cache-Control` and `Age` of the sign-in page",
        "A cache may give one user's page and cookies to another.",
        "Switch the proxy's cache off for this server, and let it not replace Cache-Control.",
        _cached,
    ),
    Check(
        "live.cors_metadata",
        WARNING,
        "`Access-Control-Allow-Origin` of the metadata, and a preflight with"
        " `mcp-protocol-version`",
        "Clients in browsers, such as MCP Inspector, can't read the metadata.",
        "Let the proxy pass OPTIONS on, and add no CORS headers of its own.",
        _metadata,
    ),
    Check(
        "live.cors_strangers",
        ERROR,
        "`Access-Control-Allow-Origin` of the sign-in page, `Access-Control-Allow-Credentials`",
        "A script of any site can read pages of a signed-in user.",
        "Remove the CORS headers that the proxy adds: oauthprov sends those that are needed.",
        _strangers,
    ),
    Check(
        "live.forged_host",
        ERROR,
        "a request with a forged `X-Forwarded-Host`",
        "A link or redirect may lead users to the attacker's host.",
        "oauthprov never uses it: see which proxy or app before it does.",
        _host,
    ),
)
