"""The WSGI app of this project, by the production.ini that ``oauthprov init`` writes."""

import os

from pyramid.paster import get_app, setup_logging

_INI = os.environ["OAUTHPROV_INI"]

setup_logging(_INI)
app = get_app(_INI)
