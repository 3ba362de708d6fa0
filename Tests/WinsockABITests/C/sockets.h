// Sockets on the loopback, as the checks need them.
#pragma once

#include "check.h"

static inline struct sockaddr_in loopback(u_short port) {
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// Binds to a free port, and gives its number.
static inline u_short bind_free(SOCKET s) {
    struct sockaddr_in address = loopback(0);
    int length = sizeof address;
    CHECK_EQUAL(bind(s, (struct sockaddr *)&address, sizeof address), 0);
    CHECK_EQUAL(getsockname(s, (struct sockaddr *)&address, &length), 0);
    return ntohs(address.sin_port);
}

static inline SOCKET listener(u_short *port) {
    SOCKET s = WSASocketA(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    REQUIRE(s != INVALID_SOCKET);
    *port = bind_free(s);
    REQUIRE(listen(s, 16) == 0);
    return s;
}

static inline SOCKET connected_to(u_short port) {
    struct sockaddr_in address = loopback(port);
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    REQUIRE(s != INVALID_SOCKET);
    REQUIRE(connect(s, (struct sockaddr *)&address, sizeof address) == 0);
    return s;
}

struct pair {
    SOCKET near, far;
};

// Two ends of a connection.
static inline struct pair connection(void) {
    u_short port;
    SOCKET waiting = listener(&port);
    struct pair pair = {connected_to(port), INVALID_SOCKET};
    pair.far = accept(waiting, NULL, NULL);
    REQUIRE(pair.far != INVALID_SOCKET);
    CHECK_EQUAL(closesocket(waiting), 0);
    return pair;
}

static inline SOCKET new_socket(int type) {
    SOCKET s = WSASocketA(AF_INET, type, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
    REQUIRE(s != INVALID_SOCKET);
    return s;
}

static inline SOCKET open_record(WSAPROTOCOL_INFOW *info) {
    return WSASocketW(
        FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, info, 0, WSA_FLAG_OVERLAPPED);
}

// A second descriptor in this process.
static inline SOCKET duplicate_here(SOCKET s) {
    WSAPROTOCOL_INFOW info;
    REQUIRE(WSADuplicateSocketW(s, GetCurrentProcessId(), &info) == 0);
    SOCKET copy = open_record(&info);
    REQUIRE(copy != INVALID_SOCKET);
    return copy;
}

// Receives exactly so many bytes of a stream, or fewer when it ends.
static inline int receive_all(SOCKET s, char *bytes, int count) {
    int received = 0;
    while (received < count) {
        int part = recv(s, bytes + received, count - received, 0);
        if (part <= 0) break;
        received += part;
    }
    return received;
}

// What the one sends, the other receives.
static inline void check_flow(SOCKET from, SOCKET to, const char *text) {
    char bytes[64] = "";
    int length = (int)strlen(text);
    CHECK_EQUAL(send(from, text, length, 0), length);
    CHECK_EQUAL(receive_all(to, bytes, length), length);
    CHECK(strcmp(bytes, text) == 0);
}

// Waits until there is something to receive, or until a connection has ended.
static inline int is_readable(SOCKET s, int milliseconds) {
    WSAPOLLFD entry = {s, POLLRDNORM, 0};
    return WSAPoll(&entry, 1, milliseconds) == 1;
}
