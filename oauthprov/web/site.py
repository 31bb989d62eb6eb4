"""The provider's objects of one app: settings, provider, accounts, sessions; built once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from pyramid.config import PHASE1_CONFIG, Configurator
from pyramid.interfaces import IRoutesMapper
from pyramid.registry import Registry
from pyramid.response import Response
from zope.interface import implementedBy

from oauthprov import logs
from oauthprov.accounts import (
    AccountSource,
    BuiltInAccounts,
    EmailVerifications,
    PasswordHasher,
    PasswordPolicy,
    PasswordResets,
)
from oauthprov.errors import ConfigurationError, SigningKeySealed, StorageError
from oauthprov.events import Event, PublishingStorage, Recorder, Stream
from oauthprov.events.stream import hand_to
from oauthprov.factors import Factors, Levels, Roles
from oauthprov.mail import Mailer, Outbox, mailer_of
from oauthprov.metrics import catalog
from oauthprov.metrics.meters import Meters
from oauthprov.metrics.storage import MeteredStorage
from oauthprov.passkeys import RelyingParty
from oauthprov.protected_resource.client_certificates import Proxy
from oauthprov.protocol.clients.documents import urls
from oauthprov.protocol.engine.token_grants import TOKEN_GRANTS
from oauthprov.protocol.provider import Provider, epoch
from oauthprov.protocol.sessions import Sessions
from oauthprov.records import Account
from oauthprov.settings import Settings
from oauthprov.web.http.metering import Metering, metering_of
from oauthprov.web.http.origins import origin_of
from oauthprov.web.http.reply import transport_security
from oauthprov.web.rate_limits import Attempts

if TYPE_CHECKING:
    from oauthprov.web.request import Request

log = logs.logger(__name__)

BUILT_IN_PAGES = (
    "account.login",
    "account.choose",
    "account.logout",
    "account.signup",
    "account.password",
    "account.password_reset",
    "account.profile",
    "account.email_verification",
    "account.new_email",
    "account.sessions",
    "account.deletion",
    "factors.second_step",
    "factors.step_up",
    "factors.setting_up",
    "factors.security",
    "factors.authenticator",
    "factors.recovery",
    "factors.passkey_sign_in",
    "factors.passkeys",
)


ALIASED = ("token", "introspect", "revoke", "par", "device_authorization", "userinfo")
"""The endpoints that clients may use with a certificate; browsers use none of them."""


@dataclass(frozen=True, slots=True)
class Site:
    """The provider's objects in one app.

    ``base_url`` is the issuer without the route prefix: our URLs are generated from it, never from
    the Host header. ``people``, ``password_resets`` and ``factors`` are None if the host has its
    own account source, ``outbox`` if no mail can be sent, ``metering`` if nothing is counted,
    ``proxy`` if no client certificates are handed on.
    ``responses`` has what responds to each kind of result of the protocol.
    ``transport_security`` is what a standalone server says to every response.
    """

    settings: Settings
    base_url: str
    events: Stream
    provider: Provider
    sessions: Sessions
    accounts: AccountSource[Request]
    people: BuiltInAccounts | None
    attempts: Attempts
    outbox: Outbox | None
    email_verifications: EmailVerifications
    password_resets: PasswordResets | None
    factors: Factors | None
    metadata: dict[str, object]
    responses: Mapping[type, Callable[[Request, Any], Response]]
    transport_security: str | None
    metering: Metering | None
    proxy: Proxy | None
    routes: Callable[[], IRoutesMapper]
    _urls: dict[str, str] = field(default_factory=dict)
    _called: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _audiences: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def url(self, name: str, **parts: str) -> str:
        """Return the URL of ``oauthprov.<name>``, based on the issuer, never on Host."""
        if parts:
            return self._made(name, parts)
        url = self._urls.get(name)
        if url is None:
            url = self._urls[name] = self._made(name, parts)
        return url

    def alias(self, name: str) -> str | None:
        """Return the URL of an endpoint where the proxy asks for certificates (RFC 8705 5).

        None where there is none.
        """
        if self.proxy is None or name not in ALIASED:
            return None
        return self.settings.mtls_base_url + self.url(name).removeprefix(self.settings.issuer)

    def urls(self, name: str) -> tuple[str, ...]:
        """Return the URL of an endpoint, and its alias, if it has one."""
        known = self._called.get(name)
        if known is None:
            alias = self.alias(name)
            known = self._called[name] = (self.url(name), *(() if alias is None else (alias,)))
        return known

    def audiences(self, name: str) -> tuple[str, ...]:
        """Return the URLs that a client assertion for ``oauthprov.<name>`` may name."""
        known = self._audiences.get(name)
        if known is None:
            known = self._audiences[name] = (*self.urls("token"), *self.urls(name))
        return known

    def _made(self, name: str, parts: dict[str, str]) -> str:
        if "client_id" in parts:
            parts = parts | {"client_id": urls.in_path(parts["client_id"])}
        return f"{self.base_url}{self.routes().generate(f'oauthprov.{name}', parts)}"

    def has_page(self, name: str) -> bool:
        """Return whether the route ``oauthprov.<name>`` exists: disabled features have none."""
        return self.routes().get_route(f"oauthprov.{name}") is not None

    @property
    def origin(self) -> str:
        """Scheme, host and port of the issuer, as browsers write an Origin (RFC 6454)."""
        return str(origin_of(self.settings.issuer))

    @property
    def secure(self) -> bool:
        """Whether cookies are Secure: always, except with an http issuer in development."""
        return self.settings.issuer.startswith("https:")


def site_of(registry: Registry) -> Site:
    """Return the Site of an app. Raises KeyError if oauthprov isn't included."""
    found = registry["oauthprov"]
    assert isinstance(found, Site)  # noqa: S101 - the type checker can't know
    return found


