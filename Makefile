# make run      run the provider on http://$(HOST):$(PORT); needs only Python 3.11 or newer
#                 PORT=5000            port of the server and of the issuer
#                 HOST=127.0.0.1       localhost to try passkeys; the demo then has the other name
# make demo     run the demo client on http://localhost:$(DEMO_PORT), in a second terminal
#                 CLIENT_ID=...        id of the client registered for it
#                 CLIENT_SECRET=...    secret of that client
#                 DEMO_PORT=8000       port of the demo
#                 PORT=5000            port of the provider
#                 HOST=127.0.0.1       host name of the provider, as in make run
# make mcp      run the provider and an MCP server whose tools need its tokens: examples/mcp
#                 PORT=5000            port of the provider
#                 MCP_PORT=5001        port of the MCP server
# make certify  run the provider for the OpenID Foundation's conformance suite: docs/openid.md
#                 STORAGE=...          storage URL, SQLite by default
#                 SUITE_CA=...         PEM file with the certificate of the suite
#                 SUITE=localhost.emobix.co.uk:8443    host and port of the suite
#                 HOST=localhost       host name by which the suite reaches the provider
#                 LISTEN=127.0.0.1     address that the provider listens on
#                 PORT=5443            port of the provider
#                 ALIAS=oauthprov      alias of the plan, a part of the suite's URLs
#                 FOLDER=...           folder for its files; parallel runs need one each
#                 PROFILE=...          fapi2 or fapi2-message-signing: docs/fapi.md
#                 MTLS_PORT=5444       with a profile: port where nginx asks for certificates
# make test     run the test suite, on real servers
#                 PYTEST_ARGS="-n 2 --dist worksteal"
# make engines  run the tests that repeat on further engines what make test runs on one
#                 PYTEST_ARGS="-n 2 --dist worksteal"
# make faults   test failures of stores and servers on every engine: five minutes, prints a table
#                 FAULTS_ARGS=...      python -m tests.faults --help lists them
# make upgrades upgrade the previous version under load, on every engine: three minutes
#                 UPGRADES_ARGS=...    python -m tests.upgrades --help lists them
# make bench    compare speed with other providers, on this machine: 25 minutes, prints tables
#                 BENCH_ARGS=...       python -m bench.compare --help lists them
# make growth   measure pages and commands with many records: an hour at most, prints tables
#                 GROWTH_ARGS=...      python -m bench.pages --help lists them
# make docs     build the documentation as a site, into var/docs; a warning is an error
# make pot      bring the message catalogs of the pages up to date with templates and code
# make lint     run ruff and mypy
# make format   fix and format the code with ruff
# make clean    remove .venv and the files of builds and tools
#
# All but clean first install what they need into .venv.
#                 PYTHON=...           the Python for .venv, 3.11 or newer

# Not from the environment, where some shells have a HOST.
HOST = 127.0.0.1
DEMO_HOST = $(if $(filter localhost,$(HOST)),127.0.0.1,localhost)
PORT ?= 5000
DEMO_PORT ?= 8000
MCP_PORT ?= 5001
V := .venv
BIN := $(V)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt
ifeq ($(origin PYTHON),undefined)
# Searched once, when it is first needed.
PYTHON = $(eval PYTHON := $(shell for p in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done))$(PYTHON)
endif
# Pyramid imports pkg_resources, which says at each start that it is deprecated.
QUIET := PYTHONWARNINGS="ignore:pkg_resources is deprecated"
PYTEST_ARGS ?= -n 2 --dist worksteal

# python -c "$$LISTENING" check HOST PORT VARIABLE exits with a sentence if the port can't be used;
# announce HOST PORT SENTENCE prints the sentence once something does, unless its parent ends first.
define LISTENING
import errno, os, socket, sys, time

verb, host, port, words = sys.argv[1:]
if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
    sys.exit(f"{words}={port} is not a port: choose a number from 1 to 65535.")

def check():
    for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(address)
            except OSError as wrong:
                if wrong.errno == errno.EADDRINUSE:
                    sys.exit(
                        f"Port {port} is in use: stop the program that listens there, or choose another port "
                        f"with {words}={int(port) % 65535 + 1}."
                    )
                if wrong.errno != errno.EADDRNOTAVAIL:
                    sys.exit(f"Port {port} can't be used: {wrong.strerror}.")

def announce():
    server = os.getppid()
    while os.getppid() == server:
        try:
            socket.create_connection((host, port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            print(words, flush=True)
            return

check() if verb == "check" else announce()
endef
export LISTENING

# Prints the version and whether it is new enough, such as: 3.11 True
ASK_VERSION := import sys; print("%d.%d %s" % (sys.version_info[0], sys.version_info[1], sys.version_info >= (3, 11)))
NEED_PYTHON := oauthprov needs Python 3.11 or newer, so set PYTHON=/path/to/python3
CHECK_PYTHON = case "$$("$(PYTHON)" -c '$(ASK_VERSION)' 2>/dev/null)" in \
	*True) ;; \
	*False) echo "$(PYTHON) is too old: $(NEED_PYTHON)."; exit 1 ;; \
	*) echo "$(PYTHON) can't be run as Python: $(NEED_PYTHON)."; exit 1 ;; esac

.PHONY: help run demo mcp certify test engines faults upgrades bench growth docs pot lint format clean named-python

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

