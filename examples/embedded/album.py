"""A photo album with people of its own that lets other apps in: a whole host of oauthprov."""

import hmac
from html import escape

from pyramid.authentication import AuthTktCookieHelper
from pyramid.config import Configurator
from pyramid.csrf import CookieCSRFStoragePolicy, get_csrf_token
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from oauthprov.accounts import AccountSource, SignedIn
from oauthprov.web.resource import bearer

# These stand for the album's own tables; a real one keeps hashes of the passwords.
PASSWORDS = {"alice": "looking glass", "bob": "spirit level"}
PHOTOS = {"alice": ["beach.jpg", "cat.jpg"], "bob": ["bridge.jpg"]}
FORM = """<!DOCTYPE html><html lang="en"><title>Album</title><h1>Sign in to your album</h1>
<form method="post"><input type="hidden" name="next" value="{onward}">
<input type="hidden" name="csrf_token" value="{token}">
<input name="name" aria-label="Name"> <input name="password" type="password" aria-label="Password">
<button>Sign in</button></form></html>"""


class People(AccountSource):
    """Tells the provider who is signed in to the album, and where to sign in."""

    can_sign_out = True

    def signed_in(self, request):
        known = request.identity
        return known and SignedIn(known["userid"], known["userid"], known["timestamp"], ("pwd",))

    def login_url(self, request, return_to):
        return request.route_url("login", _query={"next": return_to})

    def reauthentication_url(self, request, return_to):
        return self.login_url(request, return_to)

    def sign_out(self, request):
        return request.registry["album.cookie"].helper.forget(request)

    def name_of(self, account_id, request):
        return account_id if account_id in PASSWORDS else None


class Cookie:
    """The album's security policy: a signed cookie says who it is."""

    def __init__(self, secret, secure):
        self.helper = AuthTktCookieHelper(secret, secure=secure, http_only=True, samesite="Lax")

    def identity(self, request):
        return self.helper.identify(request)

    def authenticated_userid(self, request):
        return (self.identity(request) or {}).get("userid")

    def permits(self, request, context, permission):
        return self.identity(request) is not None


def login(request):
    name, onward = request.params.get("name", ""), request.params.get("next", "")
    if not onward.startswith(request.registry.settings["oauthprov.issuer"] + "/"):
        onward = request.route_url("photos")
    if request.method == "POST":
        given, known = request.POST.get("password", ""), PASSWORDS.get(name, "")
        if known and hmac.compare_digest(given.encode(), known.encode()):
            helper = request.registry["album.cookie"].helper
            return HTTPSeeOther(onward, headers=helper.remember(request, name))
    return Response(FORM.format(onward=escape(onward), token=get_csrf_token(request)))


def photos(request):
    return {"photos": PHOTOS[request.identity["userid"]]}


def api_photos(request):
    return {"photos": PHOTOS.get(bearer(request).account_id, [])}


def includeme(config):
    settings = config.registry.settings
    secure = settings["oauthprov.issuer"].startswith("https:")
    cookie = config.registry["album.cookie"] = Cookie(settings["album.secret"], secure)
    config.set_security_policy(cookie)
    config.set_csrf_storage_policy(CookieCSRFStoragePolicy(httponly=True, secure=secure))
    config.set_default_csrf_options(require_csrf=True)
    config.set_default_permission("see")
    config.include("oauthprov", route_prefix="/auth")
    config.set_oauth_accounts(People())
    for name, path in (("login", "/login"), ("photos", "/"), ("api_photos", "/api/photos")):
        config.add_route(name, path)
    everyone = {"permission": NO_PERMISSION_REQUIRED}
    config.add_view(login, route_name="login", **everyone)
    config.add_view(photos, route_name="photos", renderer="json")
    protected = everyone | {"oauth_scopes": ("photos:read",), "oauth_cors": "bearer"}
    config.add_view(api_photos, route_name="api_photos", renderer="json", **protected)
    config.add_oauth_preflight("api_photos", "GET")


def main(global_config, **settings):
    with Configurator(settings=settings) as config:
        config.include(includeme)
        return config.make_wsgi_app()
