# Every target that needs the environment makes .venv itself, once.
PYTHON ?= python3
VENV ?= .venv
# PyTorch and JAX are large: they have an environment apart. TORCH=... names another build of PyTorch.
PARITY ?= .venv-parity
TORCH ?= torch
# mkdocs reads the source and imports nothing of it: its environment is small.
DOCS ?= .venv-docs
BIN := $(VENV)/bin
PAPER ?= all
PAPERS := $(if $(filter all,$(PAPER)),$(patsubst experiments/%/family.py,%,$(wildcard experiments/*/family.py)),$(PAPER))
SCALE ?= laptop
DATASET ?= embedded
DATA_DIR ?=
OUTPUT ?= runs/tables
# Of `make publish`.
TABLE ?=
# Not from the environment, where INSTALL is often a program.
INSTALL :=
SEED ?= 0
# Processes of `make test`, `test-slow` and `test-paper`.
JOBS ?= 2
export TF_CPP_MIN_LOG_LEVEL ?= 3

.DEFAULT_GOAL := help
.PHONY: help setup test test-slow test-paper test-backends docs lint format plots publish pretrained savedmodels benchmark clean

help: ## list the targets
	@echo "forensics-zoo: make TARGET [PAPER=contrast] [SCALE=smoke|laptop|paper] [DATA_DIR=~/photos] [DATASET=clic]"
	@grep -hE '^[a-z%-]+:.*## ' Makefile | sed -E 's/^([a-z%-]+):[^#]*## /  \1\t/' | expand -t 24
	@echo "  reproduce-table-N     measure Table N of every paper that has one, or of PAPER: runs/tables/<scale>/<paper>_table_N.csv and .png"

$(VENV)/.installed: requirements.lock setup.cfg
	@test -d zoo/datasets/ -a -d zoo/experiments/ || { echo "forensics-zoo: zoo/datasets and zoo/experiments must be symbolic links, as they are committed; on this file system: git config core.symlinks true, then git checkout -- zoo" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "forensics-zoo needs Python 3.11 or newer. Received: " + sys.version.split()[0] + " (set PYTHON=...)")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

setup: $(VENV)/.installed ## make .venv with the locked versions

test: $(VENV)/.installed ## the tests, offline, under 12 minutes on two cores
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile

$(PARITY)/.installed: requirements.lock setup.cfg
	$(PYTHON) -m venv $(PARITY)
	$(PARITY)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.lock $(TORCH)
	$(PARITY)/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[parity]"
	@touch $@

test-backends: $(PARITY)/.installed ## the tests on PyTorch and JAX, in an environment of their own
	$(PARITY)/bin/python -m pytest -q -m backends

$(DOCS)/.installed: requirements-docs.lock
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-docs.lock
	@touch $@

docs: $(DOCS)/.installed plots ## the documentation in site/, in an environment of its own; every warning is an error
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --strict --quiet

test-slow: $(VENV)/.installed ## the tests that take minutes, under 30 minutes on two cores
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile -m slow

test-paper: $(VENV)/.installed ## a rehearsal of the paper's scale on tiny data sets, under 15 minutes on two cores
	$(BIN)/python tests/paper/paper_cut.py
	$(BIN)/python -m pytest -q -n $(JOBS) -m paper tests/paper --timeout 900 --durations=0

lint: $(VENV)/.installed ## ruff: rules and format; mypy: types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy zoo

format: $(VENV)/.installed ## let ruff rewrite the files
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

reproduce-table-%: $(VENV)/.installed
	@for paper in $(PAPERS); do \
	  [ "$(PAPER)" != all ] || grep -q '"table_$*":' experiments/$$paper/family.py || continue; \
	  $(BIN)/zoo reproduce $$paper table-$* --scale $(SCALE) --dataset $(DATASET) --seed $(SEED) --output $(OUTPUT) \
	    $(if $(DATA_DIR),--data-dir $(DATA_DIR)) || exit $$?; \
	done

plots: $(VENV)/.installed ## draw the plots of the published results: results/<scale>/*.png
	$(BIN)/python -m zoo.experiments.publish.plots

publish: $(VENV)/.installed ## for maintainers: PAPER=... TABLE=table-1, as measured with a clean tree, into results/ and docs/results
	$(BIN)/python -m zoo.experiments.publish.results $(PAPER) $(TABLE) --scale $(SCALE) --measured $(OUTPUT)

pretrained: $(VENV)/.installed ## train networks of PAPER anew (resumes when killed), for the local store; INSTALL=1: into the package, by its SCALE and DATASET
	@for paper in $(PAPERS); do \
	  for joint in "" $$([ $$paper != imaging ] || echo joint); do \
	    $(BIN)/zoo pretrain $$paper $$joint --scale $(SCALE) --dataset $(DATASET) --seed $(SEED) \
	      $(if $(DATA_DIR),--data-dir $(DATA_DIR)) $(if $(filter 1,$(INSTALL)),--install) || exit $$?; \
	  done; \
	done

savedmodels: $(VENV)/.installed ## every stored network as a SavedModel in savedmodels/
	$(BIN)/zoo export --all savedmodels

benchmark: $(PARITY)/.installed ## speed next to what a user would pick instead: benchmarks/README.md
	$(PARITY)/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[benchmark]"
	$(PARITY)/bin/python benchmarks/jpeg_pipeline.py
	$(PARITY)/bin/python benchmarks/pipeline.py
	$(PARITY)/bin/python benchmarks/jpeg.py
	$(PARITY)/bin/python benchmarks/raw_read.py
	$(PARITY)/bin/python benchmarks/prnu.py
	$(PARITY)/bin/python benchmarks/knn.py
	$(PARITY)/bin/python benchmarks/knn_approximate.py
	$(PARITY)/bin/python benchmarks/adversarial_memory.py
	$(PARITY)/bin/python benchmarks/paper_memory.py
	$(PARITY)/bin/python benchmarks/commands.py
	$(PARITY)/bin/python benchmarks/score_archive.py
	$(PARITY)/bin/python benchmarks/page.py

clean: ## remove the environment and what was built
	rm -rf $(VENV) $(PARITY) $(DOCS) site build dist *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
