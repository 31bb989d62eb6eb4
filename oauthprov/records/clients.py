"""Clients, their logos, the hosts whose clients are disabled, and initial access tokens."""

from __future__ import annotations

from oauthprov.records.keys import Digest
from oauthprov.records.shape import Record, record


@record("client", key="client_id", indexes=("owner",))
class Client(Record):
    """A registered client (RFC 6749 section 2). ``client_id`` holds no dot, or is an https URL.

    At such a URL the client publishes a document about itself, of which this record is what counts
    (Client ID Metadata Documents). ``fetched_at`` is when it was fetched last; it is fetched again
    from ``fresh_until`` on. ``changed_at`` is when the hosts of its redirect URIs, its keys or its
    authentication method changed last: consents of before don't count.

    ``client_type`` is one of ``web``, ``browser``, ``native``, ``device``, ``machine`` and
    ``api``.
    ``secrets`` are digests, the newest first; two are valid during a rotation. ``scopes`` are
    those it may request, ``default_scopes`` those granted when it requests none. ``introspects``
    are the resources whose access tokens it may introspect (RFC 7662), ``*`` for all tokens. Its
    public keys are at ``jwks_uri`` or in ``jwks``, a JWK Set as JSON. A client that registered
    itself (RFC 7591) has a ``registration_token``. ``last_used_at`` is when it last got a code or
    a token, precise to a day.
    ``verified`` means that the operator has confirmed the client's identity; ``logo`` is the
    digest of the image stored as its :class:`Logo`. A client with ``removed_at`` no longer works;
    its record stays only until its users are signed out of it. ``pkce`` is None if the client must
    use PKCE, ``optional`` if it may send a nonce instead, ``optional-without-nonce`` if it needs
    neither. With ``id_token_claims`` its ID tokens have the claims of UserInfo too. The other
    fields are those of OpenID Connect Registration section 2, RFC 9101 section 10.5, RFC 9126
    section 6, RFC 9449 section 5.2, JARM section 3, RFC 9701 section 6 and RFC 8705 sections 2.1.2
    and 3.4; None means the default, and empty ``response_types`` mean all that its grant types
    allow.
    """

    client_id: str
    name: str
    client_type: str
    created_at: int
    owner: str | None = None
    redirect_uris: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ()
    auth_method: str = "none"
    secrets: tuple[Digest, ...] = ()
    secret_created_at: int | None = None
    scopes: tuple[str, ...] = ()
    default_scopes: tuple[str, ...] = ()
    homepage_uri: str | None = None
    first_party: bool = False
    disabled_at: int | None = None
    logo_uri: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    contacts: tuple[str, ...] = ()
    software_id: str | None = None
    software_version: str | None = None
    jwks_uri: str | None = None
    jwks: str | None = None
    registration_token: Digest | None = None
    last_used_at: int | None = None
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = False
    verified: bool = False
    logo: Digest | None = None
    initiate_login_uri: str | None = None
    subject_type: str = "public"
    sector_identifier_uri: str | None = None
    id_token_signed_response_alg: str | None = None
    userinfo_signed_response_alg: str | None = None
    request_object_signing_alg: str | None = None
    require_signed_request_object: bool = False
    request_uris: tuple[str, ...] = ()
    token_endpoint_auth_signing_alg: str | None = None
    default_max_age: int | None = None
    require_auth_time: bool = False
    default_acr_values: tuple[str, ...] = ()
    response_types: tuple[str, ...] = ()
    removed_at: int | None = None
    introspects: tuple[str, ...] = ()
    pkce: str | None = None
    id_token_claims: bool = False
    require_pushed_authorization_requests: bool = False
    dpop_bound_access_tokens: bool = False
    authorization_signed_response_alg: str | None = None
    introspection_signed_response_alg: str | None = None
    fetched_at: int | None = None
    fresh_until: int | None = None
    changed_at: int | None = None
    tls_client_auth_subject_dn: str | None = None
    tls_client_auth_san_dns: str | None = None
    tls_client_auth_san_uri: str | None = None
    tls_client_auth_san_ip: str | None = None
    tls_client_auth_san_email: str | None = None
    tls_client_certificate_bound_access_tokens: bool = False


@record("logo", key="client_id")
class Logo(Record):
    """The logo of a client as fetched from ``source``: ``image`` in base64, and its media type."""

    client_id: str
    source: str
    media_type: str
    image: str
    fetched_at: int


@record("disabled_host", key="host")
class DisabledHost(Record):
    """A host whose documents describe no client here, nor do those of the hosts below it."""

    host: str
    disabled_at: int


@record("initial_access_token", key="token_id", few=True)
class InitialAccessToken(Record):
    """An initial access token (RFC 7591 section 1.2); ``secret`` is the digest of the token.

    ``uses_left`` is how many clients may still register with it, None when unlimited. ``note``
    reminds the operator who received it.
    """

    token_id: str
    secret: Digest
    created_at: int
    expires_at: int
    uses_left: int | None = None
    note: str = ""
