# Two commands do everything on a fresh machine, each alone and in any order: `make demo` and `make test`.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONDONTWRITEBYTECODE := 1

PACKAGES := $(VENV)/.packages
ACTIVITYWATCH := .venv-activitywatch/.packages
MODULES := web/node_modules/.packages
STATIC := src/reteamz/server/static/.built
WEB_SOURCES := $(shell find web -type f \( -name '*.ts' -o -name '*.css' -o -name '*.json' -o -name '*.svg' \) -not -path '*/node_modules/*' 2>/dev/null)
EXTENSION := dist/extension/.built
EXTENSION_SOURCES := $(shell find web/extension -type f -not -path '*/node_modules/*' 2>/dev/null)

.PHONY: help demo test check format bench build lock clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(PACKAGES) $(STATIC) ## a small simulated company: prints an address and a login
	$(BIN)/reteamz demo $(DEMO)

test: $(PACKAGES) $(STATIC) $(EXTENSION) $(ACTIVITYWATCH) check ## every check and every test, in a real browser and on real windows
	$(BIN)/python scripts/system.py chromium xvfb xdotool xterm x11-xserver-utils xclip at-spi2-core dbus-daemon libportaudio2 nginx-light systemd trayer binutils
	$(BIN)/python -m pytest $(TEST)

check: $(PACKAGES) $(MODULES) ## style, types, boundaries
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --no-warn-unreachable --cache-dir .mypy_cache/win32 -p reteamz.agent -p reteamz.cli
	$(BIN)/mypy --platform darwin --no-warn-unreachable --cache-dir .mypy_cache/darwin -p reteamz.agent -p reteamz.cli
	$(BIN)/lint-imports
	cd web && npm run --silent check

format: $(PACKAGES) $(MODULES) ## put every file into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd web && npm run --silent format

bench: $(PACKAGES) $(STATIC) $(ACTIVITYWATCH) ## measure against peers and the bare engine
	$(BIN)/python scripts/system.py wrk chromium xvfb xterm
	$(BIN)/python -m bench

build: $(PACKAGES) $(STATIC) $(EXTENSION) ## a wheel, a source archive, the agent as one file and the browsers' extension in dist/
	$(BIN)/python scripts/system.py binutils
	$(BIN)/python scripts/executable.py dist
	$(BIN)/python -m hatchling build
	cd dist/extension/chromium && ../../../$(BIN)/python -m zipfile -c ../../reteamz-sites-chromium.zip *
	cd dist/extension/firefox && ../../../$(BIN)/python -m zipfile -c ../../reteamz-sites-firefox.zip *

lock: $(PACKAGES) ## write the lock files again from pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--extra server --extra agent --extra camera --extra sound --group dev pyproject.toml -o locks/dev.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--group activitywatch -o locks/activitywatch.txt

clean: ## remove everything that was made here
	rm -rf $(VENV) .venv-activitywatch web/node_modules src/reteamz/server/static dist

$(PACKAGES): locks/dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r locks/dev.txt
	RETEAMZ_WEB=skip $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(ACTIVITYWATCH): locks/activitywatch.txt
	test -x .venv-activitywatch/bin/python || $(PYTHON) -m venv .venv-activitywatch
	.venv-activitywatch/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r locks/activitywatch.txt
	touch $@

$(MODULES): web/package-lock.json $(PACKAGES)
	cd web && npm ci --no-audit --no-fund --loglevel=error
	touch $@

$(EXTENSION): $(MODULES) $(EXTENSION_SOURCES)
	cd web && npm run --silent extension
	touch $@

$(STATIC): $(MODULES) $(WEB_SOURCES)
	cd web && npm run --silent build
	touch $@
