"""A provider that takes client certificates, and clients that show theirs."""

from __future__ import annotations

import dataclasses
import json
from urllib.parse import urlencode

import pytest

from oauthprov.protected_resource.client_certificates import ClientCertificate
from oauthprov.protocol.clients.metadata import InvalidMetadata
from oauthprov.protocol.request.answers import Call
from tests.certificates import PROXY_SECRET, Certificate
from tests.protocol.world import FORM, ISSUER, World

BASE = "https://mtls.as.example"


def key_set(*keys):
    """A JWK Set of these keys, or of those of certificates, as JSON."""
    made = [one.jwk() if isinstance(one, Certificate) else one for one in keys]
    return json.dumps({"keys": made})


def settings(ca_file: str) -> dict[str, str]:
    """The settings of a provider behind nginx."""
    return {
        "mtls.format": "nginx",
        "mtls.header": "X-SSL-Client-Cert",
        "mtls.proxy_secret": PROXY_SECRET,
        "mtls.ca_file": ca_file,
        "mtls.base_url": BASE,
    }


class CertifiedWorld(World):
    """A world behind a proxy that hands certificates on, or without one if there is no file."""

    def __init__(self, ca_file, **more):
        on = {} if ca_file is None else settings(ca_file)
        super().__init__(**(on | {"device": "true"} | more))

    def certified(self, client_id, kind="machine", method="tls_client_auth", **more):
        """Store a client that authenticates by its certificate."""
        return self.client(client_id, kind, auth_method=method, secrets=(), **more)

    def register(self, kind, method="tls_client_auth", **members):
        """Register a client, and return its id."""
        client, secret = self.provider.registrar.register(
            type=kind, name="Worker", auth_method=method, **members
        )
        assert secret is None
        return client.client_id

    def unregistered(self, kind, method="tls_client_auth", **members):
        """What is wrong with the members of a client."""
        with pytest.raises(InvalidMetadata) as wrong:
            self.register(kind, method, **members)
        [said] = wrong.value.problems.values()
        return said

    def show(self, endpoint, form, certificate=None, *, headers=None, proof=None, alias=False):
        """Post a form to an endpoint over mutual TLS."""
        if isinstance(certificate, Certificate):
            certificate = ClientCertificate(certificate.der, certificate.thumbprint)
        url = f"{ISSUER}/oauth/{endpoint}"
        base = f"{BASE}/oauth/{endpoint}" if self.settings.mtls else None
        sent = dict(FORM) | (headers or {})
        if proof is not None:
            sent["dpop"] = proof.proof("POST", base if alias else url, self.now)
        call = Call("POST", b"", urlencode(form, doseq=True).encode(), sent, url=url, alias=base)
        call = dataclasses.replace(call, certificate=certificate)
        return self.answer(endpoint, call)

    def answer(self, endpoint, call):
        """The response of an endpoint."""
        provider = self.provider
        if endpoint == "par":
            return provider.pushed_requests.push(call, lambda: None)
        if endpoint == "device_authorization":
            return provider.devices.begin(call, "192.0.2.1", f"{ISSUER}/device")
        return getattr(provider.endpoints, endpoint)(call)
