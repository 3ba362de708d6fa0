// Coordinator: --strict
// Source and target are to pass the same flags: where that is demanded, WSAEINVAL says so, and
// costs no ticket.
#include "sockets.h"

static SOCKET open_with(WSAPROTOCOL_INFOW *info, DWORD flags) {
    return WSASocketW(-1, -1, -1, info, 0, flags);
}

// `flags` of the source, those the target fails with, and why.
static void check_flags(SOCKET source, DWORD wrong, DWORD right, const char *reason) {
    WSAPROTOCOL_INFOW info;
    REQUIRE(source != INVALID_SOCKET);
    CHECK_EQUAL(WSADuplicateSocketW(source, GetCurrentProcessId(), &info), 0);
    CHECK_ERROR(open_with(&info, wrong), WSAEINVAL);
    CHECK_REASON(reason);
    SOCKET copy = open_with(&info, right);
    CHECK(copy != INVALID_SOCKET);
    CHECK_EQUAL(closesocket(copy), 0);
    CHECK_EQUAL(closesocket(source), 0);
}

int main(void) {
    start_up();
    ROW("a source of socket() is overlapped");
    check_flags(
        socket(AF_INET, SOCK_STREAM, 0), 0, WSA_FLAG_OVERLAPPED, "overlapped missing");
    ROW("a source without the flag");
    check_flags(
        WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, 0), WSA_FLAG_OVERLAPPED, 0, "flags differ");
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
