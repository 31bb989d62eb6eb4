"""Metrics: what is counted, and who may read it."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.site import Site, bearing

SECRET = "metrics 0123456789abcdefghijklmno".replace(" ", "-")


class Scraped(dict):
    """The samples of a scrape: the value by name and labels."""

    def of(self, name: str, **labels: str) -> float:
        """The sum of the samples of ``name`` that have these labels, 0 if there is none."""
        wanted = labels.items()
        return sum(
            value for (found, pairs), value in self.items() if found == name and wanted <= pairs
        )

    def labels(self, name: str) -> list[dict[str, str]]:
        """The labels of every sample of ``name``."""
        return [dict(pairs) for found, pairs in self if found == name]


def parsed(text: str) -> Scraped:
    """What the text format says."""
    return Scraped(
        ((sample.name, frozenset(sample.labels.items())), sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    )


def scrape(site: Site) -> Scraped:
    """Read the metrics of a site as Prometheus does."""
    answer = site.get("/metrics", headers=bearing(SECRET))
    assert answer.status_int == 200, answer.text
    return parsed(answer.text)
