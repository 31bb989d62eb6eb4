"""One request to an endpoint for clients, as the environ of WSGI describes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

from oauthprov import logs
from oauthprov.events import Scope
from oauthprov.messages import N_
from oauthprov.protected_resource.metadata import path_in
from oauthprov.protocol.request.answers import Call
from oauthprov.web.http.problems import Rejected

if TYPE_CHECKING:
    from oauthprov.protected_resource.client_certificates import Presented
    from oauthprov.protected_resource.tokens import TokenInfo, TokenProblem
    from oauthprov.protocol.keys.dpop import DPoPProof
    from oauthprov.protocol.request.answers import Outcome
    from oauthprov.web.site import Site

EXCHANGE = "oauthprov.exchange"
"""The key in the environ of the exchange that a view goes on with."""
BODY_LIMIT = 65_536
"""The most bytes of a body that are read; forms and documents are refused at half of that."""

_DIGITS = 20
_TOO_LARGE = N_("The request body is too large.")
_INCOMPLETE = N_("The request body is incomplete.")

Read = Callable[[int], bytes]
"""Reads at most so many bytes of a body. Raises OSError if it ends early."""


class Exchange:
    """A request to an endpoint for clients, and what is found out about it.

    ``environ`` is WSGI's. ``read`` reads the body; without it, the body is read from WSGI's input,
    from which nobody else may read. ``host_request`` is passed to the account source unchanged.
    ``presented`` is its access token; ``proven`` is the proof that the sender holds the token's
    key, and ``proven_use`` whether this is the proof's first use, once that is known.
    ``token_in_form`` is whether the endpoint accepts an access token in a form. ``begun`` is the
    result of an authorization request that was begun before its view, an exception if it failed.
    ``events`` is the scope of its events. ``began`` is a time of ``perf_counter`` if requests are
    counted, else 0; ``counted`` is whether this one is, or will be when it ends.
    """

    __slots__ = (
        "_body",
        "_call",
        "_read",
        "began",
        "begun",
        "counted",
        "environ",
        "events",
        "host_request",
        "presented",
        "proven",
        "proven_use",
        "request_id",
        "site",
        "token_in_form",
    )

    def __init__(
        self,
        site: Site,
        environ: Mapping[str, Any],
        read: Read | None = None,
        host_request: object = None,
    ) -> None:
        self.site = site
        self.environ = environ
        self.began = perf_counter() if site.metering is not None else 0.0
        self.counted = False
        self.request_id = logs.new_request_id()
        self.events = Scope(site.events, self.request_id, environ.get("REMOTE_ADDR", ""))
        self.host_request = host_request
        self.token_in_form = False
        self.presented: TokenInfo | TokenProblem | None = None
        self.proven: DPoPProof | TokenProblem | None = None
        self.proven_use: bool | None = None
        self.begun: Outcome | Exception | None = None
        self._read = read
        self._body: bytes | None = None
        self._call: Call | None = None

    @property
    def method(self) -> str:
        """The request method."""
        method: str = self.environ["REQUEST_METHOD"]
        return method

    @property
    def path(self) -> str:
        """The decoded path, with the part under which the app is mounted."""
        return path_in(self.environ)

    def header(self, name: str) -> str | None:
        """Return a request header by its name in upper case, such as ``AUTHORIZATION``."""
        return self.environ.get(f"HTTP_{name}")

    @property
    def call(self) -> Call:
        """The request, for the protocol. Raises Rejected if the body is over 64 KiB."""
        if self._call is None:
            self._call = self._to_call((), "", None)
        return self._call

    def call_to(self, name: str) -> Call:
        """Return :attr:`call` for ``oauthprov.<name>``, an endpoint that authenticates clients.

        Raises Rejected if the body is over 64 KiB.
        """
        site = self.site
        return self._to_call(site.audiences(name), site.url(name), site.alias(name))

    @property
    def certificate(self) -> Presented:
        """The client certificate that the proxy hands on (RFC 8705)."""
        proxy = self.site.proxy
        return None if proxy is None else proxy.certificate(self.environ)

    def _to_call(self, audiences: tuple[str, ...], url: str, alias: str | None) -> Call:
        environ = self.environ
        headers = {"content-type": environ.get("CONTENT_TYPE") or ""}
        authorization = environ.get("HTTP_AUTHORIZATION")
        if authorization is not None:
            headers["authorization"] = authorization
        proof = environ.get("HTTP_DPOP")
        if proof is not None:
            headers["dpop"] = proof
        query = environ.get("QUERY_STRING")
        return Call(
            method=environ["REQUEST_METHOD"],
            query=query.encode("latin-1") if query else b"",
            body=self.body,
            headers=headers,
            audiences=audiences,
            url=url,
            alias=alias,
            certificate=self.certificate,
            host_request=self.host_request,
            ration=self._may_fetch,
        )

    def _may_fetch(self, new: bool) -> bool:
        """Count the document of a client that this request lets the server fetch."""
        address = self.environ.get("REMOTE_ADDR", "")
        return not self.site.attempts.fetch(address, new=new)

    @property
    def body(self) -> bytes:
        """The body, read once. Raises Rejected if it is over 64 KiB."""
        if self._body is None:
            text = self.environ.get("CONTENT_LENGTH")
            # Python refuses to read a number of thousands of digits.
            length = int(text.lstrip("0")[:_DIGITS] or "0") if text and text.isdecimal() else None
            if length is not None and length > BODY_LIMIT:
                raise Rejected("invalid_request", _TOO_LARGE, 413)
            try:
                # A chunked body has no Content-Length.
                read = self._read
                body = read(BODY_LIMIT + 1) if read else _from_input(self.environ, length)
            except OSError:
                raise Rejected("invalid_request", _INCOMPLETE) from None
            if len(body) > BODY_LIMIT:
                raise Rejected("invalid_request", _TOO_LARGE, 413)
            self._body = body
        return self._body


def _from_input(environ: Mapping[str, Any], length: int | None) -> bytes:
    """Read a body that nothing has read from yet.

    Without a Content-Length there is a body only if the server marks its end (chunked). Raises
    OSError if it ends early.
    """
    if length is None and not environ.get("wsgi.input_terminated"):
        return b""
    wanted = BODY_LIMIT + 1 if length is None else length
    body: bytes = environ["wsgi.input"].read(wanted) if wanted else b""
    if length is not None and len(body) < wanted:
        raise OSError("the body is shorter than its Content-Length")
    return body
