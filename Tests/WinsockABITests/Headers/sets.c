// The macros of sets do what Windows' do. This one is run, and plays the library's one function.
#ifdef FD_SETSIZE
#define CHOSEN FD_SETSIZE
#else
#define CHOSEN 64
#endif

#include <winsock2.h>

int WSAAPI __WSAFDIsSet(SOCKET fd, fd_set *set) {
    for (u_int index = 0; index < set->fd_count; index++) {
        if (set->fd_array[index] == fd) return 1;
    }
    return 0;
}

static int evaluated;

static SOCKET once(SOCKET s) {
    evaluated++;
    return s;
}

int main(void) {
    fd_set set;
    FD_ZERO(&set);
    if (set.fd_count != 0 || _countof(set.fd_array) != CHOSEN || FD_SETSIZE != CHOSEN) return 1;

    FD_SET(once(7), &set);
    FD_SET(7, &set);
    FD_SET(8, &set);
    FD_SET((SOCKET)1 << 40, &set);
    if (evaluated != 1 || set.fd_count != 3 || set.fd_array[0] != 7) return 2;
    if (!FD_ISSET(8, &set) || !FD_ISSET((SOCKET)1 << 40, &set) || FD_ISSET(0, &set)) return 3;

    FD_CLR(7, &set);
    FD_CLR(99, &set);
    if (set.fd_count != 2 || set.fd_array[0] != 8 || FD_ISSET(7, &set)) return 4;

    // A full set takes no more, and stays whole.
    for (SOCKET s = 100; s < 100 + 2 * CHOSEN; s++) FD_SET(s, &set);
    if (set.fd_count != CHOSEN || set.fd_array[CHOSEN - 1] != 100 + CHOSEN - 3) return 5;

    struct in_addr address;
    address.s_addr = htonl(INADDR_LOOPBACK);
    if (address.S_un.S_un_b.s_b1 != 127 || address.S_un.S_un_w.s_w2 == 0) return 6;

    if (MAKEWORD(0x12, 0x34) != 0x3412 || LOBYTE(0x3412) != 0x12 || HIBYTE(0x3412) != 0x34 ||
        MAKELONG(0x1234, 0x5678) != 0x56781234 || LOWORD(0x56781234) != 0x1234 ||
        HIWORD(0x56781234) != 0x5678) {
        return 7;
    }
    if (WSAGETSELECTEVENT(WSAMAKESELECTREPLY(FD_CLOSE, WSAECONNRESET)) != FD_CLOSE ||
        WSAGETSELECTERROR(WSAMAKESELECTREPLY(FD_CLOSE, WSAECONNRESET)) != WSAECONNRESET) {
        return 8;
    }
    return GetCurrentProcessId() == (DWORD)getpid() ? 0 : 9;
}
