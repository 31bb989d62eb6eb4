"""A provider over real storage, with a clock that tests move and trips that tests count."""

import dataclasses
from contextlib import contextmanager
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import KeySet

from oauthprov import credentials
from oauthprov.accounts import AccountSource, SignedIn
from oauthprov.protocol.clients.types import CLIENT_TYPES
from oauthprov.protocol.provider import Provider
from oauthprov.protocol.request.answers import Call, InteractionRequired, Redirect, Visitor
from oauthprov.records import KINDS, Client
from oauthprov.settings import Settings
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add, Remove, Replace
from tests import oauth
from tests.counting import Counting

ISSUER = "https://as.example"
TOKEN_URL = f"{ISSUER}/oauth/token"
CALLBACK = "https://app.example/callback"
PHOTOS = "https://photos.example/"
NOTES = "https://notes.example/api"
VERIFIER = "v" * 50
BROWSER = credentials.digest("alice's browser")
OTHER_BROWSER = credentials.digest("bob's browser")
FORM = {"content-type": "application/x-www-form-urlencoded"}

OPENID = (
    "openid | Know you\nprofile | See your profile\nemail | See your address\n"
    "offline_access | Act for you\nread | See\nphotos | See photos"
)
SCOPES = tuple(line.split(" ")[0] for line in OPENID.split("\n"))
"""The names of those of OPENID."""
CLAIMS = {
    "alice-id": {
        "name": "Alice",
        "birthdate": "0000-12-31",
        "email": "alice@example.org",
        "email_verified": False,
        "sub": "mallory",
        "acr": "9",
        "secret": "never told",
    },
    "bob-id": {"name": "Bob"},
}

ALICE = SignedIn("alice-id", "alice", auth_time=999, amr=("pwd",))
BOB = SignedIn("bob-id", "bob", auth_time=999)

INI = {
    "oauthprov.issuer": ISSUER,
    "oauthprov.secret": "0123456789abcdefghijklmnopqrstuvwxyz",
    "oauthprov.storage.url": "sqlite://",
    "oauthprov.scopes": "read | See\nwrite | Change\nphotos | See photos\nnotes | See notes",
    "oauthprov.default_scopes": "read",
    "oauthprov.resources": f"{PHOTOS} | photos | Photos\n{NOTES} | notes | Notes",
}


class Accounts(AccountSource):
    """No sign-in: the tests pass the signed-in person to the protocol."""

    def signed_in(self, request):
        return None

    def login_url(self, request, return_to):
        return "/login"

    def claims(self, account_id, request):
        return CLAIMS[account_id]


def challenge(verifier=VERIFIER):
    """The S256 challenge of a verifier."""
    return oauth.challenge(verifier)


def basic(client_id, secret):
    """The header of a client's credentials, its name in lower case as a Call has it."""
    return oauth.basic(client_id, secret, "authorization")


def openid_world(**settings):
    """A provider that speaks OpenID Connect, with one web client, ``app``."""
    made = World(**{"scopes": OPENID, "default_scopes": "", "resources": ""} | settings)
    made.client(scopes=SCOPES)
    return made


