"""A Flask app that is a provider by Authlib, on SQLAlchemy as in Authlib's documentation."""

import os

from flask import Flask, jsonify, redirect, render_template_string, request, session
from grants import KEYS, provider
from models import Consent, User, db
from werkzeug.security import check_password_hash

FORM = """<form method="post"><input name="username"><input name="password" type="password">
<button name="allow" value="yes">Sign in and allow</button></form>"""

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ["BENCH_SECRET"],
    SQLALCHEMY_DATABASE_URI=os.environ["BENCH_STORE"].replace(
        "postgresql:", "postgresql+psycopg:"
    ),
    SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 8, "max_overflow": 0},
    OAUTH2_REFRESH_TOKEN_GENERATOR=True,
    OAUTH2_TOKEN_EXPIRES_IN={
        "authorization_code": 3600,
        "client_credentials": 3600,
        "refresh_token": 3600,
    },
)
db.init_app(app)
server = provider(app)


@app.get("/oauth/authorize")
def authorize():
    user = db.session.get(User, session["user"]) if "user" in session else None
    if user is None:
        return render_template_string(FORM)
    grant = server.get_consent_grant(end_user=user)
    allowed = db.session.get(Consent, (user.id, grant.client.client_id))
    if allowed is None or not set(grant.request.payload.scope.split()) <= set(
        allowed.scope.split()
    ):
        return render_template_string(FORM)
    return server.create_authorization_response(grant=grant, grant_user=user)


@app.post("/oauth/authorize")
def sign_in_and_allow():
    user = User.query.filter_by(name=request.form["username"]).first()
    if user is None or not check_password_hash(user.password_hash, request.form["password"]):
        return render_template_string(FORM), 403
    session["user"] = user.id
    scope = "openid profile:read"
    db.session.merge(Consent(user_id=user.id, client_id=request.args["client_id"], scope=scope))
    db.session.commit()
    return redirect(request.full_path)


@app.post("/oauth/token")
def token():
    return server.create_token_response()


@app.post("/oauth/introspect")
def introspect():
    return server.create_endpoint_response("introspection")


@app.get("/oauth/userinfo")
def userinfo():
    return server.create_endpoint_response("userinfo")


@app.get("/oauth/jwks")
def jwks():
    return jsonify(KEYS.as_dict(private=False))
