"""A Django site that signs people in by mozilla-django-oidc or by django-allauth.

The settings are those that their documents have for a generic provider, and the ones that this
provider needs: PKCE. ``LIBRARY`` in the environment says which one it is.
"""

from __future__ import annotations

import os
import secrets

import django
import requests
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from waitress import serve

ISSUER, ROOT, LIBRARY = (os.environ[name] for name in ("ISSUER", "ROOT", "LIBRARY"))
CLIENT_ID, CLIENT_SECRET = os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]

MOZILLA = {
    "AUTHENTICATION_BACKENDS": ["mozilla_django_oidc.auth.OIDCAuthenticationBackend"],
    "OIDC_RP_CLIENT_ID": CLIENT_ID,
    "OIDC_RP_CLIENT_SECRET": CLIENT_SECRET,
    "OIDC_RP_SIGN_ALGO": "RS256",
    "OIDC_RP_SCOPES": "openid profile email",
    "OIDC_USE_PKCE": True,
    "OIDC_STORE_ID_TOKEN": True,
    "OIDC_OP_LOGOUT_URL_METHOD": "__main__.logout_url",
    "ALLOW_LOGOUT_GET_METHOD": True,
}
ALLAUTH = {
    "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
    "SOCIALACCOUNT_PROVIDERS": {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "oauthprov",
                    "name": "oauthprov",
                    "client_id": CLIENT_ID,
                    "secret": CLIENT_SECRET,
                    "settings": {"server_url": ISSUER},
                }
            ],
        }
    },
    "SOCIALACCOUNT_LOGIN_ON_GET": True,
    "ACCOUNT_LOGOUT_ON_GET": True,
    "ACCOUNT_EMAIL_VERIFICATION": "none",
}


def discovered() -> dict[str, str]:
    """The settings that mozilla-django-oidc takes one by one."""
    found = requests.get(f"{ISSUER}/.well-known/openid-configuration", timeout=30).json()
    return {
        "OIDC_OP_AUTHORIZATION_ENDPOINT": found["authorization_endpoint"],
        "OIDC_OP_TOKEN_ENDPOINT": found["token_endpoint"],
        "OIDC_OP_USER_ENDPOINT": found["userinfo_endpoint"],
        "OIDC_OP_JWKS_ENDPOINT": found["jwks_uri"],
        "OIDC_OP_LOGOUT_ENDPOINT": found["end_session_endpoint"],
    }


def logout_url(request):
    query = {
        "id_token_hint": request.session["oidc_id_token"],
        "post_logout_redirect_uri": f"{ROOT}/signed-out",
    }
    url = requests.Request("GET", settings.OIDC_OP_LOGOUT_ENDPOINT, params=query).prepare().url
    return str(url)


def me(request):
    user = request.user
    return JsonResponse({"name": user.first_name, "email": user.email} if user.pk else {})


def main() -> None:
    library = MOZILLA | discovered() if LIBRARY == "mozilla" else ALLAUTH
    parts = ["auth", "contenttypes", "sessions", "messages"]
    apps = [f"django.contrib.{part}" for part in parts]
    apps += (
        ["mozilla_django_oidc"]
        if LIBRARY == "mozilla"
        else [
            "allauth",
            "allauth.account",
            "allauth.socialaccount",
            "allauth.socialaccount.providers.openid_connect",
        ]
    )
    middleware = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    if LIBRARY == "allauth":
        middleware.append("allauth.account.middleware.AccountMiddleware")
    settings.configure(
        SECRET_KEY=secrets.token_hex(),
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF="__main__",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "site.sqlite"}},
        SESSION_COOKIE_NAME=LIBRARY,
        INSTALLED_APPS=apps,
        MIDDLEWARE=middleware,
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                    ]
                },
            }
        ],
        LOGIN_REDIRECT_URL="/me",
        LOGOUT_REDIRECT_URL="/signed-out",
        **library,
    )
    django.setup()
    call_command("migrate", verbosity=0)
    from django.urls import include, path

    prefix, urls = ("oidc/", "mozilla_django_oidc.urls")
    if LIBRARY == "allauth":
        prefix, urls = ("accounts/", "allauth.urls")
    urlpatterns.extend([path(prefix, include(urls)), path("me", me), path("signed-out", me)])
    port = int(ROOT.rpartition(":")[2])
    serve(get_wsgi_application(), host="127.0.0.1", port=port, threads=2)


urlpatterns: list[object] = []

if __name__ == "__main__":
    main()
