# need.sh — sourced by the start scripts: reports missing packages, raises the limit of open files.

# need FILE-OR-COMMAND DEBIAN-PACKAGE
need() {
  command -v "$1" >/dev/null || [ -e "$1" ] || {
    printf '%s: %s is missing; as root: apt-get install %s\n' "$0" "$1" "$2" >&2
    exit 1
  }
}

ulimit -n "$(ulimit -Hn)"  # as many connections as the harness may open
