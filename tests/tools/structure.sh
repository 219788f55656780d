#!/usr/bin/env bash
# structure.sh — the layers of the source, enforced.
#
#   structure.sh check ROOT LIBCORE   the tree at ROOT, and the core library that was built from it
#   structure.sh self-check           small bad samples, each of which must be found
#
# Arrows go down only: cli -> io -> files -> core, and the core does no I/O. What the core's objects leave
# undefined must be in core_symbols.allow; what its sources include, in the list below. Prints each
# offender with its place. Exit code: 0 well, 1 offenders, 2 usage. NM and CC name the tools.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
allow=$here/core_symbols.allow

# libc's headers, without system calls but for what core_symbols.allow has, the compiler's own, and
# the two kept libraries
libc='emmintrin|inttypes|limits|math|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|sys/mman'
core_headers="<($libc|bearssl|cjson/cJSON)\\.h>"

# LIBRARY -> "object: symbol" for each that is neither defined in it nor allowed
symbol_offenders() {
    "${NM:-nm}" -g "$1" 2>/dev/null | awk -v allow="$allow" '
        function allowed(name,   i) {
            if (name in forbidden) return 0
            if (name in exact) return 1
            for (i = 0; i < prefixes; i++) if (index(name, prefix[i]) == 1) return 1
            return 0
        }
        BEGIN {
            while ((getline line < allow) > 0) {
                sub(/[ \t]*#.*/, "", line)
                if (line == "") continue
                if (line ~ /^!/) forbidden[substr(line, 2)]
                else if (line ~ /\*$/) prefix[prefixes++] = substr(line, 1, length(line) - 1)
                else exact[line]
                entries++
            }
        }
        /:$/ { object = substr($0, 1, length($0) - 1); objects++; next }
        NF == 2 && $1 ~ /^[Uwv]$/ { wanted[object ": " $2] = $2; next }
        NF == 3 { defined[$3] }
        END {
            if (!entries) print allow ": no symbol is allowed; is it there?"
            if (!objects) print "no objects to look at; is the library built?"
            for (place in wanted)
                if (!(wanted[place] in defined) && !allowed(wanted[place])) print place
        }' | sort
}

# FOLDER... -> "file:line: directive" for every include
includes() {
    local folder
    for folder in "$@"; do
        [ -d "$folder" ] && grep -rnE '^[[:space:]]*(#|%:)[[:space:]]*(include|import)' \
            --include='*.[chS]' "$folder"
    done
}

# REGULAR-EXPRESSION: drops the includes of what it describes, when no ".." leads out again
except() {
    PATTERN="(include|import)[ \t]*($1)" awk '$0 !~ ENVIRON["PATTERN"] || /\.\./'
}

# ROOT -> offending includes
include_offenders() {
    cd "$1" || return
    includes src/core | except "\"(core|stampede)/|$core_headers" | sed 's/$/   (core)/'
    includes include | except "\"stampede/|$core_headers" | sed 's/$/   (include)/'
    includes src/files | except '"(core|files|stampede)/|<' | sed 's/$/   (files)/'
    includes src/io | except '"(core|files|io|stampede)/|<' | sed 's/$/   (io)/'
    includes src include | grep -E '[<"]liburing' | grep -vE '^src/io/ring\.[ch]:' |
        sed 's/$/   (the ring only)/'
    includes src/core src/files src/io src/cli | grep -c . | grep -qx 0 && echo "$1: no sources to look at"
}

check() {
    local offenders
    offenders=$(symbol_offenders "$2"; include_offenders "$1")
    [ -z "$offenders" ] && return 0
    printf '%s\n' "$offenders"
    return 1
}

# ROOT: a sample that keeps the rules
write_sample() {
    mkdir -p "$1"/{include/stampede,src/{core,io,cli}}
    printf '#include <stdint.h>\n' >"$1/include/stampede/good.h"
    printf '#include "core/good.h"\n#include <string.h>\n' >"$1/src/core/good.c"
    printf '#include "stampede/good.h"\n#include <cjson/cJSON.h>\n' >"$1/src/core/good.h"
    printf '#include <liburing.h>\n#include "core/good.h"\n' >"$1/src/io/ring.c"
    printf '#include "io/ring.h"\n' >"$1/src/cli/main.c"
    printf 'unsigned long strlen(const char *);\nint good(char *s) { return strlen(s); }\n' \
        >"$1/good_object.c"
}

# ROOT: builds its objects into libcore.a
build_sample() {
    local source
    rm -f "$1/libcore.a"
    for source in "$1"/*_object.c; do
        "${CC:-cc}" -w -c "$source" -o "${source%.c}.o" && ar qc "$1/libcore.a" "${source%.c}.o"
    done
}

# FILE TEXT EXPECTED: a sample with this file beside the good ones must be found, with these words
must_find() {
    local found
    rm -rf "$sample" && write_sample "$sample"
    printf '%s\n' "$2" >"$sample/$1"
    build_sample "$sample"
    if found=$(check "$sample" "$sample/libcore.a") || ! grep -qF -- "$3" <<<"$found"; then
        printf 'not found: %s in %s\n%s\n' "$2" "$1" "$found"
        failed=1
    fi
}

self_check() {
    local failed=0 sample found
    work=$(mktemp -d) || return 1
    trap 'rm -rf "$work"' EXIT
    sample=$work/sample
    write_sample "$sample" && build_sample "$sample"
    found=$(check "$sample" "$sample/libcore.a") || { echo "a good sample: $found"; failed=1; }
    check "$sample" "$sample/none.a" >/dev/null && { echo 'a missing library passed'; failed=1; }
    check "$work" "$sample/libcore.a" >/dev/null && { echo 'an empty tree passed'; failed=1; }
    must_find bad_object.c 'long time(long *); long f(void) { return time(0); }' 'bad_object.o: time'
    must_find bad_object.c 'void f(void) { getpid(); strlen(""); }' 'bad_object.o: getpid'
    must_find bad_object.c 'extern int environment; int f(void) { return environment; }' environment
    must_find bad_object.c 'void f(void) { br_prng_seeder_system(0); }' br_prng_seeder_system
    must_find bad_object.c '__attribute__((weak)) void send(); void f() { send(); }' send
    must_find src/core/bad.c '#include <unistd.h>' 'src/core/bad.c:1:#include <unistd.h>'
    must_find src/core/bad.h '#  include <sys/socket.h>' 'src/core/bad.h:1:'
    must_find src/core/bad.c '#include "io/ring.h"' 'src/core/bad.c:1:'
    must_find src/core/bad.c '#include "core/../io/ring.h"' 'src/core/bad.c:1:'
    must_find src/core/bad.c '#include "good.h"' 'src/core/bad.c:1:'
    must_find src/core/bad.c '#include HEADER' 'src/core/bad.c:1:'
    must_find src/core/bad.c '#include <liburing.h>' 'src/core/bad.c:1:'
    must_find src/io/bad.c '#include <liburing.h>' 'src/io/bad.c:1:'
    must_find src/io/ring_bad.h '#include "liburing.h"' 'src/io/ring_bad.h:1:'
    must_find src/io/bad.c '#include "cli/main.h"' 'src/io/bad.c:1:'
    must_find src/io/bad.c '#include "io/../cli/main.h"' 'src/io/bad.c:1:'
    must_find src/cli/bad.c '#include <liburing/io_uring.h>' 'src/cli/bad.c:1:'
    must_find include/stampede/bad.h '#include "core/span.h"' 'include/stampede/bad.h:1:'
    return $failed
}

case "${1-} $#" in
'check 3') check "$2" "$3" ;;
'self-check 1') self_check ;;
*)
    echo "usage: $0 check ROOT LIBCORE | self-check" >&2
    exit 2
    ;;
esac
