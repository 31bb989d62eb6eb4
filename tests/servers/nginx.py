"""nginx with the servers that a test gives it, all of whose files are in one folder."""

from __future__ import annotations

import os
from pathlib import Path

from tests.servers.programs import missing, program

FRAME = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {servers}
}}
"""


def command(folder: Path, servers: str) -> list[str]:
    """Write the configuration into ``folder``; return the command that runs nginx with it."""
    nginx = program("nginx")
    if nginx is None:
        missing("no nginx (apt-get install nginx-light)", __name__)
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(FRAME.format(user=user, folder=folder, servers=servers), "utf-8")
    return [str(nginx), "-c", str(configuration)]