run: $(V)/.run
	@$(BIN)/python -c "$$LISTENING" check "$(HOST)" "$(PORT)" PORT
	@$(BIN)/python -c "$$LISTENING" announce "$(HOST)" "$(PORT)" \
		"oauthprov is on http://$(HOST):$(PORT)" & \
	$(QUIET) exec $(BIN)/pserve development.ini host=$(HOST) port=$(PORT)

# CLIENT_ID and CLIENT_SECRET travel in the environment, where make puts them, so that the secret
# doesn't appear in the list of processes. pserve requires its options before the file.
demo: $(V)/.run
	@$(BIN)/python -c "$$LISTENING" check "$(DEMO_HOST)" "$(DEMO_PORT)" DEMO_PORT
	@$(BIN)/python -c "$$LISTENING" announce "$(DEMO_HOST)" "$(DEMO_PORT)" \
		"The demo client is on http://$(DEMO_HOST):$(DEMO_PORT)" & \
	$(QUIET) exec $(BIN)/pserve --app-name demo --server-name demo development.ini host=$(HOST) \
		port=$(PORT) demo_host=$(DEMO_HOST) demo_port=$(DEMO_PORT)

mcp: $(V)/.mcp
	@$(BIN)/python -c "$$LISTENING" check 127.0.0.1 "$(PORT)" PORT
	@$(BIN)/python -c "$$LISTENING" check 127.0.0.1 "$(MCP_PORT)" MCP_PORT
	@$(QUIET) exec $(BIN)/python -m examples.mcp --port "$(PORT)" --mcp-port "$(MCP_PORT)"

certify: PORT = 5443
certify: MTLS_PORT = 5444
certify: HOST = localhost
certify: LISTEN = 127.0.0.1
certify: SUITE = localhost.emobix.co.uk:8443
certify: ALIAS = oauthprov
certify: FOLDER = var/certification$(if $(PROFILE),-$(PROFILE))
certify: $(V)/.run
	@$(QUIET) exec $(BIN)/python -m examples.certification --storage "$(STORAGE)" --host "$(HOST)" \
		--port "$(PORT)" --listen "$(LISTEN)" --suite "$(SUITE)" --suite-ca "$(SUITE_CA)" \
		--alias "$(ALIAS)" --folder "$(FOLDER)" --profile "$(PROFILE)" --mtls-port "$(MTLS_PORT)"

test: $(V)/.test
	$(BIN)/python -m pytest -m "not engines" $(PYTEST_ARGS)

engines: $(V)/.test
	$(BIN)/python -m pytest -m engines $(PYTEST_ARGS)

faults: $(V)/.test
	@$(QUIET) $(BIN)/python -m tests.faults $(FAULTS_ARGS)

upgrades: $(V)/.test
	@$(QUIET) $(BIN)/python -m tests.upgrades $(UPGRADES_ARGS)

bench: $(V)/.test
	@$(QUIET) $(BIN)/python -m bench.compare $(BENCH_ARGS)

growth: $(V)/.test
	@$(QUIET) $(BIN)/python -m bench.pages $(GROWTH_ARGS)

docs: $(V)/.docs
	@$(QUIET) $(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going docs var/docs
	@echo "The site is in var/docs: open var/docs/index.html in a browser."

pot: $(V)/.test
	@$(QUIET) $(BIN)/python -m tests.catalogs

lint: $(V)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(V)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(V) var/bench var/docs build tests/clients/node/node_modules *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(V)/bin/python:
	@test -n "$(PYTHON)" || { echo "There is no Python 3.11 or newer on PATH: install python3.13, or set PYTHON=/path/to/python3."; exit 1; }
	@$(CHECK_PYTHON)
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing: run 'apt-get install python3-venv', then make again."; exit 1; }
	@echo "Making $(V) with $(PYTHON) ..."
	@"$(PYTHON)" -m venv $(V) || { rm -rf $(V); exit 1; }

# If PYTHON is set, an existing .venv must have the same version.
named-python: $(V)/bin/python
	@$(CHECK_PYTHON)
	@test "$$("$(PYTHON)" -c '$(ASK_VERSION)' 2>/dev/null)" = "$$($(BIN)/python -c '$(ASK_VERSION)')" \
	|| { echo "$(V) and PYTHON=$(PYTHON) have different Python versions: run 'make clean' first, or don't set PYTHON."; exit 1; }

ifneq ($(filter command environment,$(firstword $(origin PYTHON))),)
$(V)/.run $(V)/.mcp $(V)/.test $(V)/.docs: | named-python
endif

$(V)/.run: $(V)/bin/python setup.cfg setup.py pyproject.toml constraints.txt
	@echo "Installing oauthprov and its dependencies into $(V): this takes about a minute, once ..."
	@$(PIP) -e '.[redis,postgresql,mysql,demo,cli]'
	@touch $@

$(V)/.mcp: $(V)/bin/python setup.cfg setup.py pyproject.toml constraints.txt
	@echo "Installing oauthprov and FastMCP into $(V): this takes about a minute, once ..."
	@$(PIP) -e '.[mcp]'
	@touch $@

$(V)/.test: $(V)/bin/python setup.cfg setup.py pyproject.toml constraints.txt
	@echo "Installing oauthprov and its test tools into $(V): this takes about a minute, once ..."
	@$(PIP) -e '.[test,servers]'
	@touch $@

$(V)/.docs: $(V)/bin/python setup.cfg setup.py pyproject.toml constraints.txt
	@echo "Installing oauthprov and what builds its documentation into $(V): this takes about a minute, once ..."
	@$(PIP) -e '.[docs]'
	@touch $@