class World:
    """One provider and what a client does to it. ``now`` is its time."""

    def __init__(self, **settings):
        self.now = 1_000_000
        ini = INI | {f"oauthprov.{key}": str(value) for key, value in settings.items()}
        self.settings = Settings.from_ini(ini)
        self.storage = Counting(open_storage(self.settings.storage_url))
        self.storage.upgrade()
        self.provider = self.another_process()
        self.secrets = {}
        self.browser = BROWSER

    def another_process(self):
        """A second provider over the same storage, with caches of its own."""
        return Provider(self.settings, self.storage, Accounts(), lambda: self.now)

    @property
    def authorization(self):
        """The authorization endpoint, and the steps of a person there."""
        return self.provider.authorization

    def client(self, client_id="app", client_type="web", **changes):
        """Store a client; ``self.secrets`` has its secret."""
        kind = CLIENT_TYPES[client_type]
        auth_method = changes.setdefault(
            "auth_method", "client_secret_basic" if kind.confidential else "none"
        )
        if auth_method != "none" and "secrets" not in changes:
            self.secrets[client_id], digest = credentials.mint(credentials.CLIENT_SECRET)
            changes["secrets"] = (digest,)
        every = ("read", "write", "photos", "notes")
        changes.setdefault("grant_types", kind.grant_types)
        changes.setdefault("redirect_uris", (CALLBACK,) if kind.redirects else ())
        changes.setdefault("scopes", every if kind.gets_tokens else ())
        record = Client(client_id, client_id.title(), client_type, self.now, **changes)
        self.storage.commit(Add(record), now=self.now)
        return record

    def change(self, kind, key, **changes):
        """Change a stored record behind the provider's back."""
        stored = self.storage.get(kind, key)
        record = dataclasses.replace(stored.record, **changes)
        if changes.keys().isdisjoint(kind.shape.indexes):
            self.storage.commit(Replace(record, expecting=stored), now=self.now)
        else:  # what a record is found by never changes
            self.storage.commit(Remove(kind, key), now=self.now)
            self.storage.commit(Add(record), now=self.now)

    def auth(self, client_id):
        """How the client authenticates by default: its header."""
        secret = self.secrets.get(client_id)
        return {} if secret is None else basic(client_id, secret)

    def post(self, endpoint, form, headers=None, *, client_id=None, proof=None):
        """Post a form to token, introspect or revoke; ``client_id`` authenticates by Basic.

        ``proof`` is a DPoP proof, or the Holder of a key who makes one.
        """
        if proof is not None:
            made = proof if isinstance(proof, str) else proof.proof("POST", TOKEN_URL, self.now)
            headers = (headers or {}) | {"dpop": made}
        headers = FORM | (self.auth(client_id) if client_id else {}) | (headers or {})
        pairs = form.items() if isinstance(form, dict) else form
        body = form if isinstance(form, bytes) else urlencode(list(pairs)).encode()
        return getattr(self.provider.endpoints, endpoint)(
            Call("POST", b"", body, headers, url=f"{ISSUER}/oauth/{endpoint}")
        )

    def query(self, client_id="app", **changes):
        """The pairs of a good authorization request; None drops one, a list repeats it."""
        given = {
            "client_id": client_id,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "read",
            "state": "s t&=ä",
            "code_challenge": challenge(),
            "code_challenge_method": "S256",
        } | changes
        many = [(k, v if isinstance(v, list) else [v]) for k, v in given.items() if v is not None]
        return [(key, value) for key, values in many for value in values]

    def authorize(self, client_id="app", person=ALICE, browser=BROWSER, **changes):
        """Send an authorization request by GET."""
        query = urlencode(self.query(client_id, **changes)).encode()
        return self.authorization.begin(Call("GET", query), lambda: Visitor(browser, person))

    def push(self, client_id="app", headers=None, **changes):
        """Push an authorization request; a public client sends its id alone."""
        body = urlencode(self.query(client_id, **changes)).encode()
        sent = FORM | self.auth(client_id) | (headers or {})
        call = Call("POST", b"", body, sent)
        return self.provider.pushed_requests.push(call, lambda: None)

    def pushed(self, client_id="app", **changes):
        """Push an authorization request and return its request_uri."""
        answer = self.push(client_id, **changes)
        assert answer.status == 201, answer
        return answer.body["request_uri"]

    def arrive(self, request_uri, client_id="app", person=ALICE, browser=BROWSER, **beside):
        """Come to the authorization endpoint with a pushed request; ``beside`` are ignored."""
        query = {"client_id": client_id, "request_uri": request_uri} | beside
        sent = {name: value for name, value in query.items() if value is not None}
        call = Call("GET", urlencode(sent, doseq=True).encode())
        return self.authorization.begin(call, lambda: Visitor(browser, person))

    def resume(self, interaction_id, person=ALICE, browser=BROWSER):
        """Go on with a stored request."""
        query = urlencode({"interaction": interaction_id}).encode()
        return self.authorization.begin(Call("GET", query), lambda: Visitor(browser, person))

    def allow(self, client_id="app", person=ALICE, **changes):
        """Complete the authorization, pressing Allow on the consent page."""
        answer = self.authorize(client_id, person, **changes)
        if isinstance(answer, InteractionRequired):
            answer = self.authorization.decide(
                answer.interaction_id, Visitor(BROWSER, person), allow=True
            )
        assert isinstance(answer, Redirect), answer
        return dict(answer.params)

    def code(self, client_id="app", **changes):
        """Return an authorization code."""
        return self.allow(client_id, **changes)["code"]

    def redeem(self, code, client_id="app", *, proof=None, **changes):
        """Exchange a code."""
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
        if client_id not in self.secrets:
            form["client_id"] = client_id
        form = {k: v for k, v in (form | changes).items() if v is not None}
        return self.post("token", form, client_id=client_id, proof=proof)

    def tokens(self, client_id="app", *, proof=None, **changes):
        """Return the token response of a whole authorization."""
        answer = self.redeem(self.code(client_id, **changes), client_id, proof=proof)
        assert answer.status == 200, answer
        return answer.body

    def refresh(self, token, client_id="app", *, proof=None, **changes):
        """Use a refresh token."""
        form = {"grant_type": "refresh_token", "refresh_token": token} | changes
        if client_id not in self.secrets:
            form["client_id"] = client_id
        return self.post("token", form, client_id=client_id, proof=proof)

    def introspect(self, token, client_id="app", **changes):
        """Introspect a token."""
        return self.post("introspect", {"token": token} | changes, client_id=client_id)

    def is_live(self, access_token):
        """Tell whether a resource would accept the token."""
        return self.provider.token_info(access_token) is not None

    def id_token(self, token):
        """Verify an ID token with the published keys and nothing else of ours."""
        keys = KeySet.import_key_set(self.provider.keys.jwks())
        return jwt.decode(token, keys, algorithms=["RS256", "ES256", "Ed25519"])

    @contextmanager
    def counted(self, reads, writes):
        """Check how many trips to storage the block costs at most."""
        before = self.storage.reads, self.storage.writes
        yield
        spent = self.storage.reads - before[0], self.storage.writes - before[1]
        assert spent[0] <= reads, f"{spent[0]} reads, {reads} allowed"
        assert spent[1] <= writes, f"{spent[1]} writes, {writes} allowed"

    def dump(self):
        """Everything stored, as one text."""
        return "\n".join(repr(stored) for kind in KINDS for stored in self.all(kind))

    def all(self, kind):
        """Every stored record of a kind."""
        found, after = [], None
        while True:
            page = self.storage.find(kind, after=after)
            found += page.items
            after = page.next
            if after is None:
                return found
