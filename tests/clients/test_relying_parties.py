"""Apps with the libraries that people use, as their documents say: sign in, refresh, sign out."""

from __future__ import annotations

import pytest

from tests.clients.person import Person
from tests.clients.relying_party import Program, free_root, served
from tests.site import PASSWORD

PROGRAMS = {
    "flask-authlib": Program(("flask_authlib.py",)),
    "mozilla-django-oidc": Program(
        ("django_apps.py",),
        {"LIBRARY": "mozilla"},
        callback="/oidc/callback/",
        begin=lambda person, root: person.visit(f"{root}/oidc/authenticate/"),
        sign_out="/oidc/logout/",
        refreshes=False,
    ),
    "django-allauth": Program(
        ("django_apps.py",),
        {"LIBRARY": "allauth"},
        callback="/accounts/oidc/oauthprov/login/callback/",
        begin=lambda person, root: person.visit(f"{root}/accounts/oidc/oauthprov/login/"),
        sign_out=None,
        refreshes=False,
    ),
    "express-openid-connect": Program(("express_openid_connect.js",)),
    "passport-openid-client": Program(("passport_app.js",), {"LIBRARY": "openid-client"}),
    "passport-openidconnect": Program(
        ("passport_app.js",),
        {"LIBRARY": "passport-openidconnect"},
        sign_out=None,
        refreshes=False,
        client={"pkce": "optional"},
    ),
    "auth.js": Program(
        ("authjs.js",),
        callback="/auth/callback/oauthprov",
        begin=lambda person, root: person.submit(person.visit(f"{root}/auth/signin")),
        sign_out=None,
        refreshes=False,
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_app_signs_in_refreshes_and_signs_out(openid_provider, name):
    program, root = PROGRAMS[name], free_root()
    app = openid_provider.app(
        redirect_uris=(root + program.callback,),
        post_logout_redirect_uris=(f"{root}/signed-out",),
        scopes=("openid", "profile", "email"),
        **program.client,
    )
    person = Person(openid_provider.issuer, root)
    registered = {"name": f"alice.{name}", "password": PASSWORD}
    person.submit(person.visit(f"{openid_provider.issuer}/signup"), **registered)
    address = person.visit(f"{openid_provider.issuer}/account/email/new")
    email = f"alice.{name}@example.org"
    person.submit(address, email=email)
    known = {
        "ISSUER": openid_provider.issuer,
        "CLIENT_ID": app.client.client_id,
        "CLIENT_SECRET": str(app.secret),
    }
    with served(program, root, **known):
        arrived = person.submit(program.begin(person, root), decision="allow")
        assert arrived.url == f"{root}/me", (arrived.url, arrived.text)
        assert arrived.json()["email"] == email
        if program.refreshes:
            assert person.visit(f"{root}/refresh").json()["rotated"] is True
        if program.sign_out is not None:
            gone = person.visit(root + program.sign_out)
            assert gone.url.startswith(f"{root}/signed-out"), (gone.url, gone.text)
            assert person.visit(f"{root}/me").json() == {}
            assert person.visit(f"{openid_provider.issuer}/account").url.startswith(
                f"{openid_provider.issuer}/login"
            )
