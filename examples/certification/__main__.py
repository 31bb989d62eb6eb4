"""``make certify``: serves the provider for the OpenID Foundation's conformance suite.

It runs until it is stopped. Each start creates new static clients and writes their configuration
to plan.json; alice and all other stored records stay.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from examples.certification.fapi import PROFILES
from examples.certification.nginx import NginxMissing
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
    try:
        with serving(options) as served:
            _tell(options, served)
            ended.wait()
    except NginxMissing as error:
        sys.exit(str(error))


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
    profiles = ("", *PROFILES)
    parser.add_argument("--profile", choices=profiles, default="", help="of FAPI 2.0, if any")
    parser.add_argument("--mtls-port", type=int, default=5444, help="where clients show theirs")
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
        profile=given.profile,
        mtls_port=given.mtls_port,
    )


def _tell(options: Options, served: Served) -> None:
    document = json.dumps(served.plan, indent=2)
    written = _write(options.folder / "plan.json", document)
    others = {variant: plan for variant, plan in served.plans.items() if plan is not served.plan}
    print(document)
    print()
    for variant, plan in others.items():
        file = _write(options.folder / f"plan-{variant}.json", json.dumps(plan, indent=2))
        print(f"The plan for the variant {variant} is {file}")
    print(f"oauthprov is on {served.issuer}; its certificate is {options.certificate}")
    print(f"Sign in as {NAME}, password: {PASSWORD}")
    print(f"The plan above is {written}", flush=True)


def _write(file: Path, document: str) -> Path:
    """Write a plan, which holds the secrets of clients."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(document + "\n")
    return file


if __name__ == "__main__":
    main()
