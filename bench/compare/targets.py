"""The servers that are compared: how each is installed, prepared and started."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

BENCH = Path(__file__).parents[1]
PEERS = BENCH / "peers"
WORKERS = 2


@dataclass(frozen=True)
class Paths:
    """The addresses of one server, below its origin."""

    authorize: str
    token: str
    introspect: str
    userinfo: str
    jwks: str


OAUTH = Paths(
    "/oauth/authorize", "/oauth/token", "/oauth/introspect", "/oauth/userinfo", "/oauth/jwks"
)
TOOLKIT = Paths(
    "/o/authorize/", "/o/token/", "/o/introspect/", "/o/userinfo/", "/o/.well-known/jwks.json"
)
NODE = Paths("/auth", "/token", "/token/introspection", "/me", "/jwks")


@dataclass(frozen=True)
class Target:
    """One server on one store.

    ``folder`` has its code and its pinned requirements; ``app`` is the WSGI app there, empty for
    Node; ``threads`` are those of each worker.
    """

    name: str
    title: str
    store: str
    folder: Path
    paths: Paths
    app: str = ""
    threads: int = 8
    packages: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    by_default: bool = True

    @property
    def ours(self) -> bool:
        return self.name.startswith("oauthprov-")

    def on(self, version: str) -> Target:
        """Return the same target under the name that it has on another interpreter."""
        return replace(self, name=f"{self.name}@{version}", title=f"{self.title}, {version}")


def _own(store: str, title: str) -> Target:
    """Return oauthprov as ``oauthprov init`` makes it: with the audit, without metrics."""
    packages = ("oauthprov", "pyramid", "oauthlib", "sqlalchemy", "psycopg", "redis", "granian")
    return Target(
        f"oauthprov-{store}",
        f"oauthprov on {title}",
        store,
        BENCH / "ours",
        OAUTH,
        "oauthprov.wsgi:app",
        threads=4,
        packages=packages,
    )


def _observed(own: Target, words: str, *settings: str) -> Target:
    """Return oauthprov with other settings of audit and metrics; only measured if it is named."""
    return replace(
        own,
        name=f"{own.name}-{words}",
        title=f"{own.title}, {words}",
        environment=(("BENCH_SETTINGS", "\n".join(settings)), *_METRICS),
        by_default=False,
    )


_METRICS = (("BENCH_METRICS", "a-secret-of-the-benchmark-long-enough"),)
_OWN = {
    store: _own(store, title)
    for store, title in (("redis", "Redis"), ("postgresql", "PostgreSQL"), ("sqlite", "SQLite"))
}
TARGETS = {
    one.name: one
    for one in (
        _OWN["redis"],
        Target(
            "oidc-provider",
            "node oidc-provider on Redis",
            "redis",
            PEERS / "oidc_provider",
            NODE,
            packages=("oidc-provider", "ioredis"),
        ),
        _OWN["postgresql"],
        Target(
            "authlib",
            "Authlib on PostgreSQL",
            "postgresql",
            PEERS / "authlib",
            OAUTH,
            "app:app",
            packages=("authlib", "flask", "sqlalchemy", "psycopg", "granian"),
        ),
        Target(
            "django-oauth-toolkit",
            "django-oauth-toolkit on PostgreSQL",
            "postgresql",
            PEERS / "django_oauth_toolkit",
            TOOLKIT,
            "wsgi:app",
            packages=("django-oauth-toolkit", "django", "oauthlib", "psycopg", "granian"),
            environment=(("DJANGO_SETTINGS_MODULE", "settings"),),
        ),
        _OWN["sqlite"],
        *(
            observed
            for own in _OWN.values()
            for observed in (
                _observed(own, "observed", "oauthprov.metrics.secret = env:BENCH_METRICS"),
                _observed(own, "unobserved", "oauthprov.audit.keep = 0"),
            )
        ),
    )
}
