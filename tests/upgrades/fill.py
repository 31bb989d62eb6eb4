"""Fill a storage through the pages and endpoints of an early version, and write down all of it.

It runs in a checkout of that version (README.md), whose ``oauthprov`` and ``tests.site`` it uses:
``python fill.py URL FILE`` writes to FILE what people and clients hold (all passwords are
``tests.site.PASSWORD``), each record as that version reads it, and what the engine has stored: the
rows of each table, or the commands that store the same in Redis.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis
import sqlalchemy

from oauthprov.accounts import BuiltInAccounts
from oauthprov.records import KINDS, Account
from oauthprov.storage import open_storage
from tests.site import App, Browser, Site, ini, standalone

PHOTOS = "https://photos.example/"
Held = dict[str, object]


def main(url: str, file: str) -> None:
    """Fill the empty storage at ``url``."""
    storage = open_storage(url)
    storage.upgrade()
    storage.close()
    site = standalone(ini(url))
    held = use(site)
    records = list(written_down(site))
    site.close()
    stored = list(commands(url) if url.startswith("redis") else rows(url))
    write(Path(file), {"held": [held], "records": records, "stored": stored})


def write(path: Path, lists: dict[str, list[Any]]) -> None:
    """Write JSON, a line for each item of a list."""
    parts = []
    for name, items in lists.items():
        lines = ",\n".join(json.dumps(item, separators=(",", ":")) for item in items)
        parts.append(f'"{name}": [\n{lines}\n]')
    path.write_text("{" + ",\n".join(parts) + "}\n", "utf-8")


def use(site: Site) -> Held:
    """Make every kind of record, in each state that it can have."""
    alice = site.browser().sign_up("alice")
    owner = alice.account_id()
    bob, left = (site.browser().sign_up(name) for name in ("bob", "bob-left"))
    web = site.app("web", owner=owner, homepage_uri="https://app.example/")
    apps = {
        "web": web,
        "post": site.app("web", name="Scanner", auth_method="client_secret_post"),
        "browser": site.app("browser", name="Viewer"),
        "native": site.app("native", name="Camera", redirect_uris=("http://127.0.0.1/callback",)),
        "machine": site.app("machine", name="Nightly report"),
        "first_party": site.app("web", name="Own shop", first_party=True),
        "disabled": site.app("machine", name="Old report"),
    }
    _, newer = site.registrar.rotate_secret(web.client.client_id)
    held = tokens(site, apps, alice, bob)
    held["pending"] = bob.authorize(apps["post"], scope="photos:write").request.url
    left.connect(apps["post"])
    gone(site)
    site.registrar.set_disabled(apps["disabled"].client.client_id, True)
    held["clients"] = {
        name: {"client_id": app.client.client_id, "secret": app.secret}
        for name, app in apps.items()
    }
    held["newer_secret"] = newer
    browsers = {"alice": alice, "bob": bob, "bob-left": left}
    held["cookies"] = {name: dict(browser.page.cookies) for name, browser in browsers.items()}
    return held


def tokens(site: Site, apps: dict[str, App], alice: Browser, bob: Browser) -> Held:
    """Codes and tokens: unused, used, revoked and replayed."""
    web, machine = apps["web"], apps["machine"]
    rotated = web.tokens(alice)
    site.clock.pass_by(60)
    successor = web.refresh(rotated["refresh_token"]).json
    replayed = web.tokens(bob)
    web.refresh(replayed["refresh_token"])
    site.clock.pass_by(60)
    assert web.refresh(replayed["refresh_token"]).status_int == 400
    revoked = web.tokens(bob)
    web.revoke(revoked["access_token"])
    ended = apps["browser"].tokens(bob)
    apps["browser"].revoke(ended["refresh_token"])
    native = apps["native"]
    code = bob.connect(native)["code"]
    redirect = {"redirect_uri": native.client.redirect_uris[0]}
    assert native.exchange(code, **redirect).status_int == 200
    lost = web.tokens(alice)
    return {
        "rotated": rotated,
        "successor": successor,
        "replayed": replayed,
        "revoked": revoked,
        "ended": ended,
        "used_code": code,
        "photos": web.tokens(alice, scope="photos:read", resource=PHOTOS),
        "machine": machine.post("token", {"grant_type": "client_credentials"}).json,
        "code": alice.connect(web)["code"],
        "lost": lost,
        "lost_response": web.refresh(lost["refresh_token"]).json,
        "now": site.clock(),
    }


def gone(site: Site) -> None:
    """Disable the account that left."""
    costs = {"memory_kib": 8, "time_cost": 1, "password_length": 8}
    accounts = BuiltInAccounts.with_costs(site.storage, site.clock, **costs)
    for stored in site.storage.find(Account).items:
        if stored.record.name == "bob-left":
            accounts.disable(stored.record.account_id)


def written_down(site: Site) -> Iterator[dict[str, object]]:
    """Every record, as the version reads it."""
    for kind in KINDS:
        page = site.storage.find(kind, limit=1000)
        assert page.next is None, "there are more"
        assert page.items, f"no {kind.__name__} was stored"
        for stored in page.items:
            yield {
                "kind": kind.shape.name,
                "key": stored.record.storage_key,
                "fields": dataclasses.asdict(stored.record),
                "claimed_at": stored.claimed_at,
                "revoked_at": stored.revoked_at,
            }


def rows(url: str) -> Iterator[dict[str, object]]:
    """Each row of each table of an SQLite database."""
    engine = sqlalchemy.create_engine(url)
    tables = sqlalchemy.MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        for table in tables.sorted_tables:
            if table.name == "oauthprov_version":
                continue
            for row in connection.execute(table.select()).mappings():
                yield {"table": table.name, "row": dict(row)}


def commands(url: str) -> Iterator[list[object]]:
    """The commands that store each key, with the seconds that it has left."""
    client = redis.Redis.from_url(url, decode_responses=True)
    for name in sorted(client.scan_iter()):
        seconds = client.ttl(name)
        if client.type(name) == "zset":
            scored = [part for key in client.zrange(name, 0, -1) for part in (0, key)]
            yield ["ZADD", name, *scored]
            if seconds > 0:
                yield ["EXPIRE", name, seconds]
        else:
            expiry = ["EX", seconds] if seconds > 0 else []
            yield ["SET", name, client.get(name), *expiry]


if __name__ == "__main__":
    main(*sys.argv[1:])
