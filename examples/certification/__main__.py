"""``make certify``: serves the provider for the OpenID Foundation's conformance suite.

It runs until it is stopped. Each start creates new static clients and writes their configuration
to plan.json; alice and all other stored records stay.
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
import threading
from pathlib import Path

from examples.certification.people import NAME, PASSWORD
from examples.certification.service import Options, Served, serving
from examples.certification.suite import UntrustedSuite, check_suite

FOLDER = Path(__file__).parents[2] / "var" / "certification"


def main() -> None:
    """Serve with the options of the command line, until the process is stopped."""
    options = _options()
    logging.basicConfig(format="%(levelname)s [%(name)s] %(message)s", level=logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        not_yet = check_suite(options.suite, options.fetch_ca_file)
    except UntrustedSuite as error:
        sys.exit(str(error))
    if not_yet:
        print(not_yet, file=sys.stderr)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with serving(options) as served:
        _tell(options, served)
        ended.wait()


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="make certify", description="Options of make certify.")
    parser.add_argument("--storage", default="", help="a storage URL; SQLite if there is none")
    parser.add_argument("--host", default="localhost", help="the name that the suite calls")
    parser.add_argument("--port", type=int, default=5443)
    parser.add_argument("--listen", default="127.0.0.1", help="0.0.0.0 for a suite elsewhere")
    parser.add_argument("--suite", default="localhost.emobix.co.uk:8443", help="HOST:PORT of it")
    parser.add_argument("--suite-ca", default="", help="a file of certificates that it has")
    parser.add_argument("--alias", default="oauthprov", help="what is in the suite's addresses")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    given = parser.parse_args()
    folder: Path = given.folder.resolve()
    return Options(
        folder=folder,
        storage=given.storage or f"sqlite:///{folder / 'certification.sqlite'}",
        host=given.host,
        port=given.port,
        listen=given.listen,
        suite=given.suite,
        fetch_ca_file=given.suite_ca,
        alias=given.alias,
    )


def _tell(options: Options, served: Served) -> None:
    written = options.folder / "plan.json"
    document = json.dumps(served.plan, indent=2)
    written.write_text(document + "\n", "utf-8")
    written.chmod(0o600)
    print(document)
    print()
    print(f"oauthprov is on {served.issuer}; its certificate is {options.certificate}")
    print(f"Sign in as {NAME}, password: {PASSWORD}")
    print(f"The plan above is {written}", flush=True)


if __name__ == "__main__":
    main()
