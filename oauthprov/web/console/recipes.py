"""Settings of apps that teams already run, to connect them to this server as a client.

The lines are those of the page *Connect an app* of the documentation, with its example values:
:func:`filled` puts a client's own values in their place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from oauthprov.protocol.clients.grant_types import redirects_users
from oauthprov.records import Client

ISSUER = "https://id.example"
APPS = ("https://app.example", "https://wiki.example")
SCOPE = "openid profile email"


@dataclass(frozen=True, slots=True)
class Recipe:
    """An app or library, the client type and redirect URI that it needs, and its settings.

    Without ``redirect_uri`` it is a page of the app's own choice.
    """

    name: str
    client_type: str
    redirect_uri: str
    lines: str


def recipes(client: Client, issuer: str) -> Sequence[Recipe]:
    """Return the recipes for clients of this type, with the client's own values.

    They all redirect users to the client.
    """
    if not redirects_users(client):
        return []
    return [
        filled(one, client, issuer) for one in RECIPES if one.client_type == client.client_type
    ]


def filled(recipe: Recipe, client: Client, issuer: str) -> Recipe:
    """Return the recipe with the values of a client; a placeholder stands for its secret."""
    origin = _origin(next(iter(client.redirect_uris), ""))
    values = {
        ISSUER: issuer,
        **dict.fromkeys(APPS, origin),
        "CLIENT_ID": client.client_id,
        SCOPE: " ".join(client.scopes),
        SCOPE.replace(" ", ", "): ", ".join(client.scopes),
    }
    # In one pass, so that nothing is replaced in a value that has just been put in.
    examples = re.compile("|".join(map(re.escape, values)))
    redirect_uri, lines = (
        examples.sub(lambda found: values[found[0]], text)
        for text in (recipe.redirect_uri, recipe.lines)
    )
    return Recipe(recipe.name, recipe.client_type, redirect_uri, lines)


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
