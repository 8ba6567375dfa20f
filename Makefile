# Two commands do everything on a fresh machine: `make demo` and `make test`. Each makes .venv itself.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO := demo
# Hundreds of processes are started here: compiled once, not each time, whatever the machine's image says.
export PYTHONDONTWRITEBYTECODE :=
# Files of tests are shared out among the cores; tests of one file share its fixtures.
PARALLEL := --numprocesses auto --dist loadfile

.PHONY: help demo test fast style types test-all test-server no-server lint bench bench-full clean
help:            ## List the targets
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 12

$(READY): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: set PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[all,test]'
	@touch $@

demo: $(READY)   ## Draw a sample catalog, train, index, search: the whole path in a few minutes
	@$(BIN)/python docs/tour/demo.py $(DEMO)

# Types take a minute of one core: they are checked while the tests begin.
test: style      ## Lint, types, import rules, fast tests
	@$(MAKE) --no-print-directory --jobs 2 types fast

fast: $(READY)   ## The fast tests alone
	$(BIN)/python -m pytest $(PARALLEL)

test-all: lint   ## Everything `test` does, and the slow tests
	$(BIN)/python -m pytest -m 'not bench' $(PARALLEL)

test-server: $(if $(QDRANT_URL),$(READY),no-server)  ## The tests that a Qdrant server at QDRANT_URL makes possible, over REST and gRPC
	QDRANT_GRPC=0 $(BIN)/python -m pytest -m 'server and not bench'
	QDRANT_GRPC=1 $(BIN)/python -m pytest -m 'server and not bench'

no-server:
	$(error no server to test: set QDRANT_URL, and QDRANT_API_KEY where it wants a key; docs/collection.md says how to get one)

lint: style types  ## Ruff, import-linter, mypy --strict

style: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: $(READY)
	$(BIN)/mypy

bench: $(READY)  ## Measure; nothing here passes or fails
	$(BIN)/python -m pytest tests/bench -m 'bench and not full' -s

bench-full: $(READY)  ## Measure at a million points: 11 GB of memory, half an hour and more
	$(BIN)/python -m pytest tests/bench -m full -s

clean:           ## Remove the virtual environment and what the demo made
	rm -rf $(VENV) $(DEMO)
