"""The access token of a request to the provider's app, and what is said when it doesn't suffice.

Which resource a request is for, and which tokens are valid there, is said in
:mod:`oauthprov.resource`.
"""

from __future__ import annotations

from collections.abc import Sequence

from oauthprov.errors import OAuth2Error
from oauthprov.events import RequestNoted
from oauthprov.protected_resource import bindings
from oauthprov.protected_resource.challenges import challenge_of
from oauthprov.protected_resource.client_certificates import certified
from oauthprov.protected_resource.metadata import covering, document_url, url_at
from oauthprov.protected_resource.possession import REPLAYED, proof_of
from oauthprov.protected_resource.requirements import Required, meeting
from oauthprov.protected_resource.schemes import scheme_in
from oauthprov.protected_resource.tokens import (
    INVALID,
    MALFORMED,
    MISSING,
    NONCE_WRONG,
    TokenInfo,
    TokenProblem,
    presented,
    valid_at,
)
from oauthprov.protocol.keys.dpop import DPoPProof
from oauthprov.protocol.keys.dpop_nonces import current, is_good
from oauthprov.protocol.request import params, refusals
from oauthprov.settings import Resource, Settings
from oauthprov.web.http.exchange import Exchange
from oauthprov.web.http.origins import origin_of
from oauthprov.web.http.problems import Rejected
from oauthprov.web.http.reply import Reply, in_json


def token_of(exchange: Exchange) -> TokenInfo | TokenProblem:
    """Return the token that a request presents, for any resource; read from storage once."""
    if exchange.presented is None:
        try:
            in_form = _in_form(exchange) if exchange.token_in_form else None
        except (OAuth2Error, Rejected):
            exchange.presented = MALFORMED
        else:
            header = exchange.header("AUTHORIZATION")
            exchange.presented = presented(header, in_form, exchange.site.provider.token_info)
    return exchange.presented


def token_at(
    exchange: Exchange, resource: str | None = None, urls: Sequence[str] = ()
) -> TokenInfo | TokenProblem:
    """Return the token that a request presents, if it is valid for its resource.

    ``resource`` is the URI of a declared resource; by default it follows from the request's path.
    ``urls`` are those that the proof of a bound token may name; by default they are made of the
    path and of the issuer's host, its alias, or that of the named resource. The proof isn't used
    up: see :func:`accepted`. A token that is bound to a certificate needs no proof but TLS.
    """
    found = token_of(exchange)
    if isinstance(found, TokenProblem):
        return found
    if found.resources or exchange.site.settings.bound_resources:
        checked = valid_at(found, _resource(exchange, resource))
        if isinstance(checked, TokenProblem):
            return checked
    if found.confirmation is not None:
        if bindings.is_to_certificate(found.confirmation):
            return certified(found, exchange.certificate)
        if exchange.proven is None:
            exchange.proven = _proof(exchange, found, resource, urls)
        if isinstance(exchange.proven, TokenProblem):
            return exchange.proven
    return found


def _proof(
    exchange: Exchange, found: TokenInfo, named: str | None, urls: Sequence[str]
) -> DPoPProof | TokenProblem:
    settings, now = exchange.site.settings, exchange.site.provider.clock()
    bases = settings.issuer, named, settings.mtls_base_url
    made = proof_of(
        found,
        authorization=exchange.header("AUTHORIZATION") or "",
        proof=exchange.header("DPOP"),
        method=exchange.method,
        urls=urls or [url_at(base, exchange.environ) for base in bases if base],
        now=now,
        algorithms=settings.client_algorithms,
    )
    if isinstance(made, TokenProblem) or not settings.dpop_nonce:
        return made
    return made if is_good(settings.secret, made.nonce, now) else NONCE_WRONG


def nonce_header(exchange: Exchange) -> dict[str, str]:
    """Return the header with the nonce for the client's next proof; none if it needs none."""
    settings = exchange.site.settings
    if not settings.dpop_nonce or scheme_in(exchange.header("AUTHORIZATION")) != "dpop":
        return {}
    now = exchange.site.provider.clock()
    return {"DPoP-Nonce": current(settings.secret, now)}


def accepted(
    exchange: Exchange, found: TokenInfo | TokenProblem, required: Required
) -> TokenInfo | TokenProblem:
    """Return the token if it meets all that is ``required``; the proof of a bound one is used up.

    Call it after all other checks. Raises StorageError.
    """
    if required:
        found = meeting(found, required, exchange.site.provider.clock())
    if isinstance(found, TokenProblem) or found.confirmation is None:
        return found
    if not bindings.needs_proof(found.confirmation):
        return found
    if exchange.proven_use is None and isinstance(exchange.proven, DPoPProof):
        exchange.proven_use = exchange.site.provider.is_first_use(exchange.proven)
    return found if exchange.proven_use else REPLAYED


def client_of_token(exchange: Exchange) -> str | None:
    """Return the id of the client that the token was issued to, for any resource."""
    found = token_of(exchange)
    return found.client_id if isinstance(found, TokenInfo) else None


def refusal(
    exchange: Exchange,
    problem: TokenProblem,
    required: Required,
    resource: str | None = None,
) -> Reply:
    """Return the error response, which names what is ``required``."""
    settings, here = exchange.site.settings, _resource(exchange, resource)
    if problem not in (MISSING, INVALID):  # the provider has logged why a token is invalid
        client_id = client_of_token(exchange)
        noted = RequestNoted(endpoint="resource", client_id=client_id)
        refusals.refused(noted, problem.error or "", problem.why or problem.description)
    document = document_url(here) if here is not None and is_local(settings, here) else None
    said = challenge_of(
        problem,
        settings.issuer,
        required,
        document,
        authorization=exchange.header("AUTHORIZATION"),
        off=("dpop",) if settings.dpop == "off" else (),
        algorithms=settings.client_algorithms,
    )
    reply = in_json(said.body, said.status, said.headers | nonce_header(exchange))
    reply.more = said.challenges
    return reply


def _in_form(exchange: Exchange) -> str | None:
    media_type = (exchange.environ.get("CONTENT_TYPE") or "").partition(";")[0]
    if exchange.method != "POST" or media_type.strip().lower() != params.FORM:
        return None
    form = params.from_body(exchange.call, frozenset({"access_token"}))
    return dict(form.strict()).get("access_token")


def _resource(exchange: Exchange, named: str | None) -> Resource | None:
    settings = exchange.site.settings
    if named is not None:
        return next((r for r in settings.resources if r.uri == named), None)
    return covering((r for r in settings.resources if is_local(settings, r)), exchange.path)


def is_local(settings: Settings, resource: Resource) -> bool:
    """Return whether the metadata document of ``resource`` is served here."""
    return origin_of(resource.uri) == origin_of(settings.issuer)
