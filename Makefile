# make run    everything on this machine, in the foreground; Ctrl-C ends it all
# make demo   the same, with callers and agents who play a day of a contact centre: open the wallboard
# make test   all tests, on a real Asterisk and a real Postgres; test-fast: those that need neither; lint
# make bench  all measurements, into bench/results/; one: bench-switching, -menus, -announcing, -pop, -recording, -recovery, -handover, -routing, -simulation, -fold, -screen
# make bench-history  figures of a month of 1,000,000 contacts, counted and made again: half an hour, 40 GB of disk
# make bench-reports  reports of a month of 2,000,000 contacts: a few minutes, 2 GB of disk
# make chaos  faults under load, judged by the phones' own log: docs/reliability.md; prints its seed
# make sim-full  the simulator against published numbers (docs/simulation.md), and the core against 50,000 days of anything
# make bench-wallboards  300 of them watch a centre of 1,000 agents: what that takes of a core
# make soak   the wallboard's page in a real browser for hours (ARGS="--hours 8"): whether it grows
# make parity-hour  an hour of everything on a real Asterisk: whether every figure is counted alike by all (docs/figures.md)
# make lock   dependencies anew    make clean  remove what was made    make env-dev  what tests need, into .venv
# make web    the pages, into src/ccplane/http/static (make run and make test see to it)
#
# Options of a target: ARGS, e.g. make test ARGS="-k dialplan". As root (apt, mounts).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.PHONY: able help run demo test test-fast lint bench chaos sim-full soak parity-hour lock clean web env env-dev host host-test asterisk-root

# Python keeps what it has compiled, whatever the shell says: the tests start hundreds of planes, and each would compile
# all of it again for a second.
unexport PYTHONDONTWRITEBYTECODE

PY := .venv/bin/python
INSTALL := asterisk-docker/install.sh
ROOT := $(or $(CCPLANE_ASTERISK_ROOT),$(or $(CCPLANE_RUNTIME),.runtime)/asterisk-root)

help:
	@sed -n '1,12p' Makefile | cut -c3-

run: able env host
	@web/build.sh || echo "web: ccplane starts without its pages; /phone will say so." >&2
	exec $(PY) -m ccplane.local

demo: able env host
	@web/build.sh || echo "web: ccplane starts without its pages; /phone will say so." >&2
	exec $(PY) -m ccplane.demo $(ARGS)

# For two processors: a quarter of what a test of calls takes is work, the rest is waiting for what comes when it comes.
WORKERS := 3

