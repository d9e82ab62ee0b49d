# make run    set up, invent a demo year, train, serve it          make test   set up, run the tests
# make check  format, lint, types, layers, dependencies, tests
# make mutants  break the code on purpose and name what the tests miss    make bench  speed, as ratios

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

export PYTHONUTF8 = 1

.PHONY: help run test check quick setup lock clean mutants docs notebooks screenshots bench bench-ablation bench-pages bench-quality bench-serving bench-policy
.DEFAULT_GOAL := help

help:
	@sed -n '1,3s/^# //p' Makefile

setup: $(READY)

# What the directory's tables are compiled from.
DIRECTORY := $(addprefix features/,build_directory.py large_cities.py place_aliases.py postal_points.py postal_source.py spelling.py)

$(READY): requirements.lock pyproject.toml $(DIRECTORY)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "rto needs Python 3.11 or newer: install it, or name one with make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "rto needs Python's venv: apt-get install python3-venv"; exit 1; }
	@ldconfig -p 2>/dev/null | grep -q libgomp || [ -n "$$(find /usr/lib /usr/local/lib -name 'libgomp*' -print -quit 2>/dev/null)" ] \
	  || { echo "LightGBM needs the OpenMP runtime: apt-get install libgomp1"; exit 1; }
	@echo "Installing into $(VENV) …"
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet uv==0.13.9
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

run: $(READY)
	$(BIN)/rto demo

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal

# Everything that reads the code and runs nothing of it.
quick: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

check: quick test

# Break the code on purpose and see the tests notice (about a quarter of an hour).
mutants: $(READY)
	$(BIN)/python tests/mutants/run.py

# Speed, as ratios within one run.
bench: $(READY)
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.models

# The whole path under load by wrk: make bench-serving ARGS="--orders 1000000" (20,000 by default).
bench-serving: $(READY)
	$(BIN)/python -m tests.bench.serving $(ARGS)

# Whether intervals and suggested thresholds are right on years whose truth is known (long): ARGS="--runs 20 --others 12".
bench-policy: $(READY)
	$(BIN)/python -m tests.bench.policy $(ARGS)

# What each page takes to answer with 200,000 orders counted (minutes): make bench-pages ARGS="--orders 20000".
bench-pages: $(READY)
	$(BIN)/python -m tests.bench.board $(ARGS)

# What each group of features is worth on data folders: make bench-ablation DATA="var/data other".
bench-ablation: $(READY)
	$(BIN)/python -m tests.bench.ablation $(DATA)

# Our model against what others would train, everybody retrained monthly (long): make bench-quality ARGS=--quick.
bench-quality: $(READY)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint requirements-bench.lock catboost
	$(BIN)/python -m tests.bench.quality $(ARGS)

# The notebooks in a browser.
notebooks: $(READY)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint requirements.lock jupyterlab
	$(BIN)/jupyter lab notebooks

# A picture of each page of the demo, on a phone and on a desk, in var/screenshots (needs chromium).
screenshots: $(READY)
	$(BIN)/rto demo --stop
	$(BIN)/python -m tests.screenshots

# The passages of the documents that the code knows better.
docs: $(READY)
	$(BIN)/python -m tests.generated

lock:
	$(BIN)/uv pip compile --quiet --no-header --no-annotate --no-emit-index-url --python-version 3.11 --extra training --extra dask --extra postgres --extra dev pyproject.toml requirements-build.in -o requirements.lock
	$(BIN)/uv pip compile --quiet --no-header --no-annotate --no-emit-index-url --python-version 3.11 --extra postgres -c requirements.lock pyproject.toml requirements-build.in -o requirements-serve.lock
	$(BIN)/uv pip compile --quiet --no-header --no-annotate --no-emit-index-url --python-version 3.11 --extra bench -c requirements.lock pyproject.toml -o requirements-bench.lock

clean:
	rm -rf $(VENV) var build dist .mypy_cache .ruff_cache .pytest_cache
