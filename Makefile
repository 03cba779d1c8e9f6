PYTHON ?= python3
BIN := .venv/bin
DATA ?= data
OUT ?= runs/new
PAGE ?= results
HOURS ?= 2
SEED ?= 1
# Keeping freed memory, and taking it in large pages, makes training on a CPU up to twice as fast.
MEMORY := MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 GLIBC_TUNABLES=glibc.malloc.hugetlb=1

.PHONY: run test check coverage fuzz kills interrupts bench soak train results format lock setup

run: setup
	@$(BIN)/sedd-studio

test: check
	@$(BIN)/pytest -n auto --dist loadfile

check: setup
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

coverage: check
	@$(BIN)/pytest tests/engine --cov=engine --cov-report=term-missing:skip-covered

# Opens N damaged files of all kinds that the program opens.
fuzz: setup
	@$(BIN)/python -m tests.hostile.fuzz $(or $(N),20000)

# Kills N processes of each kind of work at random moments, and has a fifth as many find no room on their disk.
kills: setup
	@$(BIN)/python -m tests.hostile.kills $(or $(N),100)

# Presses Ctrl+C at N random moments, over all commands and the studio.
interrupts: setup
	@$(BIN)/python -m tests.hostile.interrupts $(or $(N),200)

bench: setup
	@$(BIN)/python -m benchmarks.window

# A random user works in the studio for so many hours, beside a second one.
soak: setup
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m benchmarks.user --hours $(HOURS) --seed $(SEED)

train: setup
	@$(MEMORY) $(BIN)/sedd $(if $(MODEL),reproduce $(MODEL) $(DATA) --out runs/$(MODEL),train $(DATA) --out $(OUT))

# Measures anew what docs/results.md shows, or another page of measurements, and writes it.
results: setup
	@$(MEMORY) $(BIN)/python -m scripts.results $(DATA) --page $(PAGE)

format: setup
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

# Writes down the versions and hashes that setup installs; UPGRADE=1 takes the newest.
lock: setup
	@$(BIN)/python -m scripts.lock

setup:
	@$(PYTHON) -m scripts.setup
