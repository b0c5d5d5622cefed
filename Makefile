# The two commands are `make demo` and `make test`; everything else serves them.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
DATA   ?= remem
RUNS   ?= runs/demo
FORGET ?= forget25
# Tests that use the installed lm_eval, into which some link our tasks: they cannot run beside one another
LM_EVAL_TESTS := tests/harness_tasks tests/remem_dataset/test_adopt.py tests/test_readme.py
# More options of recipes.demo, such as --learn-options '--max-steps 50'
DEMO_OPTIONS ?=

.PHONY: demo test test-lm-eval test-others lint env clean
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
	$(MAKE) -j 2 --output-sync=line --no-print-directory test-lm-eval test-others

test-lm-eval: $(VENV)/.installed
	$(BIN)/python -m pytest $(LM_EVAL_TESTS)

test-others: $(VENV)/.installed
	$(BIN)/python -m pytest tests $(addprefix --ignore=,$(LM_EVAL_TESTS))

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Leaves datasets and runs alone: they may have taken hours.
clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache
