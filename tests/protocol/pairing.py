"""A purpose of interactions that only tests have: a user connects a device."""

from dataclasses import dataclass
from typing import ClassVar

from oauthprov.protocol.authorize import interactions
from oauthprov.protocol.authorize.endpoint import Authorization
from oauthprov.protocol.authorize.request import AUTHORIZATION, AuthorizationRequests
from oauthprov.protocol.authorize.request_uris import RequestURIs
from oauthprov.protocol.request.answers import Outcome
from oauthprov.protocol.request.checked_request import CheckedRequest
from oauthprov.protocol.request.waiting import WaitingRequest

PAIRING = "pairing"


@dataclass(frozen=True, slots=True)
class Shown(Outcome):
    """A page of ours ends the request."""

    words: str


@dataclass(frozen=True, slots=True)
class PairingRequest(WaitingRequest):
    """A request without redirect URI, prompt and nonce."""

    purpose: ClassVar[str] = PAIRING

    @property
    def pairs(self):
        return (("client_id", self.client.client_id), ("scope", " ".join(self.scopes)))

    @property
    def destination(self):
        return "your telephone"

    def must_ask(self, consent):
        return True

    def granted(self, context, person, consent_epoch, *changes):
        context.commit(*changes)
        return Shown(f"granted by {person.name}")

    def error(self, error):
        return Shown(str(error.error))


def resumed(context, pairs):
    """Make the request of the parameters that its interaction holds."""
    given = dict(pairs)
    checked = CheckedRequest(login_hint="bob", ui_locales=("fr",))
    client = context.find_client(given["client_id"])
    return PairingRequest(client, tuple(given["scope"].split()), (), checked)


def requests_of(provider):
    """What proves authorization requests of a provider."""
    return AuthorizationRequests(provider.endpoints, RequestURIs(provider.fetcher, provider.clock))


def goes_on(provider):
    """Let pairing requests go on at the provider's authorization endpoint."""
    requests = requests_of(provider)
    purposes = {AUTHORIZATION: requests.stored, PAIRING: resumed}
    provider.authorization = Authorization(provider.validator, requests, purposes)


def waits(provider, visitor, client_id, scope):
    """Let a pairing request wait in the visitor's browser, or the first that comes; its id."""
    with provider.validator.request() as context:
        pairs = (("client_id", client_id), ("scope", scope))
        return interactions.store(context, PAIRING, client_id, pairs, visitor)
