"""Reading introspection responses (RFC 7662 section 2.2), strictly: anything odd is an error."""

from __future__ import annotations

from collections.abc import Mapping

from oauthprov import serial
from oauthprov.protected_resource import bindings
from oauthprov.protected_resource.tokens import TokenInfo


def parsed(content: bytes) -> Mapping[str, object]:
    """Return a JSON object. Raises ValueError for anything else."""
    try:
        found = serial.loads(content)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("it isn't a JSON object")
    return found


def token_info(answer: Mapping[str, object], issuer: str) -> TokenInfo | None:
    """Return the token that an introspection response describes, None for an inactive one.

    Also None for what isn't an access token, such as a refresh token, which has no ``token_type``,
    and for a token that is bound in a way that isn't supported here. Raises ValueError for a
    response that the issuer never sends.
    """
    active = answer.get("active")
    if not isinstance(active, bool):
        raise ValueError("active isn't true or false")
    if not active:
        return None
    if answer.get("iss") != issuer:
        raise ValueError("iss isn't the issuer")
    cnf, kind = answer.get("cnf"), _text(answer, "token_type", "").lower()
    if not bindings.is_supported(cnf):
        return None
    confirmation = bindings.confirmed_by(cnf)
    client_id, subject = _text(answer, "client_id"), _text(answer, "sub", "")
    user = subject if subject and subject != client_id else None
    token = TokenInfo(
        account_id=user,
        client_id=client_id,
        scopes=tuple(_text(answer, "scope").split()),
        resources=_audience(answer),
        issued_at=_time(answer, "iat"),
        expires_at=_time(answer, "exp"),
        grant_id=None,
        subject=user,
        confirmation=confirmation,
        auth_time=_time(answer, "auth_time") if "auth_time" in answer else None,
        acr=_text(answer, "acr") if "acr" in answer else None,
    )
    return token if kind == bindings.token_type(confirmation).lower() else None


def _text(answer: Mapping[str, object], name: str, default: str | None = None) -> str:
    value = answer.get(name, default)
    if not isinstance(value, str):
        raise ValueError(f"{name} isn't a string")
    return value


def _time(answer: Mapping[str, object], name: str) -> int:
    value = answer.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name} isn't a whole number")
    return value


def _audience(answer: Mapping[str, object]) -> tuple[str, ...]:
    value = answer.get("aud", [])
    named = [value] if isinstance(value, str) else value
    if not isinstance(named, list) or not all(isinstance(uri, str) for uri in named):
        raise ValueError("aud isn't a list of strings")
    if "aud" in answer and not named:
        raise ValueError("aud is empty")
    return tuple(named)
