"""Any order of redeeming, refreshing, replaying, revoking and waiting, against a model."""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from tests.protocol.world import PHOTOS, World

REFRESH = 1500
GRANT = 3000


@dataclass
class Family:
    """What the model knows of one grant."""

    code: str
    current: str
    current_until: int
    until: int
    accesses: dict = field(default_factory=dict)
    rotated: dict = field(default_factory=dict)
    revoked: bool = False


class Lifecycle(RuleBasedStateMachine):
    families = Bundle("families")
    lifetime = 600
    settings = {}  # noqa: RUF012
    asked = {"scope": "read write"}  # noqa: RUF012

    def __init__(self):
        super().__init__()
        lifetimes = {"refresh_token_lifetime": REFRESH, "grant_lifetime": GRANT}
        self.world = World(**lifetimes, **self.settings)
        self.world.client()
        self.world.client("other")
        self.all = []

    def expiry(self, lifetime, until):
        return min(self.world.now + lifetime, until)

    def given(self, family, body):
        family.current = body["refresh_token"]
        family.current_until = self.expiry(REFRESH, family.until)
        family.accesses[body["access_token"]] = self.expiry(self.lifetime, family.until)

    @rule(target=families)
    def redeem(self):
        code = self.world.code(**self.asked)
        body = self.world.redeem(code).body
        until = self.world.now + GRANT
        family = Family(code, "", 0, until)
        self.given(family, body)
        self.all.append(family)
        return family

    @rule(family=families)
    def refresh(self, family):
        answer = self.world.refresh(family.current)
        if family.revoked or self.world.now >= family.current_until:
            assert answer.body["error"] == "invalid_grant"
        else:
            family.rotated[family.current] = (self.world.now, answer.body)
            self.given(family, answer.body)

    @rule(family=families, pick=st.integers(0), seconds=st.integers(0, 12))
    def present_a_rotated_token(self, family, pick, seconds):
        if not family.rotated:
            return
        self.world.now += seconds
        token = sorted(family.rotated)[pick % len(family.rotated)]
        rotated_at, body = family.rotated[token]
        answer = self.world.refresh(token)
        fresh = self.world.now - rotated_at < 10 and body["refresh_token"] == family.current
        if fresh and not family.revoked:
            assert (answer.status, answer.body) == (200, body)
        else:
            assert answer.body["error"] == "invalid_grant"
            family.revoked = True

    @rule(family=families)
    def replay_the_code(self, family):
        assert self.world.redeem(family.code).body["error"] == "invalid_grant"
        family.revoked = True

    @rule(family=families)
    def replay_the_code_as_another(self, family):
        assert self.world.redeem(family.code, "other").body["error"] == "invalid_grant"
        assert self.world.redeem(family.code, code_verifier="w" * 43).status == 400

    @rule(family=families, pick=st.integers(0))
    def revoke_an_access_token(self, family, pick):
        token = sorted(family.accesses)[pick % len(family.accesses)]
        form = {"token": token}
        assert self.world.post("revoke", form, client_id="app").status == 200
        assert self.world.post("revoke", form, client_id="other").status == 400
        family.accesses[token] = 0

    @rule(family=families)
    def revoke_the_refresh_token(self, family):
        form = {"token": family.current}
        assert self.world.post("revoke", form, client_id="app").status == 200
        family.revoked = True

    @rule(seconds=st.integers(1, 900))
    def wait(self, seconds):
        self.world.now += seconds

    @rule()
    def disconnect(self):
        self.world.provider.endings.withdraw("alice-id", "app")
        for family in self.all:
            family.revoked = True

    @invariant()
    def a_token_lives_as_the_model_says(self):
        for family in self.all:
            for token, expires_at in family.accesses.items():
                live = not family.revoked and self.world.now < expires_at
                assert self.world.is_live(token) == live
                assert self.world.introspect(token).body["active"] == live


class JWTLifecycle(Lifecycle):
    """Every access token is a JWT, which isn't stored."""

    lifetime = 300
    settings = {"resources": f"{PHOTOS} | photos | Photos | jwt ES256"}  # noqa: RUF012
    settings |= {"keys.algorithms": "RS256 ES256"}
    asked = {"scope": "photos", "resource": PHOTOS}  # noqa: RUF012


TestLifecycle = Lifecycle.TestCase
TestLifecycle.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestJWTLifecycle = JWTLifecycle.TestCase
TestJWTLifecycle.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
