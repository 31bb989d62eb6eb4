"""Every endpoint answers the same straight from WSGI and by Pyramid's views."""

from __future__ import annotations

import pytest

from tests import site as sites


@pytest.fixture(params=["straight", "views"])
def site(request):
    settings = sites.ini("sqlite://", development="true")
    made = sites.standalone(settings, straight=request.param == "straight")
    yield made
    made.close()
