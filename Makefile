# The two commands are `make demo` and `make test`; everything else serves them.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
DATA   ?= remem
RUNS   ?= runs/demo
FORGET ?= forget25
# Processes that the tests are shared out among
JOBS   ?= 2
# More options of recipes.demo, such as --learn-options '--max-steps 50'
DEMO_OPTIONS ?=

.PHONY: demo test lint env clean
.DELETE_ON_ERROR:

env: $(VENV)/.installed

$(VENV)/.installed: setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --progress-bar off -c constraints.txt torch
	$(BIN)/python -m pip install --progress-bar off -c constraints.txt -e '.[generation,faces,ray,recipes,dev]'
	touch $@

demo: $(VENV)/.installed
	$(BIN)/python -m recipes.demo --data $(DATA) --out $(RUNS) --forget $(FORGET) $(DEMO_OPTIONS)

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Leaves datasets and runs alone: they may have taken hours.
clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache
