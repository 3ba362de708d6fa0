// Rows P1 to P6, E1 and E2: SO_PROTOCOL_INFO of a socket, and the catalog of all protocols.
#include "sockets.h"

static int ask(SOCKET s, int option, void *value, int *length) {
    return getsockopt(s, SOL_SOCKET, option, value, length);
}

static void refused(int option, int size) {
    WSAPROTOCOL_INFOW info, untouched;
    int length = size;
    memset(&info, 0x5a, sizeof info);
    memset(&untouched, 0x5a, sizeof untouched);
    ROW("P1");
    CHECK_ERROR(ask(INVALID_SOCKET, option, &info, &length), WSAENOTSOCK);
    CHECK_EQUAL(length, size);
    ROW("P2");
    SOCKET s = new_socket(SOCK_STREAM);
    CHECK_ERROR(ask(s, option, NULL, NULL), WSAEFAULT);
    CHECK_ERROR(ask(s, option, &info, NULL), WSAEFAULT);
    CHECK_ERROR(ask(s, option, NULL, &length), WSAEFAULT);
    ROW("P3");
    length = size / 2;
    CHECK_ERROR(ask(s, option, &info, &length), WSAEFAULT);
    CHECK_EQUAL(length, size);
    ROW("P6");
    CHECK_EQUAL(closesocket(s), 0);
    CHECK_ERROR(ask(s, option, &info, &length), WSAENOTSOCK);
    CHECK(memcmp(&info, &untouched, sizeof info) == 0);
}

static void larger_buffer(void) {
    WSAPROTOCOL_INFOA infos[2];
    int length = sizeof infos;
    ROW("P4");
    SOCKET s = new_socket(SOCK_STREAM);
    CHECK_EQUAL(ask(s, SO_PROTOCOL_INFOA, infos, &length), 0);
    CHECK_EQUAL(length, sizeof infos);
    CHECK_EQUAL(closesocket(s), 0);
}

static void same_prefix(int family, int type, int protocol) {
    WSAPROTOCOL_INFOA ansi;
    WSAPROTOCOL_INFOW wide;
    int ansiLength = sizeof ansi, wideLength = sizeof wide;
    memset(&ansi, 0, sizeof ansi);
    memset(&wide, 0, sizeof wide);
    ROW("P5");
    SOCKET s = socket(family, type, protocol);
    REQUIRE(s != INVALID_SOCKET);
    CHECK_EQUAL(ask(s, SO_PROTOCOL_INFOA, &ansi, &ansiLength), 0);
    CHECK_EQUAL(ask(s, SO_PROTOCOL_INFOW, &wide, &wideLength), 0);
    CHECK_EQUAL(ansiLength, 372);
    CHECK_EQUAL(wideLength, 628);
    CHECK(memcmp(&ansi, &wide, offsetof(WSAPROTOCOL_INFOA, szProtocol)) == 0);
    CHECK(ansi.szProtocol[0] != 0);
    size_t index = 0;
    do {
        CHECK_EQUAL(ansi.szProtocol[index], wide.szProtocol[index]);
    } while (ansi.szProtocol[index++] != 0 && index < WSAPROTOCOL_LEN);
    CHECK_EQUAL(ansi.iAddressFamily, family);
    CHECK_EQUAL(ansi.iSocketType, type);
    CHECK_EQUAL(ansi.iProtocol, protocol);
    // It is a plain record, without a ticket.
    CHECK_EQUAL(ansi.dwProviderReserved | ansi.dwServiceFlags2, 0);
    CHECK_EQUAL(ansi.dwServiceFlags3 | ansi.dwServiceFlags4, 0);
    CHECK_EQUAL(closesocket(s), 0);
}

static void lists_need_room(void) {
    WSAPROTOCOL_INFOW one;
    DWORD length = 0;
    ROW("E1");
    CHECK_ERROR(WSAEnumProtocolsA(NULL, NULL, &length), WSAENOBUFS);
    CHECK(length >= sizeof(WSAPROTOCOL_INFOA) && length % sizeof(WSAPROTOCOL_INFOA) == 0);
    length = 1;
    CHECK_ERROR(WSAEnumProtocolsW(NULL, NULL, &length), WSAENOBUFS);
    CHECK(length >= sizeof one && length % sizeof one == 0);
    ROW("E2");
    length = sizeof one - 1;
    CHECK_ERROR(WSAEnumProtocolsW(NULL, &one, &length), WSAENOBUFS);
    CHECK(length >= sizeof one);
    length = sizeof(WSAPROTOCOL_INFOA) - 1;
    CHECK_ERROR(WSAEnumProtocolsA(NULL, (WSAPROTOCOL_INFOA *)&one, &length), WSAENOBUFS);
}

// What every Windows says of these two protocols, quality of service aside.
static DWORD expected_flags(int protocol) {
    return protocol == IPPROTO_TCP ? 0x20066 : 0x20609;
}

static void list(void) {
    WSAPROTOCOL_INFOW entries[16];
    DWORD length = sizeof entries;
    int filter[] = {0xdead, IPPROTO_TCP, 0xcafe, IPPROTO_UDP, 0xbeef, 0};
    ROW("E2");
    int count = WSAEnumProtocolsW(NULL, entries, &length);
    CHECK(count >= 4 && count <= (int)_countof(entries));
    for (int index = 0; index < count; index++) {
        CHECK(entries[index].szProtocol[0] != 0);
        CHECK_EQUAL(entries[index].dwProviderFlags & PFL_HIDDEN, 0);
        int protocol = entries[index].iProtocol;
        if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) continue;
        CHECK_EQUAL(
            entries[index].dwServiceFlags1 & ~(DWORD)XP1_QOS_SUPPORTED, expected_flags(protocol));
    }
    length = sizeof entries;
    count = WSAEnumProtocolsW(filter, entries, &length);
    CHECK(count >= 2);
    int streams = 0, datagrams = 0;
    for (int index = 0; index < count; index++) {
        streams += entries[index].iProtocol == IPPROTO_TCP;
        datagrams += entries[index].iProtocol == IPPROTO_UDP;
    }
    CHECK(streams > 0 && datagrams > 0);
    CHECK_EQUAL(streams + datagrams, count);
}

int main(void) {
    start_up();
    refused(SO_PROTOCOL_INFOA, sizeof(WSAPROTOCOL_INFOA));
    refused(SO_PROTOCOL_INFOW, sizeof(WSAPROTOCOL_INFOW));
    larger_buffer();
    same_prefix(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    same_prefix(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
    same_prefix(AF_INET6, SOCK_STREAM, IPPROTO_TCP);
    same_prefix(AF_INET6, SOCK_DGRAM, IPPROTO_UDP);
    lists_need_room();
    list();
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
