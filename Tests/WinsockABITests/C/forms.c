// One ticket in both forms of the record, which differ in the name alone.
#include "sockets.h"

static void ansi_to_wide(SOCKET source) {
    WSAPROTOCOL_INFOA ansi;
    WSAPROTOCOL_INFOW wide;
    ROW("from A to W");
    CHECK_EQUAL(WSADuplicateSocketA(source, GetCurrentProcessId(), &ansi), 0);
    memset(&wide, 0, sizeof wide);
    memcpy(&wide, &ansi, offsetof(WSAPROTOCOL_INFOA, szProtocol));
    for (size_t index = 0; ansi.szProtocol[index] != 0; index++) {
        wide.szProtocol[index] = (WCHAR)ansi.szProtocol[index];
    }
    SOCKET copy = open_record(&wide);
    CHECK(copy != INVALID_SOCKET);
    ROW("one ticket, whatever its form");
    CHECK_ERROR(WSASocketA(-1, -1, -1, &ansi, 0, WSA_FLAG_OVERLAPPED), WSAEINVAL);
    CHECK_REASON("used");
    CHECK_EQUAL(closesocket(copy), 0);
}

static void wide_to_ansi(SOCKET source) {
    WSAPROTOCOL_INFOA ansi;
    WSAPROTOCOL_INFOW wide;
    ROW("from W to A");
    CHECK_EQUAL(WSADuplicateSocketW(source, GetCurrentProcessId(), &wide), 0);
    memset(&ansi, 0, sizeof ansi);
    memcpy(&ansi, &wide, offsetof(WSAPROTOCOL_INFOA, szProtocol));
    for (size_t index = 0; wide.szProtocol[index] != 0; index++) {
        ansi.szProtocol[index] = (CHAR)wide.szProtocol[index];
    }
    SOCKET copy = WSASocketA(-1, -1, -1, &ansi, 0, WSA_FLAG_OVERLAPPED);
    CHECK(copy != INVALID_SOCKET);
    CHECK_EQUAL(closesocket(copy), 0);
}

// Every family and type of the catalog; the record's numbers are Windows'.
static void kinds(void) {
    static const int rows[][3] = {
        {AF_INET, SOCK_STREAM, IPPROTO_TCP},  {AF_INET, SOCK_DGRAM, IPPROTO_UDP},
        {AF_INET6, SOCK_STREAM, IPPROTO_TCP}, {AF_INET6, SOCK_DGRAM, IPPROTO_UDP},
        {AF_UNIX, SOCK_STREAM, 0},
    };
    ROW("kinds of sockets");
    for (size_t index = 0; index < _countof(rows); index++) {
        WSAPROTOCOL_INFOW info;
        const int *row = rows[index];
        SOCKET source = socket(row[0], row[1], row[2]);
        REQUIRE(source != INVALID_SOCKET);
        CHECK_EQUAL(WSADuplicateSocketW(source, GetCurrentProcessId(), &info), 0);
        CHECK_EQUAL(info.iAddressFamily, row[0]);
        CHECK_EQUAL(info.iSocketType, row[1]);
        CHECK_EQUAL(info.iProtocol, row[2]);
        SOCKET copy = WSASocketW(row[0], row[1], row[2], &info, 0, WSA_FLAG_OVERLAPPED);
        CHECK(copy != INVALID_SOCKET);
        CHECK_EQUAL(closesocket(copy), 0);
        CHECK_EQUAL(closesocket(source), 0);
    }
}

int main(void) {
    start_up();
    SOCKET source = new_socket(SOCK_STREAM);
    ansi_to_wide(source);
    wide_to_ansi(source);
    kinds();
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