test: env-dev host-test asterisk-root web
	@exec $(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

test-fast: env-dev
	@exec $(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --hypothesis-profile=quick -m "not slow and not asterisk and not postgres" $(ARGS)

lint: env-dev
	@$(PY) -m ruff check --no-cache .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	web/build.sh check

BENCHES := switching menus announcing pop recording recovery handover routing simulation fold screen
.PHONY: $(BENCHES:%=bench-%) bench-history bench-reports

# One after the other, as each wants the machine for itself; one that misses its promise keeps none from being run.
bench: env-dev host-test asterisk-root
	@[ -z "$(ARGS)" ] || { echo "make bench runs all as they are; ARGS go to one of: $(BENCHES:%=bench-%)" >&2; exit 2; }
	missed=
	for each in $(BENCHES); do
	    echo "bench: $$each"
	    code=0; $(PY) -m bench.$$each || code=$$?
	    [ $$code -lt 128 ] || exit $$code  # interrupted
	    [ $$code = 0 ] || missed="$$missed $$each"
	done
	[ -z "$$missed" ] || { echo "bench: not as promised:$$missed" >&2; exit 1; }

$(BENCHES:%=bench-%): bench-%: env-dev host-test asterisk-root
	@exec $(PY) -m bench.$* $(ARGS)

bench bench-screen: web

bench-history: env-dev
	@exec $(PY) -m bench.history $(ARGS)

bench-reports: env-dev
	@exec $(PY) -m bench.reports $(ARGS)

chaos: env-dev host-test asterisk-root
	@exec $(PY) -m chaos $(ARGS)

sim-full: env-dev
	@$(PY) -m tests.simulate.full $(ARGS)
	exec $(PY) -m pytest -q -o timeout=0 -o session_timeout=0 --hypothesis-profile=prove tests/core/test_always.py -k whatever

.PHONY: bench-wallboards
bench-wallboards: env-dev
	@exec $(PY) -m tests.http.many_wallboards $(ARGS)

parity-hour: env-dev host-test asterisk-root
	CCPLANE_PARITY_S=3600 CCPLANE_PARITY_RESULT=bench/results/parity.json $(PY) -m pytest -q -o timeout=0 -o session_timeout=7200 tests/asterisk/test_parity.py

soak: env-dev host-test web
	@exec $(PY) -m tests.browser.soak $(ARGS)

# --- what a fresh machine lacks ---------------------------------------------------------------------------------

# Said at once, and not after a minute of installing.
able:
	@[ "$$(id -u)" = 0 ] || [ -n "$${CCPLANE_ARI_URL:-}" ] || { echo "make: an Asterisk of ours needs root (mounts): sudo make run. To use one of your own name it by CCPLANE_ARI_URL (docs/settings.md)." >&2; exit 1; }

host:
	@$(INSTALL) host

host-test:
	@$(INSTALL) host test

web:
	@web/build.sh

asterisk-root:
	@$(INSTALL) root $(ROOT)

# The Python environment holds what a lock file names, by hash, and this project itself. The stamp is the lock's own
# hash, written last: a second run takes a few milliseconds, a broken or outdated environment is completed.
env:
	@[ -e .venv/dev-$$(sha256sum requirements-dev.lock | cut -c1-16) ] || $(MAKE) -s .venv/run LOCK=requirements.lock

env-dev:
	@$(MAKE) -s .venv/dev LOCK=requirements-dev.lock

.PHONY: .venv/run .venv/dev
.venv/run .venv/dev:
	@stamp=$@-$$(sha256sum $(LOCK) | cut -c1-16)
	[ ! -e $$stamp ] || exit 0
	total=$$(grep -c '^[a-z].*==' $(LOCK))
	echo "python: making .venv, with the $$total packages that $(LOCK) names; up to a minute"
	trap '[ $$? = 0 ] || echo "python: not complete. The first time needs the network; then run this again." >&2' EXIT
	say() { if [ -t 1 ]; then printf '\r\033[Kpython: %s' "$$1"; else echo "python: $$1"; fi; }
	progress() {  # pip's report as one line that counts; where that is no terminal, a line for every eighth package
	    local n=0 line
	    while read -r line; do
	        case $$line in
	        Ignoring*|Collecting*|Processing*|Requirement*) n=$$((n + 1)); line=$${line#*satisfied:}; line=$${line#* }; line=$${line%% *}
	            if [ -t 1 ] || [ $$((n % 8)) = 0 ]; then line=$${line##*/}; say "$$n of $$total, $${line:0:40}"; fi ;;
	        Installing*) say "unpacking and compiling them" ;;
	        esac
	    done
	    [ ! -t 1 ] || echo
	}
	if command -v uv >/dev/null; then
	    [ -x $(PY) ] || uv venv -q --no-python-downloads --python '>=3.11' .venv
	    uv pip install --python $(PY) --require-hashes -r $(LOCK)
	    uv pip install -q --python $(PY) --no-deps --no-build-isolation -e .
	else
	    python=$$($(INSTALL) python)
	    $(PY) -c 'import pip' 2>/dev/null || $$python -m venv --clear .venv
	    $(PY) -m pip install --disable-pip-version-check --progress-bar off --require-hashes -r $(LOCK) | progress
	    $(PY) -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	fi
	rm -f $@-*
	touch $$stamp

# --- now and then -----------------------------------------------------------------------------------------------

lock:
	@uv=$$(command -v uv || true)
	if [ -z "$$uv" ]; then
	    mkdir -p .runtime
	    [ -x .runtime/uv/bin/uv ] || { $$($(INSTALL) python) -m venv --clear .runtime/uv; .runtime/uv/bin/pip install -q uv; }
	    uv=.runtime/uv/bin/uv
	fi
	export UV_CUSTOM_COMPILE_COMMAND="make lock"
	common="--quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --upgrade"
	$$uv pip compile $$common --extra build --extra dev -o requirements-dev.lock pyproject.toml
	$$uv pip compile $$common --extra build -c requirements-dev.lock -o requirements.lock pyproject.toml

clean:
	@mkdir -p .runtime
	flock -n .runtime/lock true || { echo "ccplane is running here; end it first." >&2; exit 1; }
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
	rm -rf --one-file-system .venv .runtime build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	rm -rf src/*.egg-info src/ccplane/http/static src/ccplane/http/static.partial web/node_modules
