PYTHON ?= python3
BIN := .venv/bin
DATA ?= data
OUT ?= runs/new

.PHONY: run test check coverage bench train format setup

run: setup
	@$(BIN)/sedd-studio

test: check
	@$(BIN)/pytest

check: setup
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

coverage: check
	@$(BIN)/pytest tests/engine --cov=engine --cov-report=term-missing:skip-covered

bench: setup
	@$(BIN)/python benchmarks/window.py

# Keeping freed memory instead of returning it to the system nearly doubles the speed of training on a CPU.
train: setup
	@MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 \
	  $(BIN)/sedd $(if $(MODEL),reproduce $(MODEL) $(DATA) --out runs/$(MODEL),train $(DATA) --out $(OUT))

format: setup
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

setup:
	@$(PYTHON) scripts/setup.py
