import logging

import pytest

from oauthprov import logs


@pytest.fixture
def lines(caplog):
    """The fields of the lines that were logged since the test last looked."""
    caplog.set_level(logging.INFO, "oauthprov.events")

    def since():
        records = [r for r in caplog.records if r.name == "oauthprov.events"]
        caplog.clear()
        names = [name for name in logs.FIELDS if name not in ("event", "account_id")]
        known = [{n: getattr(r, n) for n in names if hasattr(r, n)} for r in records]
        return [fields | {"level": r.levelname} for fields, r in zip(known, records, strict=True)]

    return since
