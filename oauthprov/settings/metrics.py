"""Metrics: who may read them, and where."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from oauthprov.settings import values
from oauthprov.settings.setting import setting

_NEEDS = "needs the extra: pip install 'oauthprov[metrics]'"


def _installed(value: str) -> None:
    if value and find_spec("prometheus_client") is None:
        raise ValueError(_NEEDS)


def _secret(value: str) -> str:
    """Parse a bearer secret, or empty text."""
    _installed(value)
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("must be printable ASCII characters without blanks")
    return value


def _listen(value: str) -> tuple[str, int] | None:
    """Parse the address of a listener, such as ``127.0.0.1:9464``, or empty text."""
    _installed(value)
    return values.place(value) if value else None


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Metrics: who may read them, and where."""

    metrics_secret: str = setting(
        "metrics.secret",
        _secret,
        "",
        "Secret that Prometheus sends as a bearer token to read `/metrics`; without one there is "
        "no such page.",
        secret=True,
    )
    metrics_listen: tuple[str, int] | None = setting(
        "metrics.listen",
        _listen,
        "",
        "Address and port on which metrics are served besides, such as `127.0.0.1:9464`; it asks "
        "for the secret too, if there is one.",
    )

    @property
    def metrics(self) -> bool:
        """Whether anything is counted."""
        return bool(self.metrics_secret or self.metrics_listen)
