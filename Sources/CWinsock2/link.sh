#!/bin/sh
# Links libws2_32.so and libws2_32.a out of the objects that SwiftPM made, with the Swift runtime
# inside: a program needs nothing of Swift. SwiftPM cannot do it: it exports every symbol of Swift
# from a dynamic product, and this library has those of exports.txt alone.
#
#   link.sh OBJECTS LIBRARIES    for example .build/release .build/release/lib
#
# OBJECTS    where SwiftPM put the product WinsockABI
# LIBRARIES  where the libraries and pkgconfig/ws2_32.pc go; made when missing
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 2 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
objects=$1
mkdir -p "$2/pkgconfig"
libraries=$(cd "$2" && pwd)

toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")
runtime=$toolchain/lib/swift_static/linux
machine=$(uname -m)
modules="WinsockABI Baton Wire Registry Transport CLinux Winsock CWinsock2"
files=
for module in $modules; do files="$files $objects/$module.build/*.o"; done

# The linker of LLVM: the others leave names of Swift in the table of dynamic symbols.
# shellcheck disable=SC2086
swiftc -use-ld=lld -emit-library -static-stdlib $files -o "$libraries/libws2_32.so" \
    -Xlinker --version-script="$here/ws2_32.map" -Xlinker --no-undefined-version \
    -Xlinker --gc-sections -Xlinker -soname=libws2_32.so -Xlinker -z -Xlinker now

# One object of everything, in which all other names are local: then it shares a program with other
# libraries, and with Swift itself.
whole=$libraries/ws2_32.whole.o
# shellcheck disable=SC2086
"$toolchain/bin/ld.lld" -r -o "$whole" $files "$runtime/$machine/swiftrt.o" --start-group \
    "$runtime/libswiftCore.a" "$runtime/libswift_Concurrency.a" "$runtime/libswiftGlibc.a" \
    "$runtime/libswiftSynchronization.a" "$runtime/libswift_Builtin_float.a" \
    "$runtime/libswiftSwiftOnoneSupport.a" \
    "$runtime/libdispatch.a" "$runtime/libBlocksRuntime.a" --end-group
objcopy --keep-global-symbols="$here/exports.txt" "$whole"
rm -f "$libraries/libws2_32.a"
ar crs "$libraries/libws2_32.a" "$whole"
rm -f "$whole"

include=$here/include
cat >"$libraries/pkgconfig/ws2_32.pc" <<TEXT
prefix=$libraries
includedir=$include
libdir=\${prefix}

Name: ws2_32
Description: Winsock for Linux: sockets that are handed from process to process
Version: 2.2
Cflags: -I\${includedir}
Libs: -L\${libdir} -Wl,-rpath,\${libdir} -lws2_32
Libs.private: -lstdc++ -lm -lpthread -ldl
TEXT
