# Everything a developer does. `make` alone lists it. Needs GNU make and Python 3.11 or newer, nothing else.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
BEGUN  := .venv.begun
COG    := $(BIN)/python -m cogapp -I .
# Every committed text with a generated part.
GENERATED = $(shell grep -rlF '[[[cog' README.md CHANGELOG.md CONTRIBUTING.md docs .env.example manifest.yml 2>/dev/null)
# More for pytest, such as: make test ARGS="tests/domain -x"
ARGS   ?=
PYTEST := $(BIN)/python -m pytest -n auto --dist loadgroup
UV     := uv==0.13.9

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Another Python was asked for by name than the one in .venv: build it anew.
ifneq ($(origin PYTHON),file)
ifneq ($(shell cat $(READY) 2>/dev/null),$(shell $(PYTHON) -c 'import sys; print(*sys.version_info[:2], sep=".")' 2>/dev/null))
.PHONY: $(READY)
endif
endif

.PHONY: help
help: ## list what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

.PHONY: demo
demo: $(READY) ## the whole bot on this machine, against a small Slack and a small cloud
	$(BIN)/imagebot demo

.PHONY: test
test: $(READY) ## the fast tests
	$(PYTEST) -m "not slow" $(ARGS)

.PHONY: test-slow
test-slow: $(READY) ## the tests that take more than a few seconds
	$(PYTEST) -m slow $(ARGS)

.PHONY: check
check: static audit test ## everything a change must pass: static checks, advisories and the fast tests

.PHONY: static
static: $(READY) ## format, lint, types, imports, generated texts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(COG) --check --check-fail-msg="run 'make docs'" $(GENERATED)

.PHONY: audit
audit: $(READY) ## insecure code, and known advisories against the dependencies; AUDIT_STRICT=1 fails when nobody could be asked
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive bot
	$(BIN)/python -m tools.dependency_audit

.PHONY: sbom
sbom: $(READY) ## what the bot is made of, as CycloneDX: build/imagebot.cdx.json
	$(BIN)/python -m tools.bill_of_materials build/imagebot.cdx.json

.PHONY: fmt
fmt: $(READY) ## format the code and mend what the linter can mend
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

.PHONY: docs
docs: $(READY) ## write the generated parts of the documents anew
	$(COG) -r $(GENERATED)

.PHONY: bench
bench: $(READY) ## measure, and compare with the goals
	$(BIN)/python -m bench $(ARGS)

# SEEDS: how many worlds. SEED: one of them, told step by step.
SEEDS ?= 1000
.PHONY: simulate
simulate: $(READY) ## live through SEEDS simulated worlds in which everything breaks; SEED=n tells one of them
	$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) $(ARGS)

ROUNDS ?= 30
.PHONY: crashes
crashes: $(READY) ## kill -9 the real process at random instants in ROUNDS stories, and look for what is lost or done twice
	$(BIN)/python -m tests.crashes --rounds $(ROUNDS) --jobs 2 $(ARGS)

.PHONY: crash-steps
crash-steps: $(READY) ## kill the real process at each commit and each vendor call there is; ARGS="--most 0" only looks whether all are reached
	$(BIN)/python -m tests.crashes --every-step --jobs 2 $(ARGS)

REQUESTS ?= 100000
.PHONY: soak
soak: $(READY) ## REQUESTS through the whole bot: memory and latency must stay flat, and everything true
	$(BIN)/python -m tests.soak --requests $(REQUESTS) $(ARGS)

SECONDS ?= 60
.PHONY: fuzz
fuzz: $(READY) ## coverage-guided fuzzing of everything that reads foreign bytes, for SECONDS
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(ARGS)

.PHONY: fuzz-nightly
fuzz-nightly: $(READY) ## the same for at least a million inputs
	$(BIN)/python -m tests.fuzz --runs 1000000 $(ARGS)

CURVES := .venv-curves
.PHONY: curves
curves: $(READY) $(CURVES)/.ready ## measure how the bot takes growth, and draw it: docs/curves, docs/performance.md (half an hour)
	$(BIN)/python -m bench.curves
	$(CURVES)/bin/python tools/draw_curves.py

$(CURVES)/.ready: requirements/curves.txt
	rm -rf $(CURVES)
	$(PYTHON) -m venv $(CURVES)
	$(CURVES)/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r requirements/curves.txt
	touch $@

.PHONY: mutants
mutants: $(READY) ## break the bot's promises on purpose, one way at a time, and see which invariant says so
	$(BIN)/python -m tools.mutants $(ARGS)

.PHONY: mutants-domain
mutants-domain: $(READY) ## change each line of bot/domain in each small way, and see that a test says so; ARGS="policy parse" for some
	$(BIN)/python -m tools.mutation $(ARGS)

.PHONY: mutants-policy
mutants-policy: $(READY) ## break the policy on purpose, one way at a time, and see that a test says so; ARGS="WORD" for some
	$(BIN)/python -m tools.mutants_policy $(ARGS)

.PHONY: lock
lock: ## resolve the requirements anew; UPGRADE=--upgrade takes newer versions too
	@set -eu; tool=$$(mktemp -d); trap 'rm -rf "$$tool"' EXIT; \
	$(PYTHON) -m venv "$$tool"; "$$tool/bin/pip" install --quiet --disable-pip-version-check "$(UV)"; \
	for name in build run dev curves; do \
	  echo "requirements/$$name.txt"; \
	  "$$tool/bin/uv" pip compile --quiet --system-certs --universal --python-version 3.11 --generate-hashes --no-header \
	    $(UPGRADE) "requirements/$$name.in" --output-file "requirements/$$name.txt"; \
	done

.PHONY: clean
clean: ## remove everything that can be made again, .venv included
	rm -rf $(VENV) $(CURVES) $(BEGUN) dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find bot bench tests tools -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# A build that was interrupted leaves its mark beside .venv; the next one starts from nothing. Pip alone would take a half
# installed package for a whole one.
$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "imagebot needs Python 3.11 or newer, and '$(PYTHON)' is not. Try: make PYTHON=python3.12" >&2; exit 1; }
	@set -eu; \
	version=$$($(PYTHON) -c 'import sys; print(*sys.version_info[:2], sep=".")'); \
	have=$$($(BIN)/python -c 'import pip, sys; sys.version_info < (3, 11) or print(*sys.version_info[:2], sep=".")' 2>/dev/null || true); \
	wanted=$(if $(filter file,$(origin PYTHON)),$${have:-$$version},$$version); \
	rm -f $(READY); \
	if [ -e $(BEGUN) ] || [ "$$have" != "$$wanted" ]; then \
	  echo "Making $(VENV) with Python $$version (once; a minute or so)"; \
	  touch $(BEGUN); rm -rf $(VENV); $(PYTHON) -m venv $(VENV); \
	fi; \
	touch $(BEGUN); \
	pip="$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input"; \
	$$pip --require-hashes -r requirements/dev.txt; \
	$$pip --no-deps --no-build-isolation -e .; \
	rm -f $(BEGUN); \
	$(BIN)/python -c 'import sys; print(*sys.version_info[:2], sep=".")' > $(READY)
