"""Settings of apps that teams already run, to connect them to this server as a client.

The lines are those of the page *Connect an app* of the documentation, with its example values:
:func:`filled` puts a client's own values in their place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from urllib.parse import urlsplit

from oauthprov.protocol.clients import methods, signed_responses
from oauthprov.records import Client
from oauthprov.settings import Settings
from oauthprov.web.console.needs import gets_codes
from oauthprov.web.i18n import _

ISSUER = "https://id.example"
APPS = ("https://app.example", "https://wiki.example")
SCOPE = "openid profile email"
ALG = "RS256"


@dataclass(frozen=True, slots=True)
class Recipe:
    """An app or library, the client type and redirect URI that it needs, and its settings.

    Without ``redirect_uri`` it is a page of the app's own choice. With these lines it
    authenticates by ``method``, or by each method with a secret if that is empty. With ``rs256``
    it accepts only ID tokens that are signed by RS256, with ``plain`` only UserInfo that isn't
    signed.
    """

    name: str
    client_type: str
    redirect_uri: str
    lines: str
    _: KW_ONLY
    method: str = ""
    rs256: bool = False
    plain: bool = False


def recipes(client: Client) -> Sequence[Recipe]:
    """Return the recipes for clients of this type, with their example values.

    They all redirect users to the client.
    """
    if not gets_codes(client):
        return []
    return [one for one in RECIPES if one.client_type == client.client_type]


def misfits(recipe: Recipe, client: Client, settings: Settings) -> Iterator[str]:
    """Yield a sentence for each reason why the lines don't work with this client."""
    if recipe.method and client.auth_method not in (methods.ANY_SECRET, recipe.method):
        yield _(
            "With its usual settings it authenticates by ${method}, and this client by ${other}."
            " Edit the client, or change the settings of the app.",
            mapping={"method": recipe.method, "other": client.auth_method},
        )
    alg = signed_responses.id_token_alg(settings, client)
    if recipe.rs256 and alg != signed_responses.DEFAULT:
        yield _(
            "With its usual settings it accepts only ID tokens that are signed by RS256. Those of"
            " this client are signed by ${alg}. Edit the client, or change the settings of the"
            " app.",
            mapping={"alg": alg},
        )
    if recipe.plain and client.userinfo_signed_response_alg is not None:
        yield _("It can't read UserInfo that is signed, as this client's is. Edit the client.")


def filled(recipe: Recipe, client: Client, settings: Settings) -> Recipe:
    """Return the recipe with the values of a client; a placeholder stands for its secret."""
    origin = _origin(next(iter(client.redirect_uris), ""))
    values = {
        ISSUER: settings.issuer,
        **dict.fromkeys(APPS, origin),
        "CLIENT_ID": client.client_id,
        SCOPE: " ".join(client.scopes),
        SCOPE.replace(" ", ", "): ", ".join(client.scopes),
        ALG: signed_responses.id_token_alg(settings, client),
    }
    # In one pass, so that nothing is replaced in a value that has just been put in.
    examples = re.compile("|".join(map(re.escape, values)))
    redirect_uri, lines = (
        examples.sub(lambda found: values[found[0]], text)
        for text in (recipe.redirect_uri, recipe.lines)
    )
    return replace(recipe, redirect_uri=redirect_uri, lines=lines)


