// Stream sockets: the codes of each call, in the order that Windows checks.
#include "sockets.h"

static char buffer[100];

static void unbound(void) {
    struct sockaddr_in address = loopback(0);
    struct sockaddr_in6 other = {.sin6_family = AF_INET6};
    int length = sizeof address;
    SOCKET s = new_socket(SOCK_STREAM);
    ROW("bind, listen, getsockname");
    CHECK_ERROR(getsockname(s, (struct sockaddr *)&address, &length), WSAEINVAL);
    CHECK_ERROR(getpeername(s, (struct sockaddr *)&address, &length), WSAENOTCONN);
    CHECK_ERROR(listen(s, 1), WSAEINVAL);
    CHECK_ERROR(send(s, "a", 1, 0), WSAENOTCONN);
    CHECK_ERROR(recv(s, buffer, 1, 0), WSAENOTCONN);
    CHECK_ERROR(bind(s, NULL, sizeof address), WSAEFAULT);
    CHECK_ERROR(bind(s, (struct sockaddr *)16, sizeof address), WSAEFAULT);
    CHECK_ERROR(bind(s, (struct sockaddr *)&address, sizeof address - 1), WSAEFAULT);
    CHECK_ERROR(bind(s, (struct sockaddr *)&other, sizeof other), WSAEAFNOSUPPORT);
    address.sin_family = 10;
    CHECK_ERROR(bind(s, (struct sockaddr *)&address, sizeof address), WSAEAFNOSUPPORT);
    address = loopback(bind_free(s));
    CHECK_ERROR(bind(s, (struct sockaddr *)&address, sizeof address), WSAEINVAL);
    length = 3;
    CHECK_ERROR(getsockname(s, (struct sockaddr *)&address, &length), WSAEFAULT);
    CHECK_EQUAL(closesocket(s), 0);
    CHECK_ERROR(bind(s, NULL, 0), WSAENOTSOCK);
}

static void connecting(void) {
    u_short port;
    SOCKET waiting = listener(&port);
    SOCKET s = new_socket(SOCK_STREAM);
    struct sockaddr_in address = loopback(port), peer;
    struct sockaddr_in nowhere = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr *name = (struct sockaddr *)&address;
    int length = 2;
    u_long on = 1;
    ROW("connect, accept");
    CHECK_ERROR(connect(waiting, name, sizeof address), WSAEINVAL);
    CHECK_ERROR(connect(s, (struct sockaddr *)&nowhere, sizeof nowhere), WSAEADDRNOTAVAIL);
    CHECK_EQUAL(ioctlsocket(s, FIONBIO, &on), 0);
    CHECK_ERROR(connect(s, name, sizeof address), WSAEWOULDBLOCK);
    WSAPOLLFD entry = {s, POLLOUT, 0};
    CHECK_EQUAL(WSAPoll(&entry, 1, 5000), 1);
    CHECK_ERROR(connect(s, name, sizeof address), WSAEISCONN);
    CHECK_ERROR(accept(waiting, (struct sockaddr *)&peer, &length), WSAEFAULT);
    CHECK_ERROR(accept(waiting, (struct sockaddr *)&peer, NULL), WSAEFAULT);
    length = sizeof peer;
    SOCKET taken = accept(waiting, (struct sockaddr *)&peer, &length);
    REQUIRE(taken != INVALID_SOCKET);
    CHECK_EQUAL(length, sizeof peer);
    CHECK_EQUAL(peer.sin_family, AF_INET);
    ROW("shutdown");
    CHECK_ERROR(shutdown(taken, 3), WSAEINVAL);
    CHECK_ERROR(shutdown(waiting, SD_BOTH), WSAENOTCONN);
    CHECK_EQUAL(shutdown(taken, SD_SEND), 0);
    CHECK_ERROR(send(taken, "a", 1, 0), WSAESHUTDOWN);
    CHECK_EQUAL(shutdown(taken, SD_RECEIVE), 0);
    CHECK_ERROR(recv(taken, buffer, 1, 0), WSAESHUTDOWN);
    CHECK_EQUAL(closesocket(taken), 0);
    CHECK_EQUAL(closesocket(s), 0);
    CHECK_EQUAL(closesocket(waiting), 0);
}

