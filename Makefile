# `make report` and `make test` set up everything that they need; both are safe to repeat.

PYTHON ?= # the one that makes .venv; python3 if none is named
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONDONTWRITEBYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: help setup development lock store slurm report preview new test test-all test-slurm chaos why diff verify audit archive validate handin lint format bench cache-clean clean

help: ## list what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | \
	  while IFS="$$(printf '\t')" read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

setup: ## make .venv if it is missing, broken or its locks changed
	@sh envs/setup.sh "$(PYTHON)"

development: ## the same, with what tests and lint need
	@sh envs/setup.sh "$(PYTHON)" development

slurm: ## the same, with what makes every step a job of a Slurm cluster: docs/scaling.md
	@sh envs/setup.sh "$(PYTHON)" slurm

lock: development ## write the locks in envs anew from pyproject.toml
	@sh envs/lock.sh $(OPTIONS)

store: setup ## what a shared cache at s3://… needs, in .venv/store
	@sh envs/apart.sh store

report: setup ## build report/build/assignment.pdf, to hand in, and companion.pdf; only what changed is run again
	@python -m scripts.pipeline.report

preview: development ## show the documents in a browser and follow every save, until Ctrl-C: PORT=4562
	@python -m scripts.report.preview $(if $(PORT),--port "$(PORT)")

new: setup ## add an exercise and build it: EXERCISE=coin TITLE="A coin that is thrown often"
	@python -m scripts.pipeline.new "$(EXERCISE)" "$(TITLE)"
	@python -m scripts.pipeline.report

test: development ## run every kind of test, each with its representatives
	@python -m pytest -n auto -m "not whole"

test-all: development store ## run all tests; installs an S3 server for them in .venv/moto
	@sh envs/apart.sh moto
	@python -m pytest -n auto

test-slurm: development slurm ## as root on Debian: build on a real Slurm of its own, with faults
	@sh tests/slurm/run.sh

chaos: development ## kill the build 50 times at random; each time it must recover, bytes and all
	@PYTHONPATH=. python tests/chaos.py

why: setup ## say for each step that would run, why
	@python -m scripts.pipeline.why

diff: setup ## compare with a commit, REV=main~3, or with other settings, CONFIG=other.yaml; also as a page
	@python -m scripts.report.diff --revision="$(REV)" --config="$(CONFIG)"

verify: setup ## recompute the hash of everything that was built
	@python -m scripts.pipeline.verify_tree

audit: setup ## run STEPS=5 steps drawn at random again, or all, without any cache, and compare the bytes
	@python -m scripts.pipeline.audit "$(STEPS)" "$(NONCE)"

archive: development report ## one zip to hand on, with sources, results, audit: report/build/archive.zip
	@python -m scripts.pipeline.archive

validate: development ## judge that zip as RO-Crate and its PDFs as PDF/UA-1, by roc-validator and veraPDF
	@sh envs/validate.sh report/build/archive.zip

handin: report ## what is handed in, the PDF and the code of 4.6, named after you: report/build/handin
	@python -m scripts.pipeline.handin

lint: development ## ruff, mypy, snakefmt, snakemake --lint, import-linter, codespell
	ruff check .
	ruff format --check .
	mypy
	snakefmt --check Snakefile workflow/rules
	python -m snakemake --lint
	lint-imports --no-cache
	codespell

format: development ## format the code
	ruff format .
	ruff check --fix .
	snakefmt Snakefile workflow/rules

bench: report ## time the GAN engine against a notebook loop and C, builds with little to do, and the preview
	@python -m benchmarks.gan_epochs
	@python -m benchmarks.rebuild
	@python -m benchmarks.preview
	@python -m benchmarks.page

cache-clean: ## remove the run cache; what was built stays
	rm -rf data/cache

clean: ## remove everything that the build made, and the run cache; keep .venv
	rm -rf data/results data/figures data/cache data/code data/logs data/benchmarks data/stage data/.lock data/.previous*
	rm -rf data/diff report/build report/generated report/_variables.yml .snakemake
	git worktree prune || :
