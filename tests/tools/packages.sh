# packages.sh — installs the packages that the program and its tests need, and builds.
#
# Sourced by ./run, tests/run and others, which set `root` to the checkout. If no package is missing,
# no privileges are needed. Messages go to standard error; the output of the package manager and of
# the build is shown only if they fail.

# Debian's name of a package, and what it is for.
packages_of_program='
gcc             compiles the sources
libc6-dev       headers of the C library
cmake           describes the build
ninja-build     runs the build
pkg-config      finds the libraries
liburing-dev    io_uring, for all input and output of a node
libbearssl-dev  TLS and HMAC, for links between nodes and places over HTTPS
libcjson-dev    JSON, for places and status
libc-ares-dev   asynchronous DNS, for the address of the places provider
libisal-dev     CRC-32C, for the journal
libseccomp-dev  the list of system calls that a running node may still make
'
packages_of_tests='
libcriterion-dev    runs the unit tests
python3             runs the process tests
ca-certificates     the CAs that HTTPS clients trust
openssl             certificates and foreign peers, for the tests of TLS
netcat-openbsd      a common client
nginx-light         a common HTTPS server, for the tests of places
prometheus          reads metrics, and checks their text
curl                a common HTTP client
haproxy             a common load balancer, which asks nodes whether they are ready
iproute2            networks of their own for nodes
tmux                a terminal for top
'

say() { printf '%s\n' "$*" >&2; }

# Run a command without output; if it fails, show its output.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  [ "$status" = 0 ] || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

# The packages of a list that are not installed.
packages_missing() {
  local name purpose
  while read -r name purpose; do
    [ -n "$name" ] || continue
    case $(dpkg-query -W -f=' ${db:Status-Status} ' "$name" 2>/dev/null) in
    *' installed '*) ;;
    *) echo "$name" ;;
    esac
  done <<<"$1"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif [ -t 0 ]; then sudo "$@"  # may ask for a password
  else sudo -n "$@"
  fi
}

# Install the missing packages of a list. If that is not possible, print them and go on: they may
# have been installed in another way, and if not, the build reports what is missing.
packages_ensure() {
  local missing
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    say "This system has no apt-get. These packages are needed, by their names in Debian:"
    say "$1"
    return 0
  fi
  mapfile -t missing < <(packages_missing "$1")
  [ ${#missing[@]} != 0 ] || return 0
  if ! as_root true 2>/dev/null; then
    say "Packages are missing, and only root can install them; trying to build without them."
    say "As root: apt-get install ${missing[*]}"
    return 0
  fi
  packages_apt update || true  # one unreachable source need not matter
  say "Installing ${missing[*]}"
  packages_cost "${missing[@]}" >&2
  packages_apt install -y --no-install-recommends "${missing[@]}" ||
    say "Installing failed; trying to build without them."
}

packages_apt() {
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq \
    -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 "$@"
}

# How much is to be fetched for packages and all that they need, and how much of the disk that takes,
# in apt's words.
packages_cost() {
  LC_ALL=C apt-get --assume-no -o Debug::NoLocking=1 --no-install-recommends install "$@" \
    2>/dev/null </dev/null | grep -E '^(Need to get|After this operation)' || true
}

# PRESET [TARGET...]: configure and build; default: all targets. A build folder that is only half
# configured, or that was moved with its checkout, is unusable for CMake and is created again.
build() (
  preset=$1 folder=build/$1
  shift
  cd "$root" || return
  if [ ! -e "$folder/build.ninja" ] ||
    ! grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$(pwd -P)" "$folder/CMakeCache.txt"; then
    say "Building in $folder; the first time takes a minute"
    rm -rf "$folder"
    quietly cmake --preset "$preset" || return
  fi
  quietly cmake --build --preset "$preset" ${1:+--target "$@"}
)
