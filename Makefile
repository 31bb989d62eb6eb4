# make run    the provider on http://127.0.0.1:$(PORT), from nothing but Python 3.11 or newer
# make demo   the demo client on http://localhost:8000 (CLIENT_ID=... CLIENT_SECRET=...)
# make certify  the provider for the OpenID Foundation's conformance suite, see docs/openid.md
# make test   the test suite, on real servers
# make faults  what happens when a store or a server fails, on every engine: five minutes, a table
# make lint   ruff and mypy

PORT ?= 5000
DEMO_PORT ?= 8000
V := .venv
BIN := $(V)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# Pyramid imports pkg_resources, which says at each start that it is deprecated.
QUIET := PYTHONWARNINGS="ignore:pkg_resources is deprecated"
PYTEST_ARGS ?= -n 2 --dist worksteal

.PHONY: help run demo certify test faults lint format clean

help:
	@sed -n 's/^# make/make/p' Makefile

run: $(V)/.run
	@$(BIN)/python -c "import socket as s; l = s.socket(); l.setsockopt(s.SOL_SOCKET, s.SO_REUSEADDR, 1); \
		l.bind(('127.0.0.1', $(PORT)))" 2>/dev/null \
	|| { echo "Port $(PORT) is taken: stop what listens there, or choose another with 'make run PORT=5001'."; exit 1; }
	@echo "oauthprov is on http://127.0.0.1:$(PORT)"
	@$(QUIET) exec $(BIN)/pserve development.ini port=$(PORT)

# CLIENT_ID and CLIENT_SECRET travel in the environment, where make puts them, so that the secret
# doesn't appear in the list of processes. pserve wants its options before the file.
demo: $(V)/.run
	@echo "The demo client is on http://localhost:$(DEMO_PORT)"
	@$(QUIET) exec $(BIN)/pserve --app-name demo --server-name demo development.ini port=$(PORT) \
		demo_port=$(DEMO_PORT)

# STORAGE is a storage URL; HOST is what the suite calls this machine, SUITE where it listens itself,
# ALIAS what it puts into its addresses for this plan.
certify: PORT = 5443
certify: HOST = localhost
certify: LISTEN = 127.0.0.1
certify: SUITE = localhost.emobix.co.uk:8443
certify: ALIAS = oauthprov
certify: $(V)/.run
	@$(QUIET) exec $(BIN)/python -m examples.certification --storage "$(STORAGE)" --host "$(HOST)" \
		--port "$(PORT)" --listen "$(LISTEN)" --suite "$(SUITE)" --suite-ca "$(SUITE_CA)" \
		--alias "$(ALIAS)"

test: $(V)/.test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

faults: $(V)/.test
	@$(QUIET) $(BIN)/python -m tests.faults $(FAULTS_ARGS)

lint: $(V)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(V)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(V) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(V)/bin/python:
	@test -n "$(PYTHON)" || { echo "oauthprov needs Python 3.11 or newer: install python3.13, or name one with PYTHON=/path/to/python3."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing: run 'apt-get install python3-venv', then make again."; exit 1; }
	@$(PYTHON) -m venv $(V)

$(V)/.run: $(V)/bin/python setup.cfg pyproject.toml constraints.txt
	@echo "Installing oauthprov into $(V) ..."
	@$(PIP) -e '.[redis,postgresql,mysql,demo,cli]'
	@touch $@

$(V)/.test: $(V)/bin/python setup.cfg pyproject.toml constraints.txt
	@echo "Installing oauthprov and its test tools into $(V) ..."
	@$(PIP) -e '.[test,servers]'
	@touch $@
