#!/bin/sh
# tools.sh COMMAND...   makes sure that these commands exist; fails when one does not.
# tools.sh --tests      the same for everything in apt-tools.txt; says what is missing, and lets the tests decide.
set -eu
here=$(dirname "$0")
. "$here/lib.sh"

list=$(sed -e '/^#/d' "$here/apt-tools.txt")
strict=yes
if [ "${1:-}" = --tests ]; then
    strict=
    set -- $(printf '%s\n' "$list" | awk '{ print $1 }')
fi

# The packages of those of the given commands that are missing; a command that is not listed may be its own package.
missing() {
    for tool; do
        have "$tool" || printf '%s\n%s\n' "$list" "$tool $tool" | awk -v tool="$tool" '$1 == tool { print $2; exit }'
    done | sort -u | paste -s -d ' '
}

packages=$(missing "$@")
[ -n "$packages" ] || exit 0
if may_install; then
    say "Installing $packages…"
    apt_install $packages || true
    packages=$(missing "$@")
    [ -n "$packages" ] || exit 0
fi
if have apt-get; then
    say "Missing programs. Run: sudo apt-get install --no-install-recommends $packages"
else
    say "Missing programs. Install with your system's package manager what Debian calls: $packages"
fi
[ -z "$strict" ] || exit 1
say "Tests that need them are skipped now; with CI=true or POSTURE_REQUIRE_TOOLS=1 they fail."