static void data(void) {
    struct pair pair = connection();
    WSABUF parts[2] = {{2, buffer}, {10, buffer + 2}};
    DWORD count = 9, flags = 0, limit = 50;
    ROW("send, recv");
    CHECK_EQUAL(send(pair.near, "hello", 5, 0), 5);
    CHECK_EQUAL(recv(pair.far, buffer, 5, MSG_PEEK), 5);
    CHECK_EQUAL(WSARecv(pair.far, parts, 2, &count, &flags, NULL, NULL), 0);
    CHECK_EQUAL(count, 5);
    CHECK(memcmp(buffer, "hello", 5) == 0);
    CHECK_ERROR(recv(pair.far, NULL, 1, 0), WSAEFAULT);
    CHECK_ERROR(recv(pair.far, buffer, 1, 0x4000), WSAEOPNOTSUPP);
    CHECK_ERROR(WSARecv(pair.far, parts, 0, &count, &flags, NULL, NULL), WSAEINVAL);
    CHECK_ERROR(WSARecv(pair.far, parts, 1, NULL, &flags, NULL, NULL), WSAEFAULT);
    CHECK_ERROR(WSARecv(pair.far, parts, 1, &count, NULL, NULL, NULL), WSAEFAULT);
    CHECK_ERROR(
        WSARecv(pair.far, parts, 1, &count, &flags, (LPWSAOVERLAPPED)buffer, NULL),
        WSAEOPNOTSUPP);
    CHECK_REASON("overlapped");
    CHECK_EQUAL(setsockopt(pair.far, SOL_SOCKET, SO_RCVTIMEO, (char *)&limit, sizeof limit), 0);
    CHECK_ERROR(recv(pair.far, buffer, 1, 0), WSAETIMEDOUT);
    ROW("a connection that was reset");
    struct linger abortive = {1, 0};
    CHECK_EQUAL(
        setsockopt(pair.near, SOL_SOCKET, SO_LINGER, (char *)&abortive, sizeof abortive), 0);
    CHECK_EQUAL(closesocket(pair.near), 0);
    CHECK_ERROR(recv(pair.far, buffer, 1, 0), WSAECONNRESET);
    CHECK_ERROR(send(pair.far, "a", 1, 0), WSAECONNRESET);
    CHECK_EQUAL(closesocket(pair.far), 0);
}

static int decision;

static int CALLBACK decide(
    LPWSABUF caller, LPWSABUF data, LPQOS sending, LPQOS group, LPWSABUF callee, LPWSABUF answer,
    GROUP *number, DWORD_PTR own) {
    WSAPROTOCOL_INFOA info;
    CHECK(sending == NULL && group == NULL && data->len == 0 && answer->len == 0 && *number == 0);
    CHECK_EQUAL(own, 77);
    CHECK_EQUAL(caller->len, 16);
    CHECK_EQUAL(callee->len, 16);
    CHECK_ERROR(WSADuplicateSocketA(0, 0, &info), WSAEINPROGRESS);
    return decision;
}

static void condition(void) {
    u_short port;
    SOCKET waiting = listener(&port);
    fd_set set;
    struct timeval now = {0, 0};
    ROW("WSAAccept");
    SOCKET s = connected_to(port);
    decision = CF_REJECT;
    CHECK_ERROR(WSAAccept(waiting, NULL, NULL, decide, 77), WSAECONNREFUSED);
    CHECK_ERROR(recv(s, buffer, 1, 0), WSAECONNRESET);
    CHECK_EQUAL(closesocket(s), 0);
    s = connected_to(port);
    decision = CF_DEFER;
    CHECK_ERROR(WSAAccept(waiting, NULL, NULL, decide, 77), WSATRY_AGAIN);
    FD_ZERO(&set);
    FD_SET(waiting, &set);
    CHECK_EQUAL(select(0, &set, NULL, NULL, &now), 1);
    decision = CF_ACCEPT;
    SOCKET taken = WSAAccept(waiting, NULL, NULL, decide, 77);
    CHECK(taken != INVALID_SOCKET);
    CHECK_EQUAL(select(0, &set, NULL, NULL, &now), 0);
    CHECK_EQUAL(closesocket(taken), 0);
    CHECK_EQUAL(closesocket(s), 0);
    CHECK_EQUAL(closesocket(waiting), 0);
}

int main(void) {
    ROW("WSANOTINITIALISED");
    CHECK_ERROR(bind(0, NULL, 0), WSANOTINITIALISED);
    start_up();
    unbound();
    connecting();
    data();
    condition();
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
