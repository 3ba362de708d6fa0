// The system's headers first, so that whoever includes one later finds it done: see winsock2.h.
#pragma once

// A program may choose the size of its sets before it includes winsock2.h, as on Windows. The value
// is put aside, for <sys/select.h> defines the same name as a property of the system.
#if defined FD_SETSIZE && !(defined _SYS_SELECT_H && FD_SETSIZE == __FD_SETSIZE)
#define WS2_FD_SETSIZE_IS_CHOSEN
#pragma push_macro("FD_SETSIZE")
#undef FD_SETSIZE
#endif

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#ifdef __cplusplus
#include <functional>
#include <utility>

// `bind` is a macro from here on, and a macro knows no namespaces: a program's std::bind becomes
// std::ws2_bind, which therefore must be there and be the same. The return types are spelled out so
// that this takes part in overload resolution exactly where std::bind does: a library may withhold
// it from integers, so that bind(socket, …) after `using namespace std` means the socket's.
namespace std {

template <class Function, class... Arguments>
auto ws2_bind(Function &&function, Arguments &&...arguments)
    -> decltype(std::bind(
        std::forward<Function>(function), std::forward<Arguments>(arguments)...)) {
    return std::bind(std::forward<Function>(function), std::forward<Arguments>(arguments)...);
}

template <class Result, class Function, class... Arguments>
auto ws2_bind(Function &&function, Arguments &&...arguments)
    -> decltype(std::bind<Result>(
        std::forward<Function>(function), std::forward<Arguments>(arguments)...)) {
    return std::bind<Result>(
        std::forward<Function>(function), std::forward<Arguments>(arguments)...);
}

}
#endif

#include "undefine_protocols.h"
#include "undefine_sockets.h"

#ifdef WS2_FD_SETSIZE_IS_CHOSEN
#pragma pop_macro("FD_SETSIZE")
#undef WS2_FD_SETSIZE_IS_CHOSEN
#else
#define FD_SETSIZE 64
#endif
