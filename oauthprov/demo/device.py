"""A device without a browser: it shows a code, and polls until somebody has decided (RFC 8628).

``python -m oauthprov.demo.device --issuer http://127.0.0.1:5000 --client-id ...``
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

import requests
import segno

from oauthprov.demo.errors import ProviderUnavailable
from oauthprov.demo.metadata import endpoint, metadata_url

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
INTERVAL = 5
"""Seconds between polls if the provider names none, and those that slow_down adds (3.2, 3.5)."""

_TIMEOUT = (3, 10)
_SECRETS = ("access_token", "refresh_token", "id_token")
_SHOWN = 12
_WAIT = ("authorization_pending", "slow_down")


class Refused(Exception):
    """The provider refuses; the text is its error and its description."""


@dataclass(frozen=True, slots=True)
class Device:
    """A client of ``issuer``. ``sleep`` waits for so many seconds; ``out`` is its screen."""

    issuer: str
    client_id: str
    client_secret: str | None = None
    scope: str = ""
    sleep: Callable[[float], None] = time.sleep
    out: TextIO = sys.stdout

    def run(self) -> dict[str, Any]:
        """Show a code, wait for a decision, show what came of it; return the token response.

        Raises Refused, ProviderUnavailable.
        """
        document = _json_of(requests.get(metadata_url(self.issuer), timeout=_TIMEOUT))
        if document.get("issuer") != self.issuer:
            raise ProviderUnavailable("The metadata is that of another issuer.")
        begin = endpoint(document, "device_authorization_endpoint")
        told = self._post(begin, {"scope": self.scope} if self.scope else {})
        if "error" in told:
            raise Refused(_words(told))
        self._show(told)
        tokens = self._poll(endpoint(document, "token_endpoint"), told)
        self._say("Connected. The response:")
        for name, value in tokens.items():
            secret = name in _SECRETS and isinstance(value, str)
            self._say(f"  {name}: {value[:_SHOWN] + '...' if secret else value}")
        return tokens

    def _show(self, told: Mapping[str, Any]) -> None:
        """Show where to go, the code, and both as a QR code (section 3.3.1)."""
        page, code = str(told["verification_uri"]), str(told["user_code"])
        whole = str(told.get("verification_uri_complete", page))
        segno.make(whole, error="l", micro=False).terminal(self.out, compact=True)
        self._say(f"On your phone or computer, open\n\n    {page}\n\nand type\n\n    {code}\n")
        self._say("or scan the code above. The page must show the same code as this screen.")

    def _poll(self, token_endpoint: str, told: Mapping[str, Any]) -> dict[str, Any]:
        """Ask for tokens until there are some or an error ends it (section 3.5)."""
        interval, left = float(told.get("interval", INTERVAL)), float(told["expires_in"])
        form = {"grant_type": GRANT_TYPE, "device_code": str(told["device_code"])}
        while left > 0:
            self.sleep(interval)
            left -= interval
            try:
                answer = self._post(token_endpoint, form)
            except requests.RequestException:
                interval *= 2  # the provider may be overloaded
                continue
            if "error" not in answer:
                return answer
            if answer["error"] not in _WAIT:
                raise Refused(_words(answer))
            interval += INTERVAL if answer["error"] == "slow_down" else 0
        raise Refused("expired_token: Nobody has typed the code in time.")

    def _post(self, url: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Post a form as this client; return the document of the response."""
        own = {"client_id": self.client_id, "client_secret": self.client_secret}
        sent = {name: value for name, value in own.items() if value is not None} | dict(form)
        return _json_of(requests.post(url, sent, timeout=_TIMEOUT, allow_redirects=False))

    def _say(self, text: str) -> None:
        print(text, file=self.out, flush=True)


def _json_of(response: requests.Response) -> dict[str, Any]:
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise ProviderUnavailable(f"The provider's response ({response.status_code}) isn't JSON.")
    return document


def _words(answer: Mapping[str, Any]) -> str:
    return ": ".join(str(answer[k]) for k in ("error", "error_description") if k in answer)


def main(argv: Sequence[str] | None = None) -> int:
    """Be a device, as the arguments say; return the exit code of the process."""
    parser = argparse.ArgumentParser(prog="python -m oauthprov.demo.device", description=__doc__)
    parser.add_argument("--issuer", default="http://127.0.0.1:5000")
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--client-secret", help="of a web client, by client_secret_post")
    parser.add_argument("--scope", default="", help="blank-separated; without, the provider's")
    given = parser.parse_args(argv)
    try:
        Device(given.issuer, given.client_id, given.client_secret, given.scope).run()
    except (Refused, ProviderUnavailable, requests.RequestException) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
