# Two commands: `make app` starts the dashboard, `make test` runs every check.
# Both set up .venv first; nothing else needs to be installed but Python 3.11 or newer (with venv) and make.

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8501
# Where to take torch from, such as the CPU or CUDA index that pytorch.org names; empty for pip's own index.
TORCH_INDEX_URL ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: app test soak quick lint coverage js-check js-test pictures lock sbom audit clean
.DELETE_ON_ERROR:

app: $(VENV)/app.stamp
	$(BIN)/python -m streamlit run app.py --server.port $(PORT)

test: lint js-test
	browser="$$($(BIN)/python -m scripts.ensure_browser)" && \
	CHROMIUM="$$browser" BROWSER_PATH="$$browser" OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile

# Faults (killed processes, full disks, servers that stop), twenty times each; then a long day of one server, and twenty people for
# an hour. It takes about two hours.
soak: $(VENV)/dev.stamp
	$(BIN)/python -m pytest tests/faults --fault-times 20
	CHROMIUM="$$($(BIN)/python -m scripts.ensure_browser)" $(BIN)/python -m benchmarks day
	$(BIN)/python -m benchmarks lab --seconds 1200

# The checks that take seconds, for every save.
quick: lint js-test
	$(BIN)/python -m pytest -m "not slow and not browser"

lint: $(VENV)/dev.stamp js-check
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy
	$(BIN)/lint-imports
	-@$(MAKE) --no-print-directory --silent audit  # an advisory of today must not stop a change that has nothing to do with it

# A command of its own, run by CI beside `make test`: counting lines makes tests slower, and `make test` must stay quick.
coverage: $(VENV)/dev.stamp
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/core -m "not slow" --cov --numprocesses auto --dist loadfile

# The JavaScript of ui/. The product needs no node; where there is none, its checks are left out, and that is said.
js-check:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory node_modules/.package-lock.json && npm run --silent check; \
	else echo "SKIPPED: node is not installed, so the types of the JavaScript were not checked."; fi

js-test:
	@if command -v npm >/dev/null; then npm run --silent test; \
	else echo "SKIPPED: node is not installed, so the tests of the JavaScript were not run."; fi

node_modules/.package-lock.json: package-lock.json
	npm ci --silent --no-audit --no-fund
	@touch $@

# What the product is made of: the versions that the tests ran with, a software bill of materials of them, and what is known to
# be unsafe about them, where the network allows to ask.
lock: $(VENV)/dev.stamp
	$(BIN)/python -m scripts.lock

sbom: $(VENV)/dev.stamp
	@mkdir -p dist
	$(BIN)/cyclonedx-py requirements requirements.lock --output-file dist/sbom.json
	@echo "dist/sbom.json"

audit: $(VENV)/dev.stamp
	@timeout 120 $(BIN)/pip-audit --no-deps --disable-pip --progress-spinner off --timeout 5 -r requirements.lock 2>&1 | grep -v "could not be audited" | tail -n 40 || true

pictures: $(VENV)/dev.stamp
	CHROMIUM="$$($(BIN)/python -m scripts.ensure_browser)" $(BIN)/python -m scripts.screenshots

$(VENV)/app.stamp: requirements.txt | $(BIN)/python
	@echo "Installing into $(VENV); the first time this takes a few minutes."
	@if [ -n "$(TORCH_INDEX_URL)" ]; then $(PIP) install "$$(grep '^torch==' requirements.txt)" --index-url "$(TORCH_INDEX_URL)"; fi
	$(PIP) install -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/app.stamp
	$(PIP) install -r requirements-dev.txt
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "$(PYTHON) is missing or older than 3.11: install Python 3.11 or newer, or name one with PYTHON=." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	{ echo "This Python has no venv (Debian, Ubuntu: apt install python3-venv)." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) node_modules .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
