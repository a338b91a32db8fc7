# Shared by the set-up scripts: finding programs, and installing Debian packages where that is permitted.
# POSIX sh; sourced, never run.

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# Servers live where an ordinary user's PATH does not look.
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

# Debian keeps PostgreSQL's programs apart, in a folder that is there only once they are installed.
have() { command -v "$1" >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/"$1" >/dev/null 2>&1; }

# as_root COMMAND...: runs it as root, without a question.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
    have apt-get && { [ "$(id -u)" = 0 ] || { have sudo && sudo -n true 2>/dev/null; }; }
}

# apt_install PACKAGE...: unattended, without recommended packages, and without starting the services that come along.
apt_install() {
    as_root sh "$(dirname "$0")/apt-install.sh" "$@" >&2
}
