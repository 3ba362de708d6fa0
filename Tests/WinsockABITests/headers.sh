#!/bin/sh
# Compiles programs against the Winsock headers, with every compiler that is there, as every
# standard, in many orders of headers; runs two of them; compares what the headers declare with what
# the library exports. Prints each compilation. Exit status 0 only if all is as it should be.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
include=$root/Sources/CWinsock2/include
source=$root/Tests/WinsockABITests/Headers
examples=$root/Examples/winsock
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
jobs=$work/jobs
: >"$jobs"

warnings='-Wall -Wextra -Werror -pedantic'
system='unistd.h stdlib.h sys/socket.h sys/wait.h netinet/in.h arpa/inet.h netdb.h poll.h
    sys/select.h sys/time.h'
reversed='sys/time.h sys/select.h poll.h netdb.h arpa/inet.h netinet/in.h sys/wait.h sys/socket.h
    stdlib.h unistd.h'
ours='winsock2.h ws2tcpip.h windows.h winuser.h'
standard='functional string thread vector'

# included HEADER...: the options that include them before the file does.
included() { for header in "$@"; do printf ' -include %s' "$header"; done; }

# job WHAT COMMAND: a line of the list; WHAT is `pass` or `fail`, which the command must do.
job() { printf '%s %s\n' "$1" "$2" >>"$jobs"; }

# orders LANGUAGE: one line of options for each order of headers.
orders() {
    echo
    included $ours $system && echo
    included $system $ours && echo
    included $reversed $ours && echo
    included ws2tcpip.h $reversed winsock2.h && echo
    included windows.h $system winuser.h && echo
    if [ "$1" = c++ ]; then
        included $standard $ours $system && echo
        included $ours $standard $system && echo
        included $system $standard $ours && echo
    fi
}

# What needs no other order.
files() {
    for name in signatures strangers constants linux_constants functions; do
        printf ' %s' "$source/$name.c"
    done
    printf ' %s' "$root/Sources/CWinsock2/layout.c"
}

# Every header of the system alone, before and after, with the standard that hides the most.
single_headers() {
    for header in $system; do
        for standard_name in c11 gnu11; do
            command="$1 -std=$standard_name $warnings -fsyntax-only -I$include"
            job pass "$command $(included "$header" winsock2.h) $source/program.c"
            job pass "$command $(included winsock2.h "$header") $source/program.c"
        done
    done
}

c_jobs() {
    for defines in '' -D_GNU_SOURCE -DUNICODE '-O2 -D_FORTIFY_SOURCE=2'; do
        for standard_name in c11 gnu11; do
            command="$1 -std=$standard_name $warnings $defines -fsyntax-only -I$include"
            orders c | while read -r order; do
                job pass "$command $order $source/program.c"
            done
        done
        job pass "$command $(files)"
    done
    job pass "$1 -std=c11 $warnings -fsyntax-only -I$include $(files)"
    for file in "$examples"/*.c; do
        job pass "$1 -std=c11 $warnings -fsyntax-only -I$include $file"
    done
    single_headers "$1"
    refused_jobs "$1 -std=gnu11 $warnings" 1 2 3 4 5 6 7 8 9 10
    job pass "$1 -std=c11 $warnings -I$include $source/sets.c -o $work/sets-$1 && $work/sets-$1"
    job pass "$1 -std=c11 $warnings -DFD_SETSIZE=256 -I$include $source/sets.c \
-o $work/sets256-$1 && $work/sets256-$1"
    # What the system says about the size of its own set is nobody's choice.
    job pass "$1 -std=gnu11 $warnings -fsyntax-only -I$include \
$(included sys/select.h) $source/sets.c"
}

cxx_jobs() {
    command="$1 -x c++ -std=c++17 $warnings -I$include -fsyntax-only"
    orders c++ | while read -r order; do job pass "$command $order $source/program.c"; done
    job pass "$command -DUNICODE $source/program.c $source/signatures.c"
    job pass "$command $(files)"
    command="$1 -x c++ -std=gnu++20 $warnings -I$include -fsyntax-only"
    job pass "$command $(included $system $standard $ours) $source/program.c"
    job pass "$command $(included $ours $standard $system) $source/program.c"
    refused_jobs "$1 -x c++ -std=c++17 $warnings" 1 2 9 10
    for defines in '' -DSTANDARD_FIRST; do
        job pass "$1 -std=c++17 $warnings $defines -I$include $source/bind.cpp -pthread \
-o $work/bind-$1$defines && $work/bind-$1$defines"
    done
}

# refused_jobs COMPILER CASE...
refused_jobs() {
    command="$1 -fsyntax-only -I$include $source/refused.c"
    shift
    job pass "$command -DCASE=0"
    for number in "$@"; do job fail "$command -DCASE=$number"; done
}

fail() {
    echo "FAILED: $1" >&2
    exit 1
}

# The list of exported symbols, the linker's version script and the headers say the same.
exports() {
    list=$root/Sources/CWinsock2/exports.txt
    map=$root/Sources/CWinsock2/ws2_32.map
    LC_ALL=C sort -u "$list" | diff "$list" - || fail "exports.txt is not sorted"
    { printf '{\n    global:\n'
        sed 's/.*/        &;/' "$list"
        printf '    local:\n        *;\n};\n'
    } | diff "$map" - || fail "ws2_32.map is not that of exports.txt"

    "$1" -I"$include" -c "$source/functions.c" -o "$work/functions.o"
    nm -u "$work/functions.o" | awk '{ print $2 }' | LC_ALL=C sort | diff "$list" - ||
        fail "functions.c does not refer to what exports.txt lists"

    # Only GCC tells what was declared.
    if [ "$1" = gcc ]; then
        gcc -I"$include" -fsyntax-only -aux-info "$work/declared" \
            "$root/Sources/CWinsock2/layout.c"
        grep -F "/* $include/" "$work/declared" | grep -v ' static ' |
            sed 's/ (.*//; s/.*[ *]//' | LC_ALL=C sort -u | diff "$list" - ||
            fail "the headers do not declare what exports.txt lists"
    fi
    echo "ok exports, compared with $1"
}

found=0
for compiler in gcc clang; do
    if command -v $compiler >/dev/null; then
        found=$((found + 1))
        c_jobs $compiler
        exports $compiler
    else
        echo "absent: $compiler"
    fi
done
for compiler in g++ clang++; do
    if command -v $compiler >/dev/null; then cxx_jobs $compiler; else echo "absent: $compiler"; fi
done
[ "$found" -gt 0 ] || fail "no C compiler was found"

# Each job prints itself in one write; xargs fails when any did.
status=0
tr '\n' '\0' <"$jobs" | xargs -0 -n 1 -P "$(getconf _NPROCESSORS_ONLN)" sh -c '
    expected=${1%% *}
    command=${1#* }
    if output=$(eval "$command" 2>&1); then result=pass; else result=fail; fi
    [ "$result" = "$expected" ] || {
        printf "FAILED (expected to %s): %s\n%s\n" "$expected" "$command" "$output"
        exit 1
    }
    printf "ok %s: %s\n" "$expected" "$command"
' sh >"$work/report" || status=1
sed "s|$root/||g; s|$work/||g" "$work/report"
count=$(wc -l <"$jobs")
[ $status = 0 ] || fail "not all of $count compilations did as they should"
echo "all $count compilations did as they should"
