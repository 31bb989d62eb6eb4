"""The public test suite of the storage contract, for every backend.

Subclass :class:`StorageSuite` in a test module of pytest and define its fixtures, which
:class:`~oauthprov.storage.testing.backend.Backend` describes::

    class TestMyStorage(StorageSuite):
        @pytest.fixture
        def storage(self, tmp_path):
            return MyStorage(tmp_path / "records")

Time is an argument everywhere, so no test sleeps. One test needs Hypothesis and is skipped
without it.
"""

import pkgutil

import pytest

for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    pytest.register_assert_rewrite(_module.name)

# pytest rewrites the asserts only of modules registered before they are imported.
from oauthprov.storage.testing.atomicity import Atomicity  # noqa: E402
from oauthprov.storage.testing.backend import NewerCode  # noqa: E402
from oauthprov.storage.testing.changes import Changes  # noqa: E402
from oauthprov.storage.testing.expiry import Expiry  # noqa: E402
from oauthprov.storage.testing.failure import Failure  # noqa: E402
from oauthprov.storage.testing.finding import Finding  # noqa: E402
from oauthprov.storage.testing.grants import Grants  # noqa: E402
from oauthprov.storage.testing.lifetime import Lifetime  # noqa: E402
from oauthprov.storage.testing.loading import Loading  # noqa: E402
from oauthprov.storage.testing.machine import AgainstModel  # noqa: E402
from oauthprov.storage.testing.purging import Purging  # noqa: E402
from oauthprov.storage.testing.racing import Racing  # noqa: E402
from oauthprov.storage.testing.reading import Reading  # noqa: E402
from oauthprov.storage.testing.refusing import Refusing  # noqa: E402
from oauthprov.storage.testing.secrecy import Secrecy  # noqa: E402

__all__ = ["NewerCode", "StorageSuite"]


class StorageSuite(
    # pytest runs the tests of the last base class first: simple tests come before the races.
    AgainstModel,
    Racing,
    Lifetime,
    Secrecy,
    Failure,
    Purging,
    Grants,
    Expiry,
    Atomicity,
    Refusing,
    Loading,
    Finding,
    Changes,
    Reading,
):
    """Tests for everything that :mod:`oauthprov.storage.interface` requires."""
