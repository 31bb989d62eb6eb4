"""An API in FastAPI that checks access tokens by introspection (RFC 7662)."""

import os
from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

ISSUER = os.environ.get("ISSUER", "http://127.0.0.1:5000")
RESOURCE = os.environ.get("RESOURCE", "http://127.0.0.1:5002/")
CLIENT = os.environ.get("CLIENT_ID", ""), os.environ.get("CLIENT_SECRET", "")

app = FastAPI()
Presented = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


def refusal(status, error=""):
    said = f', error="{error}"' if error else ""
    headers = {"WWW-Authenticate": f'Bearer realm="{ISSUER}"{said}'}
    return HTTPException(status, error or "no token", headers)


async def introspect(presented: Presented):
    """Return what the issuer says of a live bearer token for this API."""
    if presented is None:
        raise refusal(401)
    form = {"token": presented.credentials}
    try:
        async with httpx.AsyncClient(auth=CLIENT, timeout=3) as client:
            said = await client.post(f"{ISSUER}/oauth/introspect", data=form)
            known = said.raise_for_status().json()
    except (httpx.HTTPError, ValueError):
        raise HTTPException(503, headers={"Retry-After": "5"}) from None
    audience = known.get("aud", [RESOURCE])
    live = known.get("active") is True and known.get("iss") == ISSUER
    here = isinstance(audience, list) and RESOURCE in audience
    # A token with cnf is bound to a certificate (RFC 8705), which isn't checked here.
    bearer = known.get("token_type") == "Bearer" and "cnf" not in known
    if not (live and here and bearer):
        raise refusal(401, "invalid_token")
    if "photos:read" not in known["scope"].split():
        raise refusal(403, "insufficient_scope")
    return known


@app.get("/photos")
async def photos(token: Annotated[dict, Depends(introspect)]):
    return {"photos_of": token["sub"]}
