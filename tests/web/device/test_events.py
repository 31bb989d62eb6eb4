"""What happens to a device is told, by whom and for which client."""

from oauthprov.web.site import site_of
from tests.web.device.devices import Device, decide, television


def test_a_device_its_user_and_its_tokens_are_events(site, alice):
    told = []
    site_of(site.wsgi.registry).events._notify = told.append
    app = television(site)
    told.clear()
    device = Device.begin(app, scope="profile:read")
    assert [(one.name, one.client_id, one.scope) for one in told] == [
        ("device_authorization.requested", app.client.client_id, ("profile:read",))
    ]
    told.clear()
    decide(alice, device)
    granted = [one for one in told if one.name == "authorization.granted"]
    assert [(one.how, one.account_id) for one in granted] == [("device", alice.account_id())]
    told.clear()
    assert device.poll().status_int == 200
    issued = [one for one in told if one.name == "tokens.issued"]
    assert [(one.account_id, one.client_id) for one in issued] == [
        (alice.account_id(), app.client.client_id)
    ]


def test_a_device_that_is_denied_is_an_event(site, alice, device):
    told = []
    site_of(site.wsgi.registry).events._notify = told.append
    decide(alice, device, "cancel")
    denied = [one for one in told if one.name == "consent.denied"]
    assert [(one.how, one.account_id) for one in denied] == [("device", alice.account_id())]
