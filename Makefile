# The project's commands; `make` alone explains them.
.DEFAULT_GOAL := help
SHELL := /bin/sh

PORT ?= 8000
HOST ?= 127.0.0.1
DATA_DIR ?= var
export PORT HOST DATA_DIR

BIN := .venv/bin
# One stamp per state of the requirements: a changed pin makes `make install` run again.
STAMP := .venv/installed-$(shell cksum requirements-dev.txt | cut -d' ' -f1)
SOURCES := academy courses certificates deploy tests manage.py
TEMPLATES := academy courses certificates
PO := $(shell find $(TEMPLATES) -name '*.po' 2>/dev/null)
MO := $(PO:.po=.mo)

.PHONY: help
help: ## this list
	@echo 'Akademi Digital ASN. Usage: make TARGET [PORT=8000] [DATA_DIR=var]'
	@echo
	@sed -n 's/^\([a-z-]*\):.*## /  \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'
	@echo
	@echo '  PORT, HOST (127.0.0.1) and DATA_DIR may also be set in the environment; .env.example lists every variable.'
	@echo '  PYTHON=python3.12 chooses another Python, PYTEST_ARGS="-k certificate" passes options to pytest.'

.PHONY: install
install: system $(STAMP) $(MO) ## system libraries, .venv/ with the pinned packages, compiled messages

.PHONY: system
system:
	@deploy/system-libraries.sh demo

$(STAMP): requirements-dev.txt | system
	@echo 'Building .venv (some minutes the first time)'
	@$(BIN)/python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
		|| "$$(deploy/find-python.sh)" -m venv --clear .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@rm -f .venv/installed-*
	@touch $@

%.mo: %.po | system
	@msgfmt --check-format -o $@ $<

.PHONY: demo
demo: install ## a running academy with demo people, from a bare clone; Ctrl-C stops all of it
	@exec $(BIN)/python deploy/serve.py demo

.PHONY: run
run: install ## the same processes on the data there is, without demo people
	@exec $(BIN)/python deploy/serve.py run

.PHONY: worker
worker: install ## the workers and the clock only, without the web server
	@exec $(BIN)/python deploy/serve.py worker

# Judges of what we make that are written in JavaScript.
JUDGES := tests/certificates/verifier tests/end_to_end/accessibility
%/node_modules/.package-lock.json: %/package-lock.json
	@deploy/system-libraries.sh test
	@npm ci --prefix $* --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: test
test: install $(JUDGES:%=%/node_modules/.package-lock.json) ## every test, on SQLite and on PostgreSQL where one answers
	@deploy/system-libraries.sh test
	@.ci/test $(PYTEST_ARGS)

.PHONY: bench
bench: install ## the benchmark table, written to var/bench.json too; BENCH_SIZE=full for the large sizes, BENCH_PARTS=… for some parts
	@$(BIN)/python -m tests.bench

.PHONY: check
check: check-format lint types messages check-migrations check-deploy ## everything but the tests: format, lint, types, imports, templates, messages, migrations

.PHONY: format
format: install ## put Python and templates into shape
	@$(BIN)/ruff format $(SOURCES)
	@$(BIN)/ruff check --fix --quiet $(SOURCES) || true
	@for pass in 1 2; do $(BIN)/djlint --reformat --quiet $(TEMPLATES) >/dev/null; done; true # it settles in its second pass

.PHONY: check-format
check-format: install
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/djlint --check --quiet $(TEMPLATES)

.PHONY: lint
lint: install ## ruff, the import contract, djLint, the stylesheet's freshness
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/djlint --lint $(TEMPLATES)
	$(BIN)/python -m academy.stylesheet --check

.PHONY: types
types: install ## mypy, strict
	$(BIN)/mypy

.PHONY: messages
messages: install ## compile the Indonesian messages and check that none is missing
	.ci/check-messages

.PHONY: collect-messages
collect-messages: install ## write new texts of the code into the .po files, to be translated
	@$(BIN)/python manage.py makemessages --locale id --no-location --no-obsolete --ignore .venv --ignore var --ignore tests

.PHONY: stylesheet
stylesheet: install ## join the CSS files into the one that pages load
	@$(BIN)/python -m academy.stylesheet

.PHONY: check-migrations
check-migrations: install
	$(BIN)/python manage.py makemigrations --check --dry-run

# Django's own checks, under an environment as a real installation has it.
.PHONY: check-deploy
check-deploy: install
	DEBUG=false SITE_URL=https://akademi.example.go.id ALLOWED_HOSTS=akademi.example.go.id \
	SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
	DATABASE_URL=postgresql:///academy REDIS_URL=redis://127.0.0.1:6379/0 EMAIL_URL=smtp://127.0.0.1:25 \
	$(BIN)/python manage.py check --deploy --fail-level WARNING
