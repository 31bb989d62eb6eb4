"""Apache with mod_auth_openidc before an app that shows the headers it gets."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.servers.programs import missing, program
from tests.servers.run import until

MODULES = Path("/usr/lib/apache2/modules")
NEEDED = (
    "mpm_event",
    "authn_core",
    "authz_core",
    "authz_user",
    "proxy",
    "proxy_http",
    "headers",
    "auth_openidc",
)
CONFIGURATION = """
{modules}
ServerName localhost
Listen 127.0.0.1:{port}
User www-data
Group www-data
DefaultRuntimeDir {folder}
PidFile {folder}/pid
Mutex pthread
ErrorLog {folder}/errors
LogLevel warn

OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {client_secret}
OIDCRedirectURI {root}/callback
OIDCCryptoPassphrase a-passphrase-of-tests
OIDCScope "openid profile email"
OIDCPKCEMethod S256

<Location />
    AuthType openid-connect
    Require valid-user
</Location>
# Many servers drop headers whose names have underscores.
RequestHeader set X-Sub %{{OIDC_CLAIM_sub}}e
RequestHeader set X-Access-Token %{{OIDC_access_token}}e
ProxyPass /me {app}/me
"""


@contextmanager
def apache(folder: Path, root: str, **values: str) -> Iterator[None]:
    """Serve ``root`` with a configuration as its documents have it, filled in with ``values``."""
    server = program("apache2", "httpd")
    if server is None or not (MODULES / "mod_auth_openidc.so").is_file():
        missing(
            "no mod_auth_openidc (apt-get install apache2 libapache2-mod-auth-openidc)", __name__
        )
    modules = [f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in NEEDED]
    port = root.rpartition(":")[2]
    text = CONFIGURATION.format(
        modules="\n".join(modules), folder=folder, root=root, port=port, **values
    )
    (folder / "httpd.conf").write_text(text, "utf-8")
    with subprocess.Popen([server, "-DFOREGROUND", "-f", folder / "httpd.conf"]) as running:  # noqa: S603
        try:
            answers = lambda: requests.get(root, timeout=30, allow_redirects=False)  # noqa: E731
            until(answers, lambda: running.poll() is None)
            yield
        finally:
            running.terminate()
            errors = folder / "errors"
            print(errors.read_text("utf-8") if errors.is_file() else "")
