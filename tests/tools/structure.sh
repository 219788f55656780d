#!/usr/bin/env bash
# structure.sh — the layers of the source, enforced.
#
#   structure.sh check ROOT LIBCORE OBJECTS   the tree at ROOT, the core library that was built from
#                                             it, and a file that lists all objects, one a line
#   structure.sh self-check                   small bad samples, each of which must be found
#
# What the core's objects leave undefined must be in core_symbols.allow: the core does no I/O. Who
# may include whom stands in the file `rooms`. Neither includes nor calls between files run in a
# circle. Prints each offender with its place. Exit code: 0 well, 1 offenders, 2 usage. NM and CC
# name the tools.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
allow=$here/core_symbols.allow
rooms=$here/rooms

# The headers that the core may include besides its own: libc's, without system calls but for those
# in core_symbols.allow, the compiler's, and the two libraries.
libc='emmintrin|inttypes|limits|math|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|sys/mman'
core_headers="^<($libc|bearssl|cjson/cJSON|isa-l/crc)\\.h>$"

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

# -> "file:line:directive" for every include of src and include, below the current folder
includes() {
    grep -rnE '^[[:space:]]*(#|%:)[[:space:]]*(include|import)' --include='*.[chS]' src include
}

# -> offending includes, and files that stand in no room; below the current folder
include_offenders() {
    { find src -name '*.[chS]' | sed 's/$/:0:/'; includes; } |
        awk -v rooms="$rooms" -v core_headers="$core_headers" '
        function offends(why) { printf "%s:%s:%s   (%s)\n", file, line, directive, why }
        function room_of(path,   part) {
            if (path !~ /\//) return ""
            split(path, part, "/")
            return part[1] == "core" ? (part[3] == "" ? "" : part[2]) : part[1]
        }
        function folder_of(path) { return path ~ /^core\// ? "core" : "" }
        function has(list, word) {
            gsub(/[ \t]+/, " ", list)
            return index(" " list " ", " " word " ")
        }
        BEGIN {
            while ((getline text < rooms) > 0) {
                if (text ~ /^[ \t]*(#|$)/) continue
                split(text, column, "|")
                gsub(/[ \t]+/, "", column[1])
                room = column[1]
                sub(/^core\//, "", room)
                core[room] = room != column[1]; uses[room] = column[2]; doors[room] = column[3]
                count = split(column[2], word, " ")
                for (i = 1; i <= count; i++)
                    if (word[i] != "-" && !(word[i] in uses))
                        print rooms ": " word[i] " does not stand above " room
            }
            if (room == "") print rooms ": no room; is it there?"
        }
        {
            match($0, /:[0-9]+:/)
            file = substr($0, 1, RSTART - 1); line = substr($0, RSTART + 1, RLENGTH - 2)
            directive = substr($0, RSTART + RLENGTH)
            target = directive
            sub(/^[ \t]*(#|%:)[ \t]*(include|import)[ \t]*/, "", target)
            sub(/[ \t]*(\/[*\/].*)?$/, "", target)
            own = substr(file, 5)
            me = file ~ /^src\// ? room_of(own) : "include"
            inside = folder_of(own) == "core" || me == "include"
        }
        line == 0 {
            sources++
            if (!(me in uses) || core[me] != (folder_of(own) == "core"))
                offends("outside every room")
            next
        }
        target ~ /liburing/ { if (file !~ /^src\/io\/ring\.[ch]$/) offends("the ring only"); next }
        target ~ /^</ {
            if (inside && target !~ core_headers) offends("the core does no I/O")
            next
        }
        target !~ /^"[a-z0-9_\/]+\.h"$/ { offends("a header by its full path"); next }
        target ~ /^"stampede\// { next }
        me == "include" { offends("include is for programs outside"); next }
        {
            header = substr(target, 2, length(target) - 4)
            room = room_of(header)
            door = header; sub(/.*\//, "", door)
            if (!(room in uses)) offends("not in a room")
            else if (room == me) next
            else if (!has(uses[me], room)) offends(me " may not use " room)
            else if (doors[room] !~ /\*/ && !has(doors[room], door)) offends("no door of " room)
        }
        END { if (!sources) print "no sources to look at" }' | sort
}

# "A B" for each arrow, on standard input -> what stands in a circle. WHAT names the arrows.
circles() {
    tsort 2>&1 >/dev/null | sed -n 's/^tsort: -: input contains a loop:$/a circle of '"$1"':/p
        s/^tsort: \([^-].*\)/    \1/p'
}

# -> circles of includes below the current folder
include_circles() {
    includes | sed -nE 's/^src\/([^:]*):[0-9]+:[^"]*"([^"]*)".*/\1 \2/p' | circles includes
}

# OBJECTS -> circles of calls: object A leads to object B if it names what B defines
call_circles() {
    local object place
    [ -s "$1" ] || { echo "$1: no objects to look at"; return; }
    while read -r object; do
        place=${object##*.dir/}
        "${NM:-nm}" -g "$object" | sed "s|^|${place#./} |"
    done <"$1" | awk '
        NF == 3 && $2 == "U" { wants[++wanted] = $1 " " $3 }
        NF == 4 { definer[$4] = $1 }
        END {
            for (i = 1; i <= wanted; i++) {
                split(wants[i], part, " ")
                to = definer[part[2]]
                if (to != "" && to != part[1]) print part[1], to
            }
        }' | sort -u | circles calls
}

check() {
    local offenders
    offenders=$(symbol_offenders "$2"
        call_circles "$3"
        cd "$1" && include_offenders && include_circles)
    [ -z "$offenders" ] && return 0
    printf '%s\n' "$offenders"
    return 1
}

# ROOT: a sample that keeps the rules
write_sample() {
    mkdir -p "$1"/{include/stampede,src/core/{base,store,node},src/{io,cli}}
    printf '#include <stdint.h>\n' >"$1/include/stampede/good.h"
    printf '#include "core/base/good.h"\n#include <string.h>\n' >"$1/src/core/base/good.c"
    printf '#include "stampede/good.h"\n#include <cjson/cJSON.h>\n' >"$1/src/core/base/good.h"
    printf '#include "core/store/inner.h" // its own\n' >"$1/src/core/store/store.h"
    printf '#include "core/base/good.h"\n' >"$1/src/core/store/inner.h"
    printf '#include "core/store/store.h"\n' >"$1/src/core/node/node.h"
    printf '#include <liburing.h>\n#include "core/node/node.h"\n' >"$1/src/io/ring.c"
    printf '#include "io/ring.h"\n' >"$1/src/cli/main.c"
    printf 'unsigned long strlen(const char *);\nint good(char *s) { return strlen(s); }\n' \
        >"$1/good_object.c"
    printf 'int good(char *); int better(void) { return good(""); }\n' >"$1/better_object.c"
}

# ROOT: builds its objects, the core's into libcore.a
build_sample() {
    local source
    rm -f "$1/libcore.a" "$1/objects"
    for source in "$1"/*_object.c; do
        "${CC:-cc}" -w -c "$source" -o "${source%.c}.o" && ar qc "$1/libcore.a" "${source%.c}.o"
        echo "${source%.c}.o" >>"$1/objects"
    done
}

check_sample() { check "$sample" "$sample/libcore.a" "$sample/objects"; }

# FILE TEXT EXPECTED: a sample with this file beside the good ones must be found, with these words
must_find() {
    local found
    rm -rf "$sample" && write_sample "$sample"
    mkdir -p "$(dirname "$sample/$1")"
    printf '%s\n' "$2" >"$sample/$1"
    build_sample "$sample"
    if found=$(check_sample) || ! grep -qF -- "$3" <<<"$found"; then
        printf 'not found: %s in %s\n%s\n' "$2" "$1" "$found"
        failed=1
    fi
}

# Objects that do what only a driver of the core may, or that call each other in a circle.
self_check_objects() {
    must_find bad_object.c 'long time(); long f(void) { return time(0); }' 'bad_object.o: time'
    must_find bad_object.c 'void f(void) { getpid(); strlen(""); }' 'bad_object.o: getpid'
    must_find bad_object.c 'extern int environment; int f(void) { return environment; }' environment
    must_find bad_object.c 'void f(void) { br_prng_seeder_system(0); }' br_prng_seeder_system
    must_find bad_object.c '__attribute__((weak)) void send(); void f() { send(); }' send
    must_find good_object.c 'int better(void); int good(char *s) { return better(); }' \
        'a circle of calls:'
}

# Includes that the core must not have, or that only one file may have.
self_check_layers() {
    must_find src/core/base/bad.c '#include <unistd.h>' 'src/core/base/bad.c:1:#include <unistd.h>'
    must_find src/core/base/bad.h '#  include <sys/socket.h>' 'src/core/base/bad.h:1:'
    must_find src/core/base/bad.c '#include "io/ring.h"' 'src/core/base/bad.c:1:'
    must_find src/core/base/bad.c '#include "core/../io/ring.h"' 'src/core/base/bad.c:1:'
    must_find src/core/base/bad.c '#include "good.h"' 'src/core/base/bad.c:1:'
    must_find src/core/base/bad.c '#include HEADER' 'src/core/base/bad.c:1:'
    must_find src/core/base/bad.c '#include <liburing.h>' 'src/core/base/bad.c:1:'
    must_find src/io/bad.c '#include <liburing.h>' 'src/io/bad.c:1:'
    must_find src/io/ring_bad.h '#include "liburing.h"' 'src/io/ring_bad.h:1:'
    must_find src/cli/bad.c '#include <liburing/io_uring.h>' 'src/cli/bad.c:1:'
    must_find include/stampede/bad.h '#include "core/base/good.h"' 'include/stampede/bad.h:1:'
}

# Rooms: below which room one stands, by which door one enters, and who stands outside.
self_check_rooms() {
    must_find src/core/bad.c 'int f(void);' 'src/core/bad.c:0:   (outside every room)'
    must_find src/core/cellar/bad.c 'int f(void);' 'src/core/cellar/bad.c:0:   (outside'
    must_find src/core/io/bad.c 'int f(void);' 'src/core/io/bad.c:0:   (outside every room)'
    must_find src/store/bad.h 'int f(void);' 'src/store/bad.h:0:   (outside every room)'
    must_find src/bad.h 'int f(void);' 'src/bad.h:0:   (outside every room)'
    must_find src/core/base/bad.c '#include "core/store/store.h"' '(base may not use store)'
    must_find src/core/store/bad.c '#include "core/node/node.h"' '(store may not use node)'
    must_find src/core/node/bad.c '#include "core/store/inner.h"' '(no door of store)'
    must_find src/io/bad.c '#include "core/store/store.h"' '(io may not use store)'
    must_find src/io/bad.c '#include "cli/main.h"' '(io may not use cli)'
    must_find src/io/bad.c '#include "io/../cli/main.h"' 'src/io/bad.c:1:'
    must_find src/core/base/bad.c '#include "core/cellar/good.h"' '(not in a room)'
    must_find src/core/store/inner.h '#include "core/store/store.h"' 'a circle of includes:'
}

self_check() {
    local failed=0 sample found
    work=$(mktemp -d) || return 1
    trap 'rm -rf "$work"' EXIT
    sample=$work/sample
    write_sample "$sample" && build_sample "$sample"
    found=$(check_sample) || { echo "a good sample: $found"; failed=1; }
    check "$sample" "$sample/none.a" "$sample/objects" >/dev/null &&
        { echo 'a missing library passed'; failed=1; }
    check "$sample" "$sample/libcore.a" "$sample/none" >/dev/null &&
        { echo 'a missing list of objects passed'; failed=1; }
    mkdir -p "$work/empty/"{src,include}
    check "$work/empty" "$sample/libcore.a" "$sample/objects" >/dev/null &&
        { echo 'an empty tree passed'; failed=1; }
    self_check_objects
    self_check_layers
    self_check_rooms
    rooms=$work/upside_down
    printf 'core/base | store | *\ncore/store | - | *\n' >"$rooms"
    must_find src/core/base/well.c 'int f(void);' 'store does not stand above base'
    return $failed
}

case "${1-} $#" in
'check 4') check "$2" "$3" "$4" ;;
'self-check 1') self_check ;;
*)
    echo "usage: $0 check ROOT LIBCORE OBJECTS | self-check" >&2
    exit 2
    ;;
esac
