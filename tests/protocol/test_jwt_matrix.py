"""Every kind of token that this server issues or reads, at every place that takes one.

Only the diagonal passes. All JWTs are signed by one key: the client has registered the keys of the
server as its own, so nothing but type and claims tells its assertions from the server's tokens.
"""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from oauthprov.demo.authorization import SignInRequest
from oauthprov.demo.errors import TokenRefused
from oauthprov.demo.openid import id_token, logout_token
from oauthprov.demo.openid.keys import ProviderKeys
from oauthprov.demo.openid.metadata import OpenIDMetadata
from oauthprov.demo.tokens import Tokens
from oauthprov.failures import JoseError
from oauthprov.protocol import metadata
from oauthprov.protocol.keys.jwk import parse_key_set
from oauthprov.protocol.registration import initial_access
from oauthprov.protocol.request.answers import Call, InteractionRequired, Redirect
from oauthprov.protocol.token import id_tokens
from oauthprov.records import Client, LogoutDelivery
from oauthprov.resource_server import access_jwts
from oauthprov.settings.resource_server import ResourceServer
from tests.protocol.assertions import proof
from tests.protocol.world import CALLBACK, FORM, ISSUER, PHOTOS, challenge, openid_world

NONCE = "a nonce of this browser"
RESOURCE = f"{PHOTOS} | photos | Photos | jwt"
ELSEWHERE = ResourceServer.from_ini(
    {
        "oauthprov.resource_server.issuer": ISSUER,
        "oauthprov.resource_server.validation": "jwt",
        "oauthprov.resource_server.resources": RESOURCE,
    }
)


@pytest.fixture(scope="module")
def world():
    """A world in which alice lets ``app``, whose keys are the server's, do all that it can."""
    made = openid_world(resources=RESOURCE)
    made.change(
        Client,
        "app",
        auth_method="private_key_jwt",
        secrets=(),
        jwks=json.dumps(made.provider.keys.jwks()),
        grant_types=("authorization_code", "refresh_token", "client_credentials"),
        userinfo_signed_response_alg="RS256",
    )
    made.secrets.clear()
    made.provider.clients.evict("app")
    for changes in ({"scope": "openid"}, {"scope": "openid photos", "resource": PHOTOS}):
        made.allow(**changes)
    return made


# What is presented


def sign(world, claims, typ):
    return world.provider.keys.sign(claims, typ=typ)


def assertion(world, typ=None, **changes):
    claims = {"iss": "app", "sub": "app", "aud": ISSUER, "jti": f"jti {world.storage.writes}"}
    claims |= {"iat": world.now, "exp": world.now + 60} | changes
    return sign(world, claims, typ)


def token_response(world, **form):
    answer = world.post("token", form | proof(assertion(world)))
    assert answer.status == 200, answer
    return answer.body


def for_alice(world, **changes):
    code = world.code(nonce=NONCE, **changes)
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": "v" * 50}
    return token_response(world, **form)


def for_itself(world, **form):
    return token_response(world, grant_type="client_credentials", **form)["access_token"]


def userinfo(world):
    token = for_alice(world, scope="openid")["access_token"]
    return world.provider.userinfo(world.provider.token_info(token))


def logout(world):
    client = world.storage.get(Client, "app").record
    about = LogoutDelivery("k", "q", "app", "alice-id", "sid", world.now, world.now + 60)
    return world.provider.backchannel.token(client, about)


def authorization_response(world, **changes):
    """One for the client, with a code or an error."""
    answer = world.authorize(response_mode="jwt", nonce=NONCE, **{"scope": "openid"} | changes)
    return dict(answer.sent)["response"]


def introspection_response(world):
    """A signed one, about a live token."""
    form = {"token": for_alice(world, scope="openid")["access_token"]} | proof(assertion(world))
    call = Call("POST", b"", urlencode(form).encode(), FORM)
    return world.provider.endpoints.introspect(call, signed=True).body.jwt


def request_object(world, typ=None):
    claims = {
        "iss": "app",
        "aud": ISSUER,
        "client_id": "app",
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "openid",
        "state": "signed",
        "code_challenge": challenge(),
        "code_challenge_method": "S256",
        "iat": world.now,
        "exp": world.now + 60,
    }
    return sign(world, claims, typ)


def initial_access_token(world):
    return initial_access.issue(world.storage, world.now, lifetime=60, uses=1)[1]


