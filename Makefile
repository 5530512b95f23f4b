# `make demo`, `make test`, `make thorough`, `make quick`. Each sets up .venv first; each needs only python3-venv and make.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test tests thorough quick check typed install clean
install: .venv/.installed
.venv/.installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[gui,dev]'
	$(BIN)/python -m pip install --quiet --no-deps arc2control==0.2.0   # a test writes stores with it; it requires a driver and PyQt6
	$(BIN)/python -c "open('.venv/.installed', 'w').close()"

demo: install
	$(BIN)/tsbench demo --out demo_out

# Hundreds of the tests start Python, and without bytecode on disk each of them compiles the tree once more.
unexport PYTHONDONTWRITEBYTECODE

# Checkers cannot follow the folder mapping of an editable install: they read a typed copy of the tree.
typed: install
	$(BIN)/python tests/typed_tree.py build/typed

check: typed
	$(BIN)/ruff check .
	$(BIN)/mypy
	cd build/typed && ../../$(BIN)/lint-imports --config ../../pyproject.toml

# The checks need one processor for a minute and a half, so the tests begin beside them. All of both is told.
test: install
	+$(MAKE) --no-print-directory --keep-going -j2 check tests

# Two processes; the tests of one file stay together, and those of the window share one display, so all of them do.
tests: install
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(PYTEST_ARGS)

# All tests but the soak tests: also those that ask the same at more places, or slowly.
thorough: install
	$(BIN)/python -m pytest -n 2 --dist loadgroup --thorough $(PYTEST_ARGS)

# For every save: the tests that take little processor time, a test or more of every room. tests/slow_tests.txt says what it leaves out.
quick: install
	$(BIN)/ruff check --quiet .
	$(BIN)/python -m pytest --quick --quiet $(PYTEST_ARGS)

clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
