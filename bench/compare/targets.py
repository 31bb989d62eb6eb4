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

    @property
    def ours(self) -> bool:
        return self.name.startswith("oauthprov-")

    def on(self, version: str) -> Target:
        """Return the same target under the name that it has on another interpreter."""
        return replace(self, name=f"{self.name}@{version}", title=f"{self.title}, {version}")


def _own(store: str, title: str) -> Target:
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


TARGETS = {
    one.name: one
    for one in (
        _own("redis", "Redis"),
        Target(
            "oidc-provider",
            "node oidc-provider on Redis",
            "redis",
            PEERS / "oidc_provider",
            NODE,
            packages=("oidc-provider", "ioredis"),
        ),
        _own("postgresql", "PostgreSQL"),
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
        _own("sqlite", "SQLite"),
    )
}