def _origin(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"


RECIPES: Sequence[Recipe] = (
    Recipe(
        "Apache mod_auth_openidc",
        "web",
        "https://wiki.example/callback",
        """\
OIDCProviderMetadataURL https://id.example/.well-known/openid-configuration
OIDCClientID CLIENT_ID
OIDCClientSecret CLIENT_SECRET
OIDCRedirectURI https://wiki.example/callback
OIDCCryptoPassphrase A_LONG_RANDOM_STRING
OIDCScope "openid profile email"
OIDCPKCEMethod S256

<Location />
    AuthType openid-connect
    Require valid-user
</Location>
# Many servers behind Apache drop headers whose names have underscores.
RequestHeader set X-Sub %{OIDC_CLAIM_sub}e
""",
        method=methods.BASIC,
    ),
    Recipe(
        "oauth2-proxy",
        "web",
        "https://app.example/oauth2/callback",
        """\
provider = "oidc"
oidc_issuer_url = "https://id.example"
client_id = "CLIENT_ID"
client_secret = "CLIENT_SECRET"
code_challenge_method = "S256"
redirect_url = "https://app.example/oauth2/callback"
""",
        plain=True,
    ),
    Recipe(
        "Spring Security",
        "web",
        "https://app.example/login/oauth2/code/id",
        """\
spring:
  security:
    oauth2:
      client:
        provider:
          id:
            issuer-uri: https://id.example
        registration:
          id:
            client-id: CLIENT_ID
            client-secret: CLIENT_SECRET
            scope: [openid, profile, email]
""",
        method=methods.BASIC,
        rs256=True,
        plain=True,
    ),
    Recipe(
        "mozilla-django-oidc",
        "web",
        "https://app.example/oidc/callback/",
        """\
AUTHENTICATION_BACKENDS = ["mozilla_django_oidc.auth.OIDCAuthenticationBackend"]
OIDC_RP_CLIENT_ID = "CLIENT_ID"
OIDC_RP_CLIENT_SECRET = "CLIENT_SECRET"
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_RP_SCOPES = "openid profile email"
OIDC_USE_PKCE = True
OIDC_STORE_ID_TOKEN = True
OIDC_OP_AUTHORIZATION_ENDPOINT = "https://id.example/oauth/authorize"
OIDC_OP_TOKEN_ENDPOINT = "https://id.example/oauth/token"
OIDC_OP_USER_ENDPOINT = "https://id.example/oauth/userinfo"
OIDC_OP_JWKS_ENDPOINT = "https://id.example/oauth/jwks"
""",
        method=methods.POST,
    ),
    Recipe(
        "django-allauth",
        "web",
        "https://app.example/accounts/oidc/oauthprov/login/callback/",
        """\
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "oauthprov",
                "name": "oauthprov",
                "client_id": "CLIENT_ID",
                "secret": "CLIENT_SECRET",
                "settings": {"server_url": "https://id.example"},
            }
        ],
    }
}
""",
        method=methods.POST,
        plain=True,
    ),
    Recipe(
        "Authlib",
        "web",
        "",
        """\
from authlib.integrations.flask_client import OAuth

oauth = OAuth(app)
oauth.register(
    "provider",
    server_metadata_url="https://id.example/.well-known/openid-configuration",
    client_id="CLIENT_ID",
    client_secret="CLIENT_SECRET",
    client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
)
""",
        method=methods.BASIC,
        plain=True,
    ),
    Recipe(
        "Auth.js",
        "web",
        "https://app.example/auth/callback/oauthprov",
        """\
const provider = {
  id: "oauthprov",
  name: "oauthprov",
  type: "oidc",
  issuer: "https://id.example",
  clientId: "CLIENT_ID",
  clientSecret: "CLIENT_SECRET",
  checks: ["pkce", "state", "nonce"],
  idToken: false,
};
""",
        method=methods.BASIC,
    ),
    Recipe(
        "Passport",
        "web",
        "https://app.example/callback",
        """\
import * as client from "openid-client";
import { Strategy } from "openid-client/passport";

const config = await client.discovery(new URL("https://id.example"), "CLIENT_ID", "CLIENT_SECRET");
const scope = "openid profile email";
const callbackURL = "https://app.example/callback";
passport.use("oidc", new Strategy({ config, scope, callbackURL }, (tokens, done) => done(null, tokens.claims())));
""",  # noqa: E501
        method=methods.POST,
    ),
    Recipe(
        "express-openid-connect",
        "web",
        "https://app.example/callback",
        """\
const settings = {
  issuerBaseURL: "https://id.example",
  baseURL: "https://app.example",
  clientID: "CLIENT_ID",
  clientSecret: "CLIENT_SECRET",
  secret: process.env.SESSION_SECRET,
  idpLogout: true,
  authorizationParams: { response_type: "code", scope: "openid profile email" },
};
app.use(auth(settings));
""",
        method=methods.BASIC,
        rs256=True,
    ),
    Recipe(
        "oidc-client-ts",
        "browser",
        "",
        """\
const manager = new UserManager({
  authority: "https://id.example",
  client_id: "CLIENT_ID",
  redirect_uri: `${location.origin}/callback`,
  post_logout_redirect_uri: `${location.origin}/signed-out`,
  scope: "openid profile email",
  loadUserInfo: true,
});
""",
    ),
)
