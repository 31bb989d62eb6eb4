"""A television: a client of a provider that shows a code and polls."""

from dataclasses import dataclass

from oauthprov.credentials import Bearer
from oauthprov.protocol.clients.grant_types import DEVICE_CODE
from oauthprov.protocol.request.answers import Call
from oauthprov.records import DeviceGrant
from tests.protocol.world import ALICE, FORM, OPENID, World, urlencode

PAGE = "https://as.example/device"
ADDRESS = "203.0.113.7"
GRANT_TYPES = (DEVICE_CODE, "refresh_token")


@dataclass
class Television:
    """What the client ``tv``, or another, does in a world."""

    world: World

    def begin(self, who="tv", headers=None, **form):
        """Ask for a device code and a user code; a value of None is left out."""
        if who not in self.world.secrets:
            form = {"client_id": who} | form
        headers = FORM | self.world.auth(who) | (headers or {})
        pairs = [
            (name, value)
            for name, values in form.items()
            if values is not None
            for value in (values if isinstance(values, list) else [values])
        ]
        body = urlencode(pairs).encode()
        return self.world.provider.devices.begin(Call("POST", b"", body, headers), ADDRESS, PAGE)

    def begun(self, **form):
        """Return the response to a good request."""
        answer = self.begin(**form)
        assert answer.status == 200, answer
        return answer.body

    def poll(self, device_code, who="tv", *, proof=None, **changes):
        """Ask for tokens; return the answer."""
        form = {"grant_type": DEVICE_CODE, "device_code": device_code} | changes
        if who not in self.world.secrets:
            form["client_id"] = who
        form = {name: value for name, value in form.items() if value is not None}
        return self.world.post("token", form, client_id=who, proof=proof)

    def polled(self, device_code, **changes):
        """Return the error that a poll gets."""
        return self.poll(device_code, **changes).body["error"]

    def record(self, device_code):
        """Return what is stored for a device code."""
        stored = self.world.storage.get(DeviceGrant, Bearer.parse(device_code).key)
        return None if stored is None else stored.record

    def decide(self, device_code, *, allowed=True, person=ALICE, **changes):
        """Store a decision, without the pages that lead to it."""
        self.world.change(
            DeviceGrant,
            self.record(device_code).key,
            decided_at=self.world.now,
            allowed=allowed,
            account_id=person.account_id,
            auth_time=person.auth_time,
            amr=person.amr,
            **changes,
        )

    def tokens(self, **form):
        """Return the tokens of a whole authorization."""
        code = self.begun(**form)["device_code"]
        self.decide(code)
        answer = self.poll(code)
        assert answer.status == 200, answer
        return answer.body


def television(*, client=True, **settings):
    """Return a television in a world of its own; the scopes are those of OpenID Connect."""
    about = {"scopes": OPENID, "default_scopes": "read", "resources": "", "device": "true"}
    world = World(**about | settings)
    about = {"grant_types": GRANT_TYPES, "redirect_uris": ()}
    if client:
        world.client("tv", "native", scopes=tuple(world.settings.scope_names), **about)
    return Television(world)
