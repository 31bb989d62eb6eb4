"""A world under a FAPI 2.0 profile, whose clients sign assertions and prove a key by DPoP."""

from urllib.parse import urlencode

from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.protocol.request.answers import Call, InteractionRequired, Redirect, Visitor
from tests.proofs import Holder
from tests.protocol import assertions
from tests.protocol.assertions import SigningWorld, proof
from tests.protocol.world import ALICE, BROWSER, FORM, ISSUER, TOKEN_URL, VERIFIER

PAR_URL = f"{ISSUER}/oauth/par"
KEY, OTHER_KEY = PrivateKey.generate("PS256"), PrivateKey.generate("ES256")
KEYS = {"app": KEY, "other": OTHER_KEY, "worker": OTHER_KEY}
HOLDER, OTHER_HOLDER = Holder(), Holder()


class FapiWorld(SigningWorld):
    """Two clients, ``app`` and ``other``, and a machine, ``worker``, each with a key."""

    def __init__(self, profile="fapi2", **settings):
        super().__init__(profile=profile, **settings)
        self.signer("other", keys=(OTHER_KEY,))
        self.signer("worker", "machine", keys=(OTHER_KEY,))

    def signer(self, client_id="app", client_type="web", keys=(KEY,), **changes):
        """Store a client that signs with ``keys``."""
        return super().signer(client_id, client_type, keys, **changes)

    def assertion(self, client_id="app", key=None, **claims):
        """The parameters of a good assertion, but for ``claims``."""
        times = {"aud": ISSUER, "iat": self.now, "exp": self.now + 60}
        key = key or KEYS[client_id]
        return proof(assertions.signed(client_id, key, **times | claims))

    def call(self, endpoint, form, holder=None, *, url=TOKEN_URL, client_id="app", **claims):
        """Post a form with an assertion, and with a proof of ``holder``, if there is one."""
        headers = {} if holder is None else {"dpop": holder.proof("POST", url, self.now)}
        given = dict(form) | ({} if client_id is None else self.assertion(client_id, **claims))
        body = urlencode([pair for pair in given.items() if pair[1] is not None]).encode()
        call = Call("POST", b"", body, FORM | headers, (TOKEN_URL, url), url=url)
        if endpoint == "par":
            return self.provider.pushed_requests.push(call, lambda: None)
        return getattr(self.provider.endpoints, endpoint)(call)

    def push(self, client_id="app", holder=None, **changes):
        """Push an authorization request."""
        form = self.query(client_id, **changes)
        return self.call("par", form, holder, url=PAR_URL, client_id=client_id)

    def allow(self, client_id="app", person=ALICE, **changes):
        """Push a request, come with it, press Allow; return what the client gets."""
        return self.answered(self.pushed(client_id, **changes), client_id, person)

    def answered(self, request_uri, client_id="app", person=ALICE):
        """Come with a pushed request, press Allow; return what the client gets."""
        answer = self.arrive(request_uri, client_id, person)
        if isinstance(answer, InteractionRequired):
            visitor = Visitor(BROWSER, person)
            answer = self.authorization.decide(answer.interaction_id, visitor, allow=True)
        assert isinstance(answer, Redirect), answer
        return dict(answer.params)

    def redeem(self, code, client_id="app", *, proof=HOLDER, **changes):
        """Exchange a code."""
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
        return self.call("token", form | changes, proof, client_id=client_id)

    def tokens(self, client_id="app", *, proof=HOLDER, **changes):
        """Return the token response of a whole authorization."""
        answer = self.redeem(self.code(client_id, **changes), client_id, proof=proof)
        assert answer.status == 200, answer
        return answer.body

    def refresh(self, token, client_id="app", *, proof=HOLDER, **changes):
        """Use a refresh token."""
        form = {"grant_type": "refresh_token", "refresh_token": token} | changes
        return self.call("token", form, proof, client_id=client_id)

    def introspect(self, token, client_id="app", **changes):
        """Introspect a token."""
        return self.call("introspect", {"token": token} | changes, client_id=client_id)


def refused(answer, error, status=400):
    """The answer is this error and nothing else."""
    assert (answer.status, answer.body.get("error")) == (status, error), answer
    assert "access_token" not in answer.body
    assert "request_uri" not in answer.body
