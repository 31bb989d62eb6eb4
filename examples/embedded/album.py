"""A photo album with its own users that gives other apps access: a complete host of oauthprov."""

import hashlib
import hmac
import os
from html import escape

import zope.sqlalchemy
from pyramid.authentication import AuthTktCookieHelper
from pyramid.config import Configurator
from pyramid.csrf import CookieCSRFStoragePolicy, get_csrf_token
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from oauthprov.accounts import AccountSource, SignedIn
from oauthprov.resource import bearer

PASSWORDS = {"alice": "looking glass", "bob": "spirit level"}
PHOTOS = {"alice": ["beach.jpg", "cat.jpg"], "bob": ["bridge.jpg"]}
FORM = """<!DOCTYPE html><html lang="en"><title>Album</title><h1>Sign in to your album</h1>
<form method="post"><input type="hidden" name="next" value="{onward}">
<input type="hidden" name="csrf_token" value="{token}">
<input name="name" aria-label="Name"> <input name="password" type="password" aria-label="Password">
<button>Sign in</button></form></html>"""


class Base(DeclarativeBase):
    """The album's own tables."""


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    salt: Mapped[bytes]
    password_hash: Mapped[bytes]
    photos: Mapped[list["Photo"]] = relationship(order_by="Photo.id")


class Photo(Base):
    __tablename__ = "photos"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    file_name: Mapped[str]


def hashed(password, salt):
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


def database(url):
    """Return the album's database; the example fills it anew at each start."""
    engine = create_engine(url)
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        for name, password in PASSWORDS.items():
            salt = os.urandom(16)
            photos = [Photo(file_name=file_name) for file_name in PHOTOS[name]]
            password_hash = hashed(password, salt)
            session.add(User(name=name, salt=salt, password_hash=password_hash, photos=photos))
        session.commit()
    return engine


def dbsession(request):
    """The one session of a request; pyramid_tm ends its transaction."""
    session = Session(request.registry["album.engine"])
    zope.sqlalchemy.register(session, transaction_manager=request.tm)
    return session


class People(AccountSource):
    """The account source: the user signed in to the album, and its sign-in page.

    Each method gets the request, and reads the album's tables with ``request.dbsession``.
    """

    can_sign_out = True

    def signed_in(self, request):
        known = request.identity
        user = known and request.dbsession.get(User, int(known["userid"]))
        return user and SignedIn(str(user.id), user.name, known["timestamp"], ("pwd",))

    def login_url(self, request, return_to):
        return request.route_url("login", _query={"next": return_to})

    def reauthentication_url(self, request, return_to):
        return self.login_url(request, return_to)

    def sign_out(self, request):
        return request.registry["album.cookie"].helper.forget(request)

    def name_of(self, account_id, request):
        user = request.dbsession.get(User, int(account_id))
        return user.name if user else None


class Cookie:
    """The album's security policy: a signed cookie names the user."""

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
        user = request.dbsession.scalar(select(User).where(User.name == name))
        given = hashed(request.POST.get("password", ""), user.salt if user else b"")
        if user and hmac.compare_digest(given, user.password_hash):
            helper = request.registry["album.cookie"].helper
            return HTTPSeeOther(onward, headers=helper.remember(request, str(user.id)))
    return Response(FORM.format(onward=escape(onward), token=get_csrf_token(request)))


def photos(request):
    return photos_of(request, request.identity["userid"])


def api_photos(request):
    return photos_of(request, bearer(request).account_id)


def photos_of(request, account_id):
    user = request.dbsession.get(User, int(account_id)) if account_id else None
    return {"photos": [photo.file_name for photo in user.photos] if user else []}


def includeme(config):
    settings = config.registry.settings
    secure = settings["oauthprov.issuer"].startswith("https:")
    cookie = config.registry["album.cookie"] = Cookie(settings["album.secret"], secure)
    config.registry["album.engine"] = database(settings["album.database"])
    config.add_request_method(dbsession, reify=True)
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
