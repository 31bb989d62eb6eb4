"""The request that oauthlib validates, made of parameters that are parsed already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

from oauthlib.common import Request

from oauthprov.protocol.request import params
from oauthprov.records import Client


class EngineRequest(Request):
    """A request for oauthlib's grants and endpoints.

    oauthlib's own class parses the URL and the body, and the URL again whenever
    ``duplicate_params`` is read. Here every parameter is a plain attribute: an endpoint's known
    parameters are the only ones, and :mod:`oauthprov.protocol.request.params` has refused those
    that repeat. An absent parameter is None.
    """

    uri = "https://server.invalid/"
    body = None
    uri_query = ""
    uri_query_params: Sequence[tuple[str, str]] = ()  # type: ignore[assignment]
    duplicate_params: Sequence[str] = ()  # type: ignore[assignment]
    _params: Mapping[str, Any] = MappingProxyType(dict.fromkeys(params.TOKEN))

    client: Client | None = None
    client_assertion: str | None = None
    client_assertion_type: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    code: str | None = None
    code_challenge: str | None = None
    code_challenge_method: str | None = None
    code_verifier: str | None = None
    grant_type: str | None = None
    redirect_uri: str | None = None
    refresh_token: str | None = None
    resource: str | None = None
    response_mode: str | None = None
    response_type: str | None = None
    scope: str | None = None
    state: str | None = None
    token: str | None = None
    token_type_hint: str | None = None
    scopes: list[str] | None = None
    user: object = None

    def __init__(
        self,
        http_method: Literal["GET", "POST"],
        pairs: Sequence[tuple[str, str]],
        authorization: str | None = None,
    ) -> None:
        """Take the parameters ``pairs``, and the value of the Authorization header."""
        self.http_method = http_method
        sent = {} if authorization is None else {"authorization": authorization}
        self.headers: Mapping[str, str] = sent  # type: ignore[assignment]
        self.decoded_body = list(pairs)
        self.__dict__.update(pairs)