JWT = {"scope": "openid photos", "resource": PHOTOS}
PRESENTED = {
    "ID token": lambda world: for_alice(world, scope="openid")["id_token"],
    "logout token": logout,
    "signed UserInfo": userinfo,
    "authorization response": authorization_response,
    "authorization response with an error": lambda world: authorization_response(world, scope="x"),
    "signed introspection response": introspection_response,
    "access token of a person": lambda world: for_alice(world, **JWT)["access_token"],
    "access token of a machine": lambda world: for_itself(world, scope="photos", resource=PHOTOS),
    "opaque access token": lambda world: for_itself(world, scope="photos"),
    "client assertion": assertion,
    "client assertion of type JWT": lambda world: assertion(world, "JWT"),
    "client assertion of its own type": lambda world: assertion(
        world, "client-authentication+jwt"
    ),
    "request object": request_object,
    "request object of type JWT": lambda world: request_object(world, "JWT"),
    "request object of its own type": lambda world: request_object(world, "oauth-authz-req+jwt"),
    "refresh token": lambda world: for_alice(world, scope="openid")["refresh_token"],
    "code": lambda world: world.code(scope="openid"),
    "initial access token": initial_access_token,
}


# Where it is presented


def id_token_hint(world, raw):
    answer = world.authorize(scope="openid", prompt="none", id_token_hint=raw)
    assert isinstance(answer, Redirect)
    return "code" in dict(answer.params)


def hint_at_logout(world, raw):
    with world.provider.validator.request() as context:
        try:
            id_tokens.hinted(context, raw)
        except JoseError:
            return False
    return True


def authenticates(world, raw):
    form = {"grant_type": "client_credentials", "scope": "photos"} | proof(raw)
    return world.post("token", form).status == 200


def requests(world, raw):
    query = {name: None for name, _ in world.query()} | {"request": raw}
    answer = world.authorize(**query | {"client_id": "app"})
    if isinstance(answer, InteractionRequired):
        return True
    return isinstance(answer, Redirect) and dict(answer.params).get("state") == "signed"


def resource_here(world, raw):
    return world.provider.token_info(raw) is not None


def introspects(world, raw):
    answer = world.post("introspect", {"token": raw} | proof(assertion(world)))
    return answer.body.get("token_type") == "Bearer"


def resource_elsewhere(world, raw):
    keys = parse_key_set(json.dumps(world.provider.keys.jwks()))
    try:
        return access_jwts.token_info(raw, keys, ELSEWHERE, world.now) is not None
    except JoseError:
        return False


def registers(world, raw):
    return initial_access.present(world.storage, raw, world.now) is not None


def relying_party(world):
    entries = {"jwks_uri": f"{ISSUER}/oauth/jwks"}
    for name in ("authorization", "token"):
        entries[f"{name}_endpoint"] = f"{ISSUER}/oauth/{name}"
    document = metadata.authorization_server(world.settings, entries)
    document |= metadata.openid_provider(world.settings, (), ())
    keys = ProviderKeys(lambda url: world.provider.keys.jwks(), lambda: world.now)
    return OpenIDMetadata.parse(document, ISSUER), keys


def signs_in(world, raw):
    known, keys = relying_party(world)
    asked = SignInRequest(known, world.now, nonce=NONCE)
    tokens = Tokens("unhashed", None, "Bearer", (), None, id_token=raw)
    try:
        id_token.validated(tokens, keys, asked, client_id="app", now=world.now)
    except TokenRefused as refused:
        return "at_hash" in str(refused)  # only the access token beside it is missing here
    return True


def signs_out(world, raw):
    known, keys = relying_party(world)
    seen = logout_token.SeenTokens()
    try:
        logout_token.validated(raw, keys, known, seen, client_id="app", now=world.now)
    except TokenRefused:
        return False
    return True


ACCESS = {"access token of a person", "access token of a machine"}
VERIFIERS = {
    "id_token_hint": (id_token_hint, {"ID token"}),
    "id_token_hint at logout": (hint_at_logout, {"ID token"}),
    "client authentication": (
        authenticates,
        {name for name in PRESENTED if name.startswith("client assertion")},
    ),
    "authorization request": (
        requests,
        {name for name in PRESENTED if name.startswith("request object")},
    ),
    "resource here": (resource_here, ACCESS | {"opaque access token"}),
    "introspection": (introspects, ACCESS | {"opaque access token"}),
    "resource elsewhere": (resource_elsewhere, ACCESS),
    "registration": (registers, {"initial access token"}),
    "sign-in at a relying party": (signs_in, {"ID token"}),
    "logout at a relying party": (signs_out, {"logout token"}),
}


@pytest.mark.parametrize("kind", PRESENTED)
@pytest.mark.parametrize("place", VERIFIERS)
def test_a_token_passes_only_where_its_kind_belongs(world, place, kind):
    accepts, expected = VERIFIERS[place]
    assert accepts(world, PRESENTED[kind](world)) is (kind in expected)


def test_the_matrix_presents_each_kind_somewhere_it_passes():
    passing = {kind for _, kinds in VERIFIERS.values() for kind in kinds}
    nowhere = {kind for kind in PRESENTED if "response" in kind}
    assert passing == PRESENTED.keys() - nowhere - {"signed UserInfo", "refresh token", "code"}
