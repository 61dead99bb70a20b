# make demo: make a movie, scan it, extract its happy faces.   make test: what CI runs first.   make bench: how fast it is.
# make test-train: a training, from pictures to files, and all that the extra train needs tested (some GB to download).
# make model DATA=FOLDER: a model like the shipped one, and not that file itself, from FER+'s faces, in some hours; see models/README.md. WITH="--teacher FILE --init FILE" adds to it.
# make judge [MODEL=FILE]: how good a model is, on real clips and on faces.   make marks: from when on a moment is sure.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo-out
SOURCES := videmo tests examples benchmarks
WORKERS ?= 2
TRAINING := tests/test_fit.py tests/test_export.py tests/test_evaluate.py tests/test_own_models.py

.PHONY: demo test test-long test-train model seeds bench judge marks lint clean

demo: $(VENV)/installed
	mkdir -p $(DEMO)
	cd $(DEMO) && ../$(BIN)/videmo demo
	cd $(DEMO) && ../$(BIN)/videmo scan demo.mp4
	cd $(DEMO) && ../$(BIN)/videmo extract --emotion happy --repeat 5
	@echo
	@echo "The happy faces: $(DEMO)/extracted/demo.mp4/happy  (look at sheet.jpg first)"
	@cd $(DEMO) && ../$(BIN)/videmo report demo.mp4

test: $(VENV)/installed-dev lint
	$(BIN)/pytest -n $(WORKERS) --dist loadfile -m "not long"

test-long: $(VENV)/installed-dev
	$(BIN)/pytest -n $(WORKERS) --dist loadfile -m long

test-train: $(VENV)/installed-dev $(VENV)/installed-train
	$(BIN)/pytest -m "not long" $(TRAINING)

# Interrupted, it goes on where it was when make is started again.
model: runs/emotion/metrics.json
	$(BIN)/videmo export runs/emotion -o runs/models --as dynamic --name emotion

runs/emotion/metrics.json: models/emotion.recipe.json $(VENV)/installed-train
	$(BIN)/videmo train $(DATA) -o runs/emotion --recipe $< $(WITH) $(if $(wildcard runs/emotion/last.pt),--resume)

# The recipe with other seeds: its figures' mean and spread.
seeds: runs/emotion/metrics.json $(foreach seed,2 3,runs/emotion-$(seed)/metrics.json)
	$(BIN)/python -m benchmarks.seeds $(^D)

runs/emotion-%/metrics.json: models/emotion.recipe.json $(VENV)/installed-train
	$(BIN)/videmo train $(DATA) -o $(@D) --recipe $< --seed $* $(WITH) $(if $(wildcard $(@D)/last.pt),--resume)

bench: $(VENV)/installed
	$(BIN)/python -m benchmarks

# MODEL is a .tflite with its .json beside it; the shipped one if it is not said.
judge: $(VENV)/installed
	$(BIN)/python -m benchmarks.judge $(MODEL)

# What it chooses belongs into videmo/marks.py, and its tables into benchmarks/README.md.
marks: $(VENV)/installed
	$(BIN)/python -m benchmarks.marks $(MODEL)

lint: $(VENV)/installed-dev
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy

clean:
	rm -rf $(VENV) $(DEMO) build dist *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: setup.cfg pyproject.toml | $(VENV)/bin/python
	@echo "Installing videmo and what it needs into $(VENV) (some 700 MB) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/installed-dev: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .[dev]
	touch $(VENV)/installed $@

$(VENV)/installed-train: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .[train]
	touch $(VENV)/installed $@
