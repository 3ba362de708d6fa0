// Rows S1 to S42: what WSASocket makes of family, type and protocol, with and without a record.
#include "sockets.h"

struct row {
    const char *name;
    int family, type, protocol;
    // 0, or what the call fails with.
    int code;
    int expectedType, expectedProtocol;
};

#define UNKNOWN 0xdead

static const struct row rows[] = {
    {"S1", UNKNOWN, SOCK_STREAM, IPPROTO_TCP, WSAEAFNOSUPPORT, 0, 0},
    {"S2", -1, SOCK_STREAM, IPPROTO_TCP, WSAEAFNOSUPPORT, 0, 0},
    {"S3", AF_INET, UNKNOWN, IPPROTO_TCP, WSAESOCKTNOSUPPORT, 0, 0},
    {"S4", AF_INET, -1, IPPROTO_TCP, WSAESOCKTNOSUPPORT, 0, 0},
    {"S5", AF_INET, SOCK_STREAM, UNKNOWN, WSAEPROTONOSUPPORT, 0, 0},
    {"S6", AF_INET, SOCK_STREAM, -1, WSAEPROTONOSUPPORT, 0, 0},
    {"S7", UNKNOWN, UNKNOWN, IPPROTO_TCP, WSAESOCKTNOSUPPORT, 0, 0},
    {"S8", UNKNOWN, SOCK_STREAM, UNKNOWN, WSAEAFNOSUPPORT, 0, 0},
    {"S9", AF_INET, UNKNOWN, UNKNOWN, WSAESOCKTNOSUPPORT, 0, 0},
    {"S10", UNKNOWN, SOCK_STREAM, IPPROTO_UDP, WSAEAFNOSUPPORT, 0, 0},
    {"S11", AF_INET, SOCK_STREAM, 0, 0, SOCK_STREAM, IPPROTO_TCP},
    {"S12", AF_INET, SOCK_DGRAM, 0, 0, SOCK_DGRAM, IPPROTO_UDP},
    {"S13", AF_INET, UNKNOWN, 0, WSAESOCKTNOSUPPORT, 0, 0},
    {"S14", AF_INET, 0, IPPROTO_TCP, 0, SOCK_STREAM, IPPROTO_TCP},
    {"S15", AF_INET, 0, IPPROTO_UDP, 0, SOCK_DGRAM, IPPROTO_UDP},
    {"S16", AF_INET, 0, UNKNOWN, WSAEPROTONOSUPPORT, 0, 0},
    {"S17", AF_INET, 0, 0, 0, SOCK_STREAM, IPPROTO_TCP},
    {"S18", AF_INET, SOCK_STREAM, IPPROTO_UDP, WSAEPROTONOSUPPORT, 0, 0},
    {"S19", AF_INET, SOCK_DGRAM, IPPROTO_TCP, WSAEPROTONOSUPPORT, 0, 0},
    {"S20", AF_UNSPEC, SOCK_STREAM, IPPROTO_TCP, 0, SOCK_STREAM, IPPROTO_TCP},
    {"S21", AF_UNSPEC, SOCK_STREAM, UNKNOWN, WSAEPROTONOSUPPORT, 0, 0},
    {"S22", AF_UNSPEC, UNKNOWN, IPPROTO_UDP, WSAESOCKTNOSUPPORT, 0, 0},
    {"S23", AF_UNSPEC, SOCK_STREAM, 0, WSAEINVAL, 0, 0},
    {"S24", AF_UNSPEC, SOCK_DGRAM, 0, WSAEINVAL, 0, 0},
    {"S25", AF_UNSPEC, UNKNOWN, 0, WSAEINVAL, 0, 0},
    {"S26", AF_UNSPEC, 0, 0, WSAEINVAL, 0, 0},
    {"S27", AF_UNSPEC, 0, IPPROTO_TCP, 0, SOCK_STREAM, IPPROTO_TCP},
    {"S28", AF_UNSPEC, 0, IPPROTO_UDP, 0, SOCK_DGRAM, IPPROTO_UDP},
    {"S29", AF_UNSPEC, 0, UNKNOWN, WSAEPROTONOSUPPORT, 0, 0},
    // The numbers S30 and S31 are not used.
    {"S42", AF_IPX, SOCK_DGRAM, 1000, WSAEAFNOSUPPORT, 0, 0},
    {"S42", AF_BTH, SOCK_STREAM, 3, WSAEAFNOSUPPORT, 0, 0},
};

static int type_of(SOCKET s) {
    int type = 0, length = sizeof type;
    CHECK_EQUAL(getsockopt(s, SOL_SOCKET, SO_TYPE, (char *)&type, &length), 0);
    return type;
}

static WSAPROTOCOL_INFOW record_of(SOCKET s) {
    WSAPROTOCOL_INFOW info;
    int length = sizeof info;
    memset(&info, 0, sizeof info);
    CHECK_EQUAL(getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&info, &length), 0);
    return info;
}

