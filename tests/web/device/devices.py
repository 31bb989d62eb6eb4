"""A television at a running provider, and people who type its code."""

from __future__ import annotations

from dataclasses import dataclass

from oauthprov.protocol.clients.grant_types import DEVICE_CODE
from tests.site import App, Browser, Site

GRANT_TYPES = (DEVICE_CODE, "refresh_token")


def television(site: Site, kind: str = "native", **metadata) -> App:
    """Register a client for devices."""
    about = {"name": "Television", "grant_types": GRANT_TYPES, "redirect_uris": ()}
    return site.app(kind, **about | metadata)


@dataclass
class Device:
    """A device that has begun; ``shows`` is the response."""

    app: App
    shows: dict

    @classmethod
    def begin(cls, app: App, **asked) -> Device:
        response = app.post("/oauth/device_authorization", asked)
        assert response.status_int == 200, response
        return cls(app, response.json)

    def poll(self):
        form = {"grant_type": DEVICE_CODE, "device_code": self.shows["device_code"]}
        return self.app.post("token", form)

    def hears(self) -> str:
        """The error of a poll."""
        return self.poll().json["error"]


def typed(browser: Browser, code: str):
    """Type a code on the page of devices; return what follows."""
    form = browser.get("/device").form
    form["user_code"] = code
    return form.submit(expect_errors=True)


def asked(browser: Browser, device: Device):
    """Return the page that asks whether a device gets access."""
    response = browser.follow(typed(browser, device.shows["user_code"]))
    assert response.status_int == 200, response
    return response


def decide(browser: Browser, device: Device, decision: str = "allow"):
    """Type the code of a device and decide; return the page at the end."""
    return browser.follow(browser.decide(asked(browser, device), decision))