def includeme(config: Configurator) -> None:
    """Build the Site after the host has set its account source, if any."""
    settings: Settings = config.registry["oauthprov.settings"]
    base_url = _base_url(settings.issuer, config.route_prefix)

    def place() -> None:
        registry = config.registry
        registry["oauthprov"] = site = build(registry, settings, base_url)
        if site.people is not None:
            for page in BUILT_IN_PAGES:
                config.include(f"oauthprov.web.{page}")
        if site.people is not None or site.accounts.names_admins:
            config.include("oauthprov.web.admin")

    config.action(("oauthprov", "site"), place, order=PHASE1_CONFIG)


def build(registry: Registry, settings: Settings, base_url: str) -> Site:
    """Make the objects of an app on the storage, and by the clock, that its registry names."""
    clock: Callable[[], int] = registry.get("oauthprov.clock", epoch)
    meters = Meters(TOKEN_GRANTS.keys()) if settings.metrics else None
    stored = registry["oauthprov.storage"]
    storage = PublishingStorage(stored if meters is None else MeteredStorage(stored, meters))
    stream = _stream(registry, settings, clock, storage, meters)
    source: AccountSource[Request] | None = registry.get("oauthprov.accounts")
    mailer: Mailer | None = registry.get("oauthprov.mailer") or mailer_of(settings)
    people = resets = factors = None
    if source is None:
        people = _people(storage, settings, clock, meters)
        resets = PasswordResets(storage, people, clock, settings.mail_reset_lifetime)
        factors = _factors(storage, settings, clock)
        source = registry["oauthprov.own_pages"](people, factors)
    provider = Provider(settings, storage, source, clock, stream)
    if people is not None:
        provider.purging.removing = partial(_removing, registry)
    _look_at_keys(provider)
    return Site(
        settings=settings,
        base_url=base_url,
        events=stream,
        provider=provider,
        accounts=source,
        sessions=Sessions(settings, storage, clock, provider.endings.end_session),
        people=people,
        attempts=Attempts(settings),
        outbox=_outbox(mailer, meters) if mailer is not None else None,
        email_verifications=EmailVerifications(storage, clock, settings.mail_link_lifetime),
        password_resets=resets,
        factors=factors,
        metadata=registry.setdefault("oauthprov.metadata", {}),
        responses=registry.setdefault("oauthprov.responses", {}),
        transport_security=transport_security(settings),
        metering=_metering(registry, provider, meters),
        proxy=Proxy.of(settings) if settings.mtls else None,
        routes=partial(registry.getUtility, IRoutesMapper),
    )


