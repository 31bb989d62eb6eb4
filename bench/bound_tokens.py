"""What a proof of possession costs: the CPU of each operation with one and without.

    python -m bench.bound_tokens --rounds 300

It prints the median of CPU microseconds, in one process over SQLite in memory, so that no network
and no disk is in it. Signing the proofs is the client's work and isn't measured.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median

from oauthprov.protocol.keys.dpop import verify_proof
from tests.proofs import Holder
from tests.protocol.world import TOKEN_URL, World
from tests.web import test_resource

ALGORITHMS = ("ES256", "Ed25519", "PS256", "RS256")
VIEW = "https://id.example/photos"


def measured(rounds: int, prepare: Callable[[], object], run: Callable[[object], object]) -> float:
    """Return the median of CPU microseconds of ``run``, each time with something prepared."""
    spent = []
    for _ in range(rounds):
        given = prepare()
        before = time.process_time_ns()
        run(given)
        spent.append(time.process_time_ns() - before)
    return median(spent) / 1000


def proofs(rounds: int) -> None:
    """Print the cost of verifying a proof, with a known key and with a new one."""
    for alg in ALGORITHMS:
        holder = Holder(alg)
        new = [Holder(alg) for _ in range(5 if alg.endswith("S256") and alg != "ES256" else 50)]

        def verify(proof: object) -> None:
            verify_proof(str(proof), method="POST", url=TOKEN_URL, now=0)

        known = measured(rounds, lambda holder=holder: holder.proof("POST", TOKEN_URL, 0), verify)
        keys = iter(new)
        first = measured(
            len(new), lambda keys=keys: next(keys).proof("POST", TOKEN_URL, 0), verify
        )
        print(f"| verify a proof, {alg} | | {known:.0f} | (a new key: {first:.0f}) |")


def token_endpoint(rounds: int) -> None:
    """Print the cost of issuing and refreshing tokens."""
    world, holder = World(), Holder()
    world.client("job", "machine")
    world.client("app")

    def machine(proof: object) -> None:
        form = {"grant_type": "client_credentials"}
        expect(world.post("token", form, client_id="job", proof=proof).status)

    def redeem(given: object) -> None:
        code, proof = given  # type: ignore[misc]
        expect(world.redeem(code, proof=proof).status)

    def refresh(given: object) -> None:
        token, proof = given  # type: ignore[misc]
        expect(world.refresh(token, proof=proof).status)

    def proof() -> str:
        return holder.proof("POST", TOKEN_URL, world.now)

    def refreshable() -> str:
        return str(world.tokens()["refresh_token"])

    shown(
        "client credentials",
        measured(rounds, lambda: None, machine),
        measured(rounds, proof, machine),
    )
    shown(
        "code exchange",
        measured(rounds, lambda: (world.code(), None), redeem),
        measured(rounds, lambda: (world.code(), proof()), redeem),
    )
    shown(
        "refresh",
        measured(rounds, lambda: (refreshable(), None), refresh),
        measured(rounds, lambda: (refreshable(), proof()), refresh),
    )


def resource(rounds: int) -> None:
    """Print the cost of a request to a protected view, through Pyramid."""
    site, holder = test_resource.host(), Holder()
    app = site.app()
    browser = site.browser().sign_up("alice")

    def token(headers: dict[str, str] | None) -> str:
        code = browser.connect(app, scope="photos:read")["code"]
        return str(app.exchange(code, headers).json["access_token"])

    bearer = token(None)
    issued = holder.proof("POST", f"{site.issuer}/oauth/token", site.clock())
    bound = token({"DPoP": issued})

    def ask(headers: object) -> None:
        expect(site.get(VIEW, headers=headers).status_int)

    def proven() -> dict[str, str]:
        proof = holder.proof("GET", VIEW, site.clock(), token=bound)
        return {"Authorization": f"DPoP {bound}", "DPoP": proof}

    shown(
        "a protected view",
        measured(rounds, lambda: {"Authorization": f"Bearer {bearer}"}, ask),
        measured(rounds, proven, ask),
    )
    site.close()


def expect(status: int) -> None:
    """End the run if a request was refused: its figure would be worth nothing."""
    if status != 200:
        raise SystemExit(f"a request was answered with status {status}")


def shown(what: str, without: float, with_proof: float) -> None:
    """Print a row."""
    print(f"| {what} | {without:.0f} | {with_proof:.0f} | {with_proof - without:+.0f} |")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    rounds = parser.parse_args().rounds
    print("| operation | without | with a proof | |\n|---|---|---|---|")
    proofs(rounds)
    token_endpoint(rounds)
    resource(rounds)


if __name__ == "__main__":
    main()
