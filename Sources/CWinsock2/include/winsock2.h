// Windows Sockets 2 on Linux: a program for Windows is compiled against this and linked with
// -lws2_32. What differs from Windows, and why, is in docs/porting.md.
//
// The order is the point. First come the system's own headers, whose guards make every later
// #include of them empty; then their constants go; then every name that libc has too is defined as
// another one. So the program finds only Windows' types, numbers and functions, in whatever order
// it includes its headers, and no symbol of libc is replaced in the process.
#pragma once

#include "ws2/system.h"

#include "windows.h"

#include "ws2/names.h"

#include "ws2/errors.h"

#include "ws2/constants.h"

#include "ws2/structures.h"

#include "ws2/functions.h"

// The resolver and the options of IP come along: a program that forgot the header would otherwise
// reach those of libc, which have other numbers.
#include "ws2tcpip.h"
