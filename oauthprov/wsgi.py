"""``oauthprov.wsgi:app``: the app of an .ini file, for WSGI servers that read none.

The environment variable ``OAUTHPROV_INI`` names the file, ``production.ini`` in the working
directory if it isn't set; ``file.ini#section`` names another app than ``[app:main]``. Logging and
the trusted proxy are set up as the file says. If it can't be read or is invalid, the process
prints why and exits.
"""

from __future__ import annotations

import os

from oauthprov.cli.served import load_or_exit

app = load_or_exit(os.environ.get("OAUTHPROV_INI", "production.ini"), {})
