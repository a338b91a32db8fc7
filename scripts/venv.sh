#!/bin/sh
# venv.sh run|dev   creates .venv where needed, and installs the hashed requirements and our own packages into it.
# Touches .venv/.ready-run, and .venv/.ready-dev for dev: make compares them with the files they were made from.
set -eu
. "$(dirname "$0")/lib.sh"
venv=.venv
case $1 in
run) lock=requirements.txt ready=$venv/.ready-run ;;
dev) lock=requirements-dev.txt ready="$venv/.ready-run $venv/.ready-dev" ;;
*) die "usage: venv.sh run|dev" ;;
esac

recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# The first interpreter of at least 3.11; $PYTHON alone when that is set.
interpreter() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if have "$candidate" && recent "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

# Debian and Ubuntu ship Python without ensurepip, which venv needs, and the smallest images ship no Python.
needs_package() {
    found=$(interpreter) || { ! have python3; return; }
    ! "$found" -c 'import ensurepip, venv' 2>/dev/null
}

create() {
    if needs_package; then
        if may_install; then
            say "Installing python3-venv…"
            apt_install python3-venv || true
        fi
        needs_package && die "Python cannot make a virtual environment here. Run: sudo apt-get install python3-venv"
    fi
    found=$(interpreter) || die "Python 3.11 or newer is needed, and ${PYTHON:-python3} is not. Install one and run: make PYTHON=/path/to/python3.11 …"
    rm -rf "$venv"
    "$found" -m venv "$venv"
}

# An environment does not survive being moved (its scripts name their interpreter) or its Python being removed.
home=$(pwd -P)
if ! { recent $venv/bin/python && [ "$(cat $venv/.home 2>/dev/null)" = "$home" ]; }; then
    create
    printf '%s\n' "$home" >$venv/.home
fi

# Nothing is compiled ahead: that takes longer than all the rest, and Python does it for the modules it imports.
install() { $venv/bin/python -m pip --disable-pip-version-check install --quiet --no-compile --no-build-isolation "$@"; }

say "Installing $lock into $venv…"
install --require-hashes --requirement requirements-build.txt
install --require-hashes --requirement $lock
install --no-deps --no-index --editable .
touch $ready