static void without_record(const struct row *row) {
    ROW(row->name);
    if (row->code != 0) {
        CHECK_ERROR(WSASocketA(row->family, row->type, row->protocol, NULL, 0, 0), row->code);
        CHECK_ERROR(WSASocketW(row->family, row->type, row->protocol, NULL, 0, 0), row->code);
        return;
    }
    WSASetLastError(WSAENOTSOCK);
    SOCKET s = WSASocketA(row->family, row->type, row->protocol, NULL, 0, 0);
    if (!CHECK(s != INVALID_SOCKET)) return;
    CHECK_EQUAL(WSAGetLastError(), 0);
    WSAPROTOCOL_INFOW info = record_of(s);
    CHECK_EQUAL(info.iAddressFamily, AF_INET);
    CHECK_EQUAL(info.iSocketType, row->expectedType);
    CHECK_EQUAL(info.iProtocol, row->expectedProtocol);
    CHECK_EQUAL(type_of(s), row->expectedType);
    CHECK_EQUAL(closesocket(s), 0);
}

// Opens with these, and checks the type of what comes.
static void check_opens(int family, int type, int protocol, WSAPROTOCOL_INFOA *info, int expected) {
    SOCKET s = WSASocketA(family, type, protocol, info, 0, 0);
    if (!CHECK(s != INVALID_SOCKET)) return;
    CHECK_EQUAL(type_of(s), expected);
    CHECK_EQUAL(closesocket(s), 0);
}

static void with_record(void) {
    int protocols[] = {IPPROTO_TCP, 0};
    DWORD length = 0;
    WSAPROTOCOL_INFOA entries[16];
    ROW("S32");
    CHECK_ERROR(WSAEnumProtocolsA(protocols, NULL, &length), WSAENOBUFS);
    REQUIRE(length > 0 && length <= sizeof entries);
    ROW("S33");
    CHECK(WSAEnumProtocolsA(protocols, entries, &length) >= 1);
    check_opens(
        FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &entries[0],
        entries[0].iSocketType);

    WSAPROTOCOL_INFOA info = entries[0];
    ROW("S34");
    info.iAddressFamily = info.iSocketType = info.iProtocol = -1;
    CHECK_ERROR(WSASocketA(0, 0, IPPROTO_UDP, &info, 0, 0), WSAEAFNOSUPPORT);
    ROW("S35");
    info.iAddressFamily = info.iSocketType = info.iProtocol = 0;
    CHECK_ERROR(WSASocketA(0, 0, IPPROTO_UDP, &info, 0, 0), WSAEAFNOSUPPORT);
    info.iAddressFamily = AF_INET;
    info.iSocketType = SOCK_DGRAM;
    info.iProtocol = IPPROTO_UDP;
    ROW("S36");
    check_opens(0, 0, 0, &info, SOCK_DGRAM);
    ROW("S37");
    check_opens(AF_INET, SOCK_STREAM, IPPROTO_TCP, &info, SOCK_STREAM);
}

static void type_is_fixed(void) {
    int type = SOCK_STREAM;
    ROW("S38");
    SOCKET stream = new_socket(SOCK_STREAM), datagram = new_socket(SOCK_DGRAM);
    CHECK_ERROR(
        setsockopt(stream, SOL_SOCKET, SO_TYPE, (char *)&type, sizeof type), WSAENOPROTOOPT);
    CHECK_ERROR(
        setsockopt(datagram, SOL_SOCKET, SO_TYPE, (char *)&type, sizeof type), WSAEINVAL);
    CHECK_EQUAL(closesocket(stream), 0);
    CHECK_EQUAL(closesocket(datagram), 0);
}

// The type of the catalog's first entry that has the protocol, or that stands in for none.
static int first_type(int protocol) {
    WSAPROTOCOL_INFOA entries[16];
    DWORD length = sizeof entries;
    int count = WSAEnumProtocolsA(NULL, entries, &length);
    CHECK(count > 0);
    for (int index = 0; index < count; index++) {
        int isWanted = protocol == 0
            ? entries[index].iAddressFamily == AF_INET
                && (entries[index].dwProviderFlags & PFL_MATCHES_PROTOCOL_ZERO) != 0
            : entries[index].iProtocol == protocol;
        if (isWanted) return entries[index].iSocketType;
    }
    return 0;
}

static void first_entry(void) {
    ROW("S39");
    check_opens(AF_INET, 0, 0, NULL, first_type(0));
    ROW("S40");
    check_opens(0, 0, IPPROTO_TCP, NULL, first_type(IPPROTO_TCP));
    check_opens(0, 0, IPPROTO_UDP, NULL, first_type(IPPROTO_UDP));
}

static void raw(void) {
    ROW("S41");
    SOCKET s = WSASocketA(AF_INET, SOCK_RAW, IPPROTO_ICMP, NULL, 0, 0);
    if (s == INVALID_SOCKET) {
        // Only root may.
        CHECK_EQUAL(WSAGetLastError(), WSAEACCES);
        return;
    }
    WSAPROTOCOL_INFOW info = record_of(s);
    CHECK_EQUAL(info.iMaxSockAddr, 0x10);
    CHECK_EQUAL(info.iMinSockAddr, 0x10);
    CHECK_EQUAL(info.iProtocolMaxOffset, 255);
    CHECK_EQUAL(info.dwProviderFlags, PFL_MATCHES_PROTOCOL_ZERO | PFL_HIDDEN);
    CHECK_EQUAL(info.dwServiceFlags1, 0x20609);
    CHECK_EQUAL(info.iSocketType, SOCK_RAW);
    CHECK_EQUAL(closesocket(s), 0);
}

int main(void) {
    start_up();
    for (size_t index = 0; index < _countof(rows); index++) without_record(&rows[index]);
    with_record();
    type_is_fixed();
    first_entry();
    raw();
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