def _stream(
    registry: Registry,
    settings: Settings,
    clock: Callable[[], int],
    storage: PublishingStorage,
    meters: Meters | None,
) -> Stream:
    """Return the stream of the app's events: to its subscribers, the metrics and the audit."""
    keep, notify = settings.audit_keep, _notify(registry, meters)
    recorder = Recorder(storage, clock, keep, routine=settings.audit_routine) if keep else None
    return Stream(clock, notify, recorder)


def _metering(registry: Registry, provider: Provider, meters: Meters | None) -> Metering | None:
    if meters is None:
        return None
    return metering_of(provider, meters, registry["oauthprov.version"])


def _outbox(mailer: Mailer, meters: Meters | None) -> Outbox:
    if meters is None:
        return Outbox(mailer)
    sending, tasks = meters.gauge(catalog.MAILS), meters.gauge(catalog.MAIL_TASKS)
    return Outbox(mailer, sending=sending, working=tasks)


def _notify(registry: Registry, meters: Meters | None) -> Callable[[Event], None]:
    """Return what counts an event and calls its subscribers, looked up once for each kind."""
    note = None if meters is None else meters.event
    known: dict[type[Event], list[Callable[[Event], object]]] = {}

    def notify(event: Event) -> None:
        if note is not None:
            note(event)
        found = known.get(type(event))
        if found is None:
            found = registry.adapters.subscriptions([implementedBy(type(event))], None)
            known[type(event)] = found
        for subscriber in found:
            hand_to(subscriber, event)

    return notify


def _people(
    storage: PublishingStorage,
    settings: Settings,
    clock: Callable[[], int],
    meters: Meters | None,
) -> BuiltInAccounts:
    hasher = PasswordHasher(
        memory_kib=settings.password_memory,
        time_cost=settings.password_time,
        concurrency=settings.password_concurrency,
        tell=bool if meters is None else meters.gauge(catalog.PASSWORDS),
    )
    policy = PasswordPolicy(settings.password_length, settings.title)
    return BuiltInAccounts(storage, hasher, clock, policy)


def _factors(storage: PublishingStorage, settings: Settings, clock: Callable[[], int]) -> Factors:
    required = settings.factors_required if settings.factors else ()

    def is_required(roles: Roles) -> bool:
        if "everyone" in required or (roles.developer and "developers" in required):
            return True
        return roles.admin and "admins" in required

    return Factors.build(
        storage,
        settings.secret,
        clock,
        offered=settings.factors,
        levels=Levels(settings.acr_password, settings.acr_mfa, settings.acr_phr),
        is_required=is_required,
        party=RelyingParty.at(str(origin_of(settings.issuer)), settings.title),
    )


def _removing(registry: Registry, account: Account) -> None:
    """Call the page that mails about accounts that are being removed."""
    registry["oauthprov.removing"](registry, account)


def _look_at_keys(provider: Provider) -> None:
    """Log at startup if no token can be signed; everything else works without one."""
    try:
        provider.check_keys()
    except SigningKeySealed as sealed:
        log.error("%s: %s", sealed.problem, sealed.remedy)
    except StorageError:  # already logged
        pass


def _base_url(issuer: str, prefix: str | None) -> str:
    path = "/" + prefix.strip("/") if prefix and prefix.strip("/") else ""
    if not issuer.endswith(path):
        raise ConfigurationError(
            [f"oauthprov.issuer must end in the route prefix {path}, below which the pages are"]
        )
    return issuer.removesuffix(path)
