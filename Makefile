# make demo: make a movie, scan it, extract its happy faces.   make test: everything that CI runs.   make bench: how fast it is.
# make judge [MODEL=FILE]: how good a model is, on real clips and on faces.
# make model DATA=FOLDER FACES=FILE: the models from FER+'s faces, overnight; see models/README.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo-out
SOURCES := videmo tests examples benchmarks
WORKERS ?= 2

.PHONY: demo test test-long model seeds bench judge lint clean

demo: $(VENV)/installed
	mkdir -p $(DEMO)
	cd $(DEMO) && ../$(BIN)/videmo demo
	cd $(DEMO) && ../$(BIN)/videmo scan demo.mp4
	cd $(DEMO) && ../$(BIN)/videmo extract --emotion happy --repeat 5
	@echo
	@echo "The happy faces: $(DEMO)/extracted/demo.mp4/happy  (look at sheet.jpg first)"

test: $(VENV)/installed-dev lint
	$(BIN)/pytest -n $(WORKERS) --dist loadfile -m "not long"

test-long: $(VENV)/installed-dev
	$(BIN)/pytest -n $(WORKERS) --dist loadfile -m long

# FACES is a MobileNet that knows faces, as TensorFlow.js keeps it; models/README.md says which.
model: runs/models/emotion.tflite runs/third/metrics.json
	$(BIN)/videmo export runs/third -o runs/models --as dynamic --mirrored --labels fer2013 --name emotion-fer2013

# Interrupted, each goes on where it was when make is started again.
runs/both/metrics.json: private WITH = --init runs/small --teacher runs/teacher --teacher runs/small
runs/both/metrics.json: runs/small/metrics.json runs/teacher/metrics.json
runs/mobilenet/metrics.json: private WITH = --init $(FACES)
runs/swift/metrics.json: private WITH = --init runs/begin --teacher runs/mobilenet --teacher runs/small \
	--teacher runs/models/both-fer2013.tflite
runs/swift/metrics.json: $(foreach run,begin mobilenet small,runs/$(run)/metrics.json) runs/models/both-fer2013.tflite
runs/emotion/metrics.json: private WITH = --init runs/swift --teacher runs/swift --teacher runs/small
runs/beside/metrics.json: private WITH = --init runs/small --teacher runs/swift --teacher runs/small
runs/emotion/metrics.json runs/beside/metrics.json: runs/swift/metrics.json runs/small/metrics.json
FORMER := runs/models/former-fer2013.tflite
TAUGHT := --init $(FORMER) --teacher runs/models/emotion.tflite --teacher $(FORMER)
runs/third/metrics.json: private WITH = $(TAUGHT)
runs/third/metrics.json: runs/models/emotion.tflite $(FORMER)

runs/%/metrics.json: models/%.recipe.json $(VENV)/installed-train
	$(BIN)/videmo train $(DATA) -o runs/$* --recipe $< $(WITH) $(if $(wildcard runs/$*/last.pt),--resume)

runs/models/both-fer2013.tflite: runs/both/metrics.json
	$(BIN)/videmo export runs/both -o runs/models --as float16 --labels fer2013

runs/models/emotion.tflite: runs/emotion/metrics.json runs/beside/metrics.json
	$(BIN)/videmo export $(^D) -o runs/models --as dynamic --name emotion

$(FORMER): runs/emotion/metrics.json
	$(BIN)/videmo export $(^D) -o runs/models --as dynamic --labels fer2013 --name former-fer2013

# The last recipe with other seeds: its figures' mean and spread.
seeds: runs/third/metrics.json $(foreach seed,5 7,runs/third-$(seed)/metrics.json)
	$(BIN)/python -m benchmarks.seeds $(^D)

runs/third-%/metrics.json: models/third.recipe.json runs/models/emotion.tflite $(FORMER)
	$(BIN)/videmo train $(DATA) -o $(@D) --recipe $< --seed $* $(TAUGHT) $(if $(wildcard $(@D)/last.pt),--resume)

bench: $(VENV)/installed
	$(BIN)/python -m benchmarks

# MODEL is a .tflite with its .json beside it; the shipped one if it is not said.
judge: $(VENV)/installed
	$(BIN)/python -m benchmarks.judge $(MODEL)

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
