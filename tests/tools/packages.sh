# packages.sh — what the program and its tests need from the system: gets it, and builds.
#
# Sourced by ./run and tests/run, which set `root` to the checkout. Nothing is installed when nothing
# is missing, so a user without rights over the machine needs none. Everything that is said goes to
# standard error; the output of the package manager and of the build only when they fail.

# Debian's name of a package, and what it is for.
packages_of_program='
gcc             compiles the sources
libc6-dev       headers of the C library
cmake           describes the build
ninja-build     runs the build
pkg-config      finds the libraries
liburing-dev    io_uring: all input and output of a node
libbearssl-dev  TLS and HMAC: links between nodes, places over HTTPS
libcjson-dev    JSON: places and status
libconfuse-dev  reads topology.conf
libc-ares-dev   DNS without waiting: where the places provider is
'
packages_of_tests='
libcriterion-dev    the unit tests
python3             the tests of whole processes
ca-certificates     the CAs of the system, by which HTTPS servers are believed
openssl             certificates, and peers that are not ours, for the tests of TLS
netcat-openbsd      the client that everybody has
nginx-light         the everyday server of HTTPS, for the tests of places
'

say() { printf '%s\n' "$*" >&2; }

# Run a command quietly; when it fails, show what it said.
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
  elif [ -t 0 ]; then sudo "$@"  # may ask for the password; without a terminal nobody could answer
  else sudo -n "$@"
  fi
}

# Make the packages of a list be there, or say which are needed and go on: they may have come by
# another way than apt-get, and what is really missing the build will name.
packages_ensure() {
  local missing
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    say "This is not Debian; what is needed, by the names of Debian's packages:"
    say "$1"
    return 0
  fi
  mapfile -t missing < <(packages_missing "$1")
  [ ${#missing[@]} != 0 ] || return 0
  if ! as_root true 2>/dev/null; then
    say "Packages are missing, and without root they cannot be installed; trying to build all the same."
    say "As root: apt-get install ${missing[*]}"
    return 0
  fi
  say "Installing ${missing[*]}"
  packages_install "${missing[@]}" ||
    say "That did not work; trying to build all the same."
}

packages_install() {
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq
    -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
  quietly as_root "${apt[@]}" update || true  # a source that is down need not be the one that counts
  quietly as_root "${apt[@]}" install -y --no-install-recommends "$@"
}

# Configure and build: a preset, then targets (all). A build folder that was left half configured, or
# that was moved together with its checkout, is of no use to CMake and begun again.
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
