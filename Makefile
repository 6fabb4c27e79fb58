# Every target makes what it needs first, so each works on a fresh clone.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO := zb-6.2b+1.5b-p8-m24-2x

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz lint types wheel-check bench gallery training best-known clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	@echo "Installing gapweave and what it needs into $(VENV): two to four minutes ..."
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]' -c constraints.txt
	@echo "Compiling the loops of the solver, once: about a minute ..."
	$(BIN)/python -m gapweave.solver.kernels
	touch $@

demo: $(READY) ## Schedule two measured training jobs together on 8 devices, compare, draw, and train by it (demo/)
	@mkdir -p demo
	$(BIN)/gapweave solve $(DEMO) -o demo/pair.schedule.json
	$(BIN)/gapweave check demo/pair.schedule.json
	$(BIN)/gapweave show demo/pair.schedule.json --width 100
	$(BIN)/gapweave compare $(DEMO) --time-limit 30 -o demo/comparison.html
	$(BIN)/gapweave show demo/pair.schedule.json -o demo/pair.svg
	$(BIN)/gapweave run demo/pair.schedule.json --steps 2 --check --backend in-process
	@echo "Open demo/pair.svg and demo/comparison.html in a browser."

test: $(READY) ## Run the tests (without the long fuzzing)
	$(BIN)/pytest -n 2 -m 'not slow'

fuzz: $(READY) ## Run the long fuzzing
	$(BIN)/pytest -n 2 -m slow

lint: $(READY) ## Check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## Check the types
	$(BIN)/mypy

wheel-check: $(READY) ## Build the wheel and use it in a clean environment, without extras
	$(BIN)/python .ci/wheel_check.py

$(VENV)/.bench-ready: $(READY)
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[bench]' -c constraints.txt
	touch $@

bench: $(VENV)/.bench-ready ## Measure gapweave beside other solvers, and write docs/benchmarks.md (hours)
	-$(BIN)/python benchmarks/scale.py
	-$(BIN)/python benchmarks/targets.py
	$(BIN)/python benchmarks/bench.py
	$(BIN)/python benchmarks/best_known.py --from-runs
	$(BIN)/python benchmarks/report.py

gallery: $(READY) ## Draw the schedules of docs/gallery/ and the trade-offs of docs/ again (minutes)
	$(BIN)/python docs/make_gallery.py
	$(BIN)/python docs/make_tradeoff.py

training: $(READY) ## Train two models at once and draw the pictures of docs/measured.md again (minutes)
	$(BIN)/python docs/make_training.py

best-known: $(READY) ## Look for better results and record them in instances/best_known.json
	$(BIN)/python benchmarks/best_known.py

clean: ## Remove everything that the targets made
	rm -rf $(VENV) demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
