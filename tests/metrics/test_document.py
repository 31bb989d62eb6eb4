"""docs/metrics.md names every metric and every value of a label."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from oauthprov.events import KINDS
from oauthprov.metrics.catalog import CATALOG
from oauthprov.metrics.labels import ERRORS, METHODS, SIGN_INS, STATUSES
from oauthprov.metrics.storage import VERBS
from oauthprov.protocol.admin.server import QUEUES
from oauthprov.protocol.engine.token_grants import TOKEN_GRANTS

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text("utf-8")
VALUES = {
    "method": METHODS,
    "status": set(STATUSES) - {"other"},
    "error": ERRORS,
    "grant_type": set(TOKEN_GRANTS),
    "event": {kind.name for kind in KINDS},
    "how": SIGN_INS,
    "verb": VERBS,
    "queue": QUEUES,
}


def listed(names) -> str:
    return ", ".join(f"`{name}`" for name in names)


def test_the_table_has_every_metric():
    rows = [
        f"| `{metric.name}` | {metric.kind} | {listed(metric.labels)} | {metric.meaning} |"
        for metric in CATALOG
    ]
    assert re.findall(r"^\| `oauthprov_.+$", PAGE, re.MULTILINE) == rows, "\n".join(rows)


def test_the_table_has_every_label():
    rows = [f"| `{name}` | {listed(sorted(values))} |" for name, values in VALUES.items()]
    names = "|".join(VALUES)
    found = re.findall(rf"^\| `(?:{names})` \| .+$", PAGE, re.MULTILINE)
    assert found == rows, "\n".join(rows)


def test_alerts_and_queries_name_metrics_that_exist():
    known = {metric.name for metric in CATALOG}
    known |= {f"{metric.name}_bucket" for metric in CATALOG if metric.kind == "histogram"}
    code = " ".join(re.findall(r"```yaml\n(.+?)```|`([^`]+)`", PAGE, re.DOTALL)[0])
    for text in (code, PAGE):
        assert set(re.findall(r"\boauthprov_[a-z_]+", text)) <= known
    labels = {label for metric in CATALOG for label in metric.labels} | {"le"}
    assert set(re.findall(r"(\w+)=\"\w", PAGE)) <= labels


def test_the_examples_in_yaml_are_valid():
    blocks = re.findall(r"```yaml\n(.+?)```", PAGE, re.DOTALL)
    scraping, alerts = map(yaml.safe_load, blocks)
    [job] = scraping["scrape_configs"]
    assert job["scheme"] == "https"
    assert len(alerts["groups"][0]["rules"]) == 3
