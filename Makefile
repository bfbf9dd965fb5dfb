# `make PYTHON=python3.12 ...` chooses the Python that .venv is made with.
PYTHON = python3

.PHONY: help demo test docs format lock bench references venv

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /make \1 - /p' Makefile

demo: venv ## generate a study into demo/, run it, verify it against the numbers it came with
	.venv/bin/python tools/demo.py

test: venv ## run every test of the template and of the studies it makes
	.venv/bin/python -m pytest -n 2 --dist loadgroup

docs: venv ## show the template's own site at a local address, renewed as you write
	.venv/bin/python tools/docs.py serve

format: venv ## format and lint the template's own Python
	.venv/bin/python -m black .
	.venv/bin/python -m ruff check --fix .
	.venv/bin/python tools/engine.py

lock: venv ## renew every lock: both of the study and the template's own
	.venv/bin/python tools/lock.py --upgrade

bench: venv ## measure time and memory, and write docs/benchmarks.md (hours: the largest tables)
	.venv/bin/python benchmarks/run.py

references: venv ## make the results that every example ships with again
	.venv/bin/python tools/references.py

venv: # .venv from requirements-dev.txt; done in no time when the lock has not changed
	@$(PYTHON) tools/bootstrap.py
