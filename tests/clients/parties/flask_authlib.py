"""A Flask app with Authlib, as its documents say for a provider of OpenID Connect."""

from __future__ import annotations

import os

from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, session
from waitress import serve

ROOT = os.environ["ROOT"]

app = Flask(__name__)
app.secret_key = "a secret of tests"
renewed = []


def keep(token, refresh_token=None, access_token=None):
    renewed.append(token)


oauth = OAuth(app)
oauth.register(
    "provider",
    server_metadata_url=f"{os.environ['ISSUER']}/.well-known/openid-configuration",
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
    client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
    update_token=keep,
)


@app.get("/sign-in")
def sign_in():
    return oauth.provider.authorize_redirect(f"{ROOT}/callback")


@app.get("/callback")
def callback():
    token = oauth.provider.authorize_access_token()
    session["user"], session["token"] = dict(token["userinfo"]), dict(token)
    return redirect("/me")


@app.get("/me")
def me():
    if "user" not in session:
        return {}
    info = oauth.provider.userinfo(token=session["token"])
    return {"sub": session["user"]["sub"], "name": info["name"], "email": info.get("email")}


@app.get("/refresh")
def refresh():
    """Call UserInfo with a token that the library thinks has expired."""
    before = session["token"]
    info = oauth.provider.userinfo(token=before | {"expires_at": 1})
    [after] = renewed
    return {"sub": info["sub"], "rotated": after["refresh_token"] != before["refresh_token"]}


@app.get("/sign-out")
def sign_out():
    token = session["token"]["id_token"]
    answer = oauth.provider.logout_redirect(f"{ROOT}/signed-out", id_token_hint=token)
    del session["user"], session["token"]
    return answer


@app.get("/signed-out")
def signed_out():
    oauth.provider.validate_logout_response()
    return {}


if __name__ == "__main__":
    serve(app, host="127.0.0.1", port=int(ROOT.rpartition(":")[2]), threads=2)
