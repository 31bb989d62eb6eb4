"""Commands of a shell that use a client, with curl and openssl.

All values are quoted for the shell. curl signs nothing: the client sends a secret, a certificate
or its id alone.
"""

from __future__ import annotations

from shlex import quote
from urllib.parse import quote as percent_encoded
from urllib.parse import urlencode

from oauthprov.protocol.clients import methods
from oauthprov.protocol.clients.grant_types import DEVICE_CODE
from oauthprov.web.console.needs import Need
from oauthprov.web.console.use import Use

CAN = frozenset({Need.CERTIFICATE, Need.PUSH})
"""What curl can do beside sending an id and a secret."""
ALGORITHMS = frozenset[str]()
"""The algorithms that it signs with."""

_CHALLENGE = """\
VERIFIER=$(openssl rand -base64 48 | tr '+/' '-_' | tr -d '=\\n')
CHALLENGE=$(printf %s "$VERIFIER" | openssl dgst -sha256 -binary | openssl base64 -A \\
  | tr '+/' '-_' | tr -d '=')"""
_OPEN = "# Open this address in a browser. The code is in the address of the page that follows."


def code_flow(use: Use) -> str:
    """Sign somebody in, and redeem the code."""
    redirect = quote(f"redirect_uri={use.redirect_uri}")
    return f"""\
{_CHALLENGE}
{_pushed(use) if Need.PUSH in use.needs else _plain(use)}
read -r CODE
curl {_proof(use)} -d grant_type=authorization_code -d code="$CODE" \\
  -d code_verifier="$VERIFIER" --data-urlencode {redirect} {quote(use.endpoints["token"])}"""


def _plain(use: Use) -> str:
    asked = {
        "response_type": "code",
        "client_id": use.client.client_id,
        "redirect_uri": use.redirect_uri,
        "scope": use.scope,
        "state": "xyz",
        "code_challenge_method": "S256",
    }
    url = f"{use.endpoints['authorize']}?{urlencode(asked, quote_via=percent_encoded)}"
    return f'{_OPEN}\necho "{url}&code_challenge=$CHALLENGE"'


def _pushed(use: Use) -> str:
    redirect, scope = quote(f"redirect_uri={use.redirect_uri}"), quote(f"scope={use.scope}")
    named = urlencode({"client_id": use.client.client_id}, quote_via=percent_encoded)
    return f"""\
ANSWER=$(curl -s {_proof(use)} -d response_type=code -d state=xyz \\
  --data-urlencode {redirect} --data-urlencode {scope} \\
  -d code_challenge="$CHALLENGE" -d code_challenge_method=S256 {quote(use.endpoints["par"])})
REQUEST_URI=$({_member("request_uri")})
{_OPEN}
echo "{use.endpoints["authorize"]}?{named}&request_uri=$REQUEST_URI\""""


def device(use: Use) -> str:
    """Let somebody allow the device, and poll."""
    proof, asked = _proof(use), quote(f"scope={use.scope}")
    return f"""\
ANSWER=$(curl -s {proof} --data-urlencode {asked} {quote(use.endpoints["device_authorization"])})
# Open the verification_uri, type the user_code there, allow it, and press Enter here.
echo "$ANSWER"
read -r _
DEVICE_CODE=$({_member("device_code")})
curl {proof} -d grant_type={DEVICE_CODE} \\
  -d device_code="$DEVICE_CODE" {quote(use.endpoints["token"])}"""


def machine(use: Use) -> str:
    """Get a token of the client's own."""
    return f"curl {_proof(use)} -d grant_type=client_credentials {quote(use.endpoints['token'])}"


def api(use: Use) -> str:
    """Introspect a token."""
    return f"curl {_proof(use)} -d token=... {quote(use.endpoints['introspect'])}"


def _member(name: str) -> str:
    """Return the command that reads a member of the JSON in ``$ANSWER``."""
    return f"""echo "$ANSWER" | sed 's/.*"{name}": *"\\([^"]*\\)".*/\\1/'"""


def _proof(use: Use) -> str:
    """Return the options of curl that authenticate the client, and show its certificate."""
    shown = "--cert client.crt --key client.key " if Need.CERTIFICATE in use.needs else ""
    client_id, secret = quote(use.client.client_id), quote(use.secret)
    match use.method:
        case methods.BASIC:
            return f"{shown}-u {client_id}:{secret}"
        case methods.POST:
            return f"{shown}-d client_id={client_id} -d client_secret={secret}"
    return f"{shown}-d client_id={client_id}"
