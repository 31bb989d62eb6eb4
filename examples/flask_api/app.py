"""An API in Flask that checks access tokens by introspection (RFC 7662)."""

import os

import requests
from flask import Flask, abort, g, jsonify, request

ISSUER = os.environ.get("ISSUER", "http://127.0.0.1:5000")
RESOURCE = os.environ.get("RESOURCE", "http://127.0.0.1:5002/")
CLIENT = os.environ.get("CLIENT_ID", ""), os.environ.get("CLIENT_SECRET", "")

app = Flask(__name__)


def introspect(token):
    """Return what the issuer says of a live bearer token for this API, else None."""
    url, form = f"{ISSUER}/oauth/introspect", {"token": token}
    try:
        said = requests.post(url, form, auth=CLIENT, timeout=3, allow_redirects=False)
        known = said.json() if said.status_code == 200 else abort(503)
    except requests.RequestException:
        abort(503)
    audience = known.get("aud", [RESOURCE])
    live = known.get("active") is True and known.get("iss") == ISSUER
    here = isinstance(audience, list) and RESOURCE in audience
    # A token with cnf is bound to a certificate (RFC 8705), which isn't checked here.
    bearer = known.get("token_type") == "Bearer" and "cnf" not in known
    return known if live and here and bearer else None


def refuse(status, error=""):
    response = jsonify(error=error)
    said = f', error="{error}"' if error else ""
    response.headers["WWW-Authenticate"] = f'Bearer realm="{ISSUER}"{said}'
    return response, status


@app.before_request
def protect():
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return refuse(401)
    g.token = introspect(token)
    if g.token is None:
        return refuse(401, "invalid_token")
    if "photos:read" not in g.token["scope"].split():
        return refuse(403, "insufficient_scope")
    return None


@app.get("/photos")
def photos():
    return jsonify(photos_of=g.token["sub"])
