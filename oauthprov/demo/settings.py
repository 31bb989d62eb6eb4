"""The demo's settings: the provider, and the demo's client registration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pyramid.exceptions import ConfigurationError

from oauthprov.demo.addresses import is_secure
from oauthprov.demo.scopes import scope_values

PREFIX = "demo."
_CLIENT = ("client_id", "client_secret")
_KEYS = ("issuer", "base_url", "resource", "resource_indicator", "scope", *_CLIENT)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of the demo.

    ``issuer`` is the provider's issuer identifier (RFC 8414 section 2), ``base_url`` the demo's
    URL for browsers, ``resource`` the URL that it calls with its access token. ``scope`` has the
    requested scopes, blank-separated; if empty, the provider chooses. ``resource_indicator``, if
    set, is sent as ``resource`` (RFC 8707). Without a ``client_id`` the demo only explains how to
    get one; without a ``client_secret`` it is a public client.
    """

    issuer: str
    base_url: str
    resource: str
    resource_indicator: str | None = None
    scope: str = ""
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)

    @classmethod
    def read(
        cls,
        global_config: Mapping[str, str],
        environ: Mapping[str, str],
        section: Mapping[str, str],
    ) -> Settings:
        """Read the settings from ``pserve``'s command line, the environment and the section.

        The command line (``issuer=...``, passed in ``global_config``) takes precedence over
        ``CLIENT_ID`` and ``CLIENT_SECRET`` of the environment, and these over the section
        (``demo.issuer = ...``), where ``{host}``, ``{port}``, ``{demo_host}`` and ``{demo_port}``
        are replaced by those keys. An empty value counts as absent. A client id from outside the
        section is never combined with the section's secret, which belongs to another client.

        Raises ``pyramid.exceptions.ConfigurationError``, which lists all problems.
        """
        own = {
            key.removeprefix(PREFIX): _with_addresses(value, global_config)
            for key, value in section.items()
            if key.startswith(PREFIX)
        }
        values = _gather(global_config, environ, own)
        problems = [f"{PREFIX}{name} is unknown" for name in own if name not in _KEYS]
        problems += _problems(values)
        if problems:
            raise ConfigurationError("The demo can't start: " + "; ".join(problems) + ".")
        return cls(
            issuer=values["issuer"],
            base_url=values["base_url"],
            resource=values["resource"],
            resource_indicator=values["resource_indicator"] or None,
            scope=values["scope"],
            client_id=values["client_id"] or None,
            client_secret=values["client_secret"] or None,
        )

    @property
    def redirect_uri(self) -> str:
        """The demo's redirect URI."""
        return f"{self.base_url}/callback"

    @property
    def post_logout_redirect_uri(self) -> str:
        """The URL that the provider redirects to after a logout."""
        return f"{self.base_url}/signed-out"

    @property
    def backchannel_logout_uri(self) -> str:
        """The URL to which the provider posts logout tokens."""
        return f"{self.base_url}/backchannel-logout"

    @property
    def console(self) -> str:
        """The provider's page for registering clients."""
        return self.issuer.rstrip("/") + "/clients"


def _with_addresses(value: str, global_config: Mapping[str, str]) -> str:
    # Not %(port)s: when PasteDeploy interpolates it, [DEFAULT] wins over the command line.
    for name in ("host", "port", "demo_host", "demo_port"):
        value = value.replace(f"{{{name}}}", global_config.get(name, f"{{{name}}}"))
    return value


def _gather(
    global_config: Mapping[str, str], environ: Mapping[str, str], own: Mapping[str, str]
) -> dict[str, str]:
    def first(name: str, *sources: Mapping[str, str]) -> str:
        found = (" ".join(source.get(name, "").split()) for source in sources)
        return next(filter(None, found), "")

    given = {name: environ.get(name.upper(), "") for name in _CLIENT}
    values = {name: first(name, global_config, given, own) for name in _KEYS}
    if first("client_id", global_config, given):
        values["client_secret"] = first("client_secret", global_config, given)
    values["issuer"] = values["issuer"] or "http://127.0.0.1:5000"
    values["base_url"] = values["base_url"].rstrip("/") or "http://localhost:8000"
    values["resource"] = values["resource"] or values["issuer"].rstrip("/") + "/api/me"
    return values


def _problems(values: Mapping[str, str]) -> Iterator[str]:
    for name in ("issuer", "base_url", "resource"):
        if not is_secure(values[name]):
            yield f"{name} must be an https URL, or http to localhost: {values[name]!r}"
    for name in ("issuer", "base_url"):
        if "?" in values[name] or "#" in values[name]:
            yield f"{name} must have no query and no fragment: {values[name]!r}"
    for name in _CLIENT:
        if not (values[name].isascii() and values[name].isprintable()):
            yield f"{name} must be printable ASCII (RFC 6749 appendix A)"
    if not scope_values(values["scope"]) and values["scope"]:
        yield f"scope holds a character that RFC 6749 section 3.3 forbids: {values['scope']!r}"
