"""What a client certificate costs: the CPU of each operation with one and without.

    python -m bench.certificates --rounds 300

It prints the median of CPU microseconds, in one process over SQLite in memory, so that no network,
no TLS and no disk is in it. TLS is the proxy's work.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.bound_tokens import expect, measured
from oauthprov.protected_resource.client_certificates import Proxy, read
from oauthprov.protocol.keys.certificates import Authorities
from tests import site as sites
from tests.certificates import PROXY_SECRET, SUBJECT_DN, Authority, Certificate, self_signed
from tests.protocol import certified

FORM = {"grant_type": "client_credentials"}
FLAG = {"tls_client_certificate_bound_access_tokens": True}


def reading(rounds: int) -> None:
    """Print the cost of the header: absent, seen before, and new; and of a chain."""
    authority, proxy = Authority(), Proxy("X-SSL-Client-Cert", "nginx", PROXY_SECRET)
    known = authority.issue()
    header = {"HTTP_X_SSL_CLIENT_CERT": known.nginx, "HTTP_OAUTHPROV_PROXY_SECRET": PROXY_SECRET}
    absent = measured(rounds, lambda: {}, lambda environ: repeat(proxy.certificate, environ))
    seen = measured(rounds, lambda: header, lambda environ: repeat(proxy.certificate, environ))
    new = iter([authority.issue().nginx for _ in range(50)])
    first = measured(50, lambda: next(new), lambda value: read(str(value), "nginx"))
    print(f"| read the header: absent; seen before | {absent / 100:.1f} | {seen / 100:.1f} |")
    print(f"| read a new certificate | | {first:.0f} |")
    with tempfile.TemporaryDirectory() as folder:
        authorities = Authorities(authority.file(Path(folder, "ca.pem")))
    ders = iter([authority.issue().der for _ in range(50)])
    chain = measured(50, lambda: next(ders), lambda der: authorities.check(der, authority.now))
    again = measured(rounds, lambda: known.der, lambda der: authorities.check(der, authority.now))
    print(f"| check a chain, once a minute; again | | {chain:.0f}; {again:.0f} |")


def repeat(run: Callable[[object], object], given: object) -> None:
    """Do it a hundred times: once is too fast to measure."""
    for _ in range(100):
        run(given)


def requests(rounds: int) -> None:
    """Print the cost of a token request and of UserInfo, straight from WSGI."""
    clock = sites.Clock()
    authority, own = Authority(now=clock()), self_signed(now=clock())
    issued = authority.issue()
    with tempfile.TemporaryDirectory() as folder:
        mtls = certified.settings(authority.file(Path(folder, "ca.pem")))
        on = sites.standalone(sites.ini("sqlite://", scopes=sites.OPENID, **mtls))
    off = sites.standalone(sites.ini("sqlite://", scopes=sites.OPENID))

    def token(site: sites.Site, app: sites.App, headers: dict[str, str]) -> float:
        form = FORM | ({} if app.secret else {"client_id": app.client.client_id})
        return measured(
            rounds, lambda: None, lambda _: expect(app.post("token", form, headers).status_int)
        )

    print(f"| a client secret, mutual TLS off | {token(off, off.app('machine'), {}):.0f} | |")
    secret = on.app("machine", **FLAG)
    plain = token(on, on.app("machine"), {})
    print(
        f"| a client secret; with a bound token | {plain:.0f} | "
        f"{token(on, secret, shown(issued)):.0f} |"
    )
    subject = {"tls_client_auth_subject_dn": SUBJECT_DN}
    by_authority = on.app("machine", auth_method="tls_client_auth", **subject, **FLAG)
    print(f"| `tls_client_auth` | | {token(on, by_authority, shown(issued)):.0f} |")
    keys = {"jwks": {"keys": [own.jwk()]}}
    by_own = on.app("machine", auth_method="self_signed_tls_client_auth", **keys, **FLAG)
    print(f"| `self_signed_tls_client_auth` | | {token(on, by_own, shown(own)):.0f} |")
    signer = off.signer("machine")
    proofs = measured(
        rounds,
        lambda: signer.proof(off.issuer),
        lambda proof: expect(off.post("/oauth/token", FORM | dict(proof)).status_int),
    )
    print(f"| `private_key_jwt`, for comparison | {proofs:.0f} | |")
    userinfo(on, rounds, issued)
    on.close()
    off.close()


def userinfo(site: sites.Site, rounds: int, certificate: Certificate) -> None:
    """Print the cost of UserInfo with a bearer token and a bound one."""
    browser, spent = site.browser().sign_up("alice"), []
    for flag, headers in (({}, {}), (FLAG, shown(certificate))):
        app = site.app(scopes=("openid", "profile:read"), **flag)
        code = browser.connect(app, scope="openid profile:read")["code"]
        token = app.exchange(code, headers).json["access_token"]
        spent.append(
            measured(
                rounds,
                lambda: None,
                lambda _, app=app, token=token, headers=headers: expect(
                    app.userinfo(token, **headers).status_int
                ),
            )
        )
    print(f"| UserInfo | {spent[0]:.0f} | {spent[1]:.0f} |")


def shown(certificate: Certificate) -> dict[str, str]:
    """Return the headers of the proxy."""
    return {"X-SSL-Client-Cert": certificate.nginx, "Oauthprov-Proxy-Secret": PROXY_SECRET}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    rounds = parser.parse_args().rounds
    print("| operation | without | with a certificate |\n|---|---|---|")
    reading(rounds)
    requests(rounds)


if __name__ == "__main__":
    main()
