"""The library for passkeys is large: only processes that use one load it."""

import subprocess
import sys


def test_a_server_loads_the_library_when_the_first_passkey_is_used():
    script = (
        "import sys, oauthprov\n"
        "from tests.site import ini\n"
        "oauthprov.main({}, **ini('sqlite://', development='true'))\n"
        "print('webauthn' in sys.modules)\n"
        "import oauthprov.passkeys.verification\n"
        "print('webauthn' in sys.modules)"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["False", "True"]
