// Coordinator: --max-handoffs 4
// WSAENOBUFS: the coordinator holds as many sockets as it may.
#include "sockets.h"

#define LIMIT 4

int main(void) {
    WSAPROTOCOL_INFOW infos[LIMIT], one;
    DWORD own = GetCurrentProcessId();
    start_up();
    ROW("WSAENOBUFS");
    SOCKET source = new_socket(SOCK_STREAM);
    for (int index = 0; index < LIMIT; index++) {
        CHECK_EQUAL(WSADuplicateSocketW(source, own, &infos[index]), 0);
    }
    memset(&one, 0x5a, sizeof one);
    CHECK_ERROR(WSADuplicateSocketW(source, own, &one), WSAENOBUFS);
    CHECK_REASON("too many");
    CHECK_EQUAL(one.iProtocol, 0x5a5a5a5a);
    ROW("room again after an open");
    SOCKET copy = open_record(&infos[0]);
    CHECK(copy != INVALID_SOCKET);
    CHECK_EQUAL(WSADuplicateSocketW(source, own, &one), 0);
    CHECK_ERROR(WSADuplicateSocketW(source, own, &one), WSAENOBUFS);
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
