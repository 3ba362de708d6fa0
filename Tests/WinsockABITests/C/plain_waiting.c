// select, WSAPoll, ioctlsocket and the options, where Linux would answer otherwise.
#include "sockets.h"

static struct timeval now = {0, 0}, soon = {0, 50000}, later = {5, 0};

static void sets(void) {
    fd_set reading, writing, except;
    ROW("select");
    FD_ZERO(&reading);
    FD_ZERO(&writing);
    FD_ZERO(&except);
    CHECK_ERROR(select(0, &reading, &writing, &except, &now), WSAEINVAL);
    CHECK_ERROR(select(0, NULL, NULL, NULL, NULL), WSAEINVAL);
    CHECK_ERROR(select(0, (fd_set *)16, NULL, NULL, &now), WSAEFAULT);
    SOCKET s = new_socket(SOCK_STREAM);
    FD_SET(s, &reading);
    FD_SET(s, &writing);
    FD_SET(s, &except);
    // Neither connected nor listening: ready for nothing.
    CHECK_EQUAL(select(0, &reading, &writing, &except, &soon), 0);
    CHECK_EQUAL(reading.fd_count + writing.fd_count + except.fd_count, 0);
    FD_SET((SOCKET)99999, &reading);
    CHECK_ERROR(select(0, &reading, NULL, NULL, &now), WSAENOTSOCK);
    CHECK_EQUAL(closesocket(s), 0);
}

static void many(void) {
    enum { count = 150 };
    struct {
        u_int fd_count;
        SOCKET fd_array[count];
    } set = {count, {0}};
    SOCKET sockets[count];
    ROW("more than FD_SETSIZE");
    for (int index = 0; index < count; index++) {
        sockets[index] = new_socket(SOCK_DGRAM);
        set.fd_array[index] = sockets[index];
    }
    CHECK_EQUAL(select(0, NULL, (fd_set *)&set, NULL, &now), count);
    CHECK_EQUAL(set.fd_count, count);
    CHECK_EQUAL(select(0, (fd_set *)&set, NULL, NULL, &now), 0);
    CHECK_EQUAL(set.fd_count, 0);
    for (int index = 0; index < count; index++) CHECK_EQUAL(closesocket(sockets[index]), 0);
}

static void failed_connect(void) {
    u_short port;
    u_long on = 1;
    int error = 0, length = sizeof error;
    fd_set reading, writing, except;
    CHECK_EQUAL(closesocket(listener(&port)), 0);
    struct sockaddr_in address = loopback(port);
    SOCKET s = new_socket(SOCK_STREAM);
    ROW("a connect that fails is exceptional");
    CHECK_EQUAL(ioctlsocket(s, FIONBIO, &on), 0);
    CHECK_ERROR(connect(s, (struct sockaddr *)&address, sizeof address), WSAEWOULDBLOCK);
    FD_ZERO(&reading);
    FD_ZERO(&writing);
    FD_ZERO(&except);
    FD_SET(s, &reading);
    FD_SET(s, &writing);
    FD_SET(s, &except);
    CHECK_EQUAL(select(0, &reading, &writing, &except, &later), 1);
    CHECK(FD_ISSET(s, &except));
    CHECK_EQUAL(getsockopt(s, SOL_SOCKET, SO_ERROR, (char *)&error, &length), 0);
    CHECK_EQUAL(error, WSAECONNREFUSED);
    CHECK_EQUAL(closesocket(s), 0);
}

static void poll_and_control(void) {
    struct pair pair = connection();
    char byte;
    u_long value = 9;
    DWORD count = 9;
    fd_set except;
    WSAPOLLFD entries[3] = {
        {pair.near, POLLIN | POLLOUT, 0}, {INVALID_SOCKET, POLLIN, 7}, {99999, POLLIN, 0}};
    ROW("WSAPoll");
    CHECK_ERROR(WSAPoll(NULL, 0, 0), WSAEINVAL);
    CHECK_ERROR(WSAPoll(NULL, 1, 0), WSAEFAULT);
    CHECK_EQUAL(WSAPoll(entries, 2, 0), 1);
    CHECK_EQUAL(entries[0].revents, POLLOUT);
    CHECK_EQUAL(entries[1].revents, 0);
    CHECK_EQUAL(WSAPoll(entries, 3, -1), 2);
    CHECK_EQUAL(entries[2].revents, POLLNVAL);
    entries[0].events = POLLPRI;
    CHECK_ERROR(WSAPoll(entries, 1, 0), WSAEINVAL);
    ROW("data out of band");
    CHECK_EQUAL(send(pair.far, "a", 1, MSG_OOB), 1);
    FD_ZERO(&except);
    FD_SET(pair.near, &except);
    CHECK_EQUAL(select(0, NULL, NULL, &except, &later), 1);
    CHECK_EQUAL(recv(pair.near, &byte, 1, MSG_OOB), 1);
    ROW("ioctlsocket, WSAIoctl");
    CHECK_EQUAL(ioctlsocket(pair.near, SIOCATMARK, &value), 0);
    CHECK_EQUAL(value, 1);
    CHECK_ERROR(ioctlsocket(pair.near, FIOASYNC, &value), WSAEINVAL);
    CHECK_ERROR(ioctlsocket(pair.near, FIONREAD, NULL), WSAEFAULT);
    CHECK_ERROR(
        WSAIoctl(pair.near, 0xC8000006u, NULL, 0, NULL, 0, &count, NULL, NULL), WSAEOPNOTSUPP);
    CHECK_ERROR(
        WSAIoctl(pair.near, FIONREAD, NULL, 0, &value, 4, NULL, NULL, NULL), WSAEFAULT);
    CHECK_EQUAL(WSAIoctl(pair.near, FIONREAD, NULL, 0, &value, 4, &count, NULL, NULL), 0);
    CHECK_EQUAL(value, 0);
    CHECK_EQUAL(count, 4);
    CHECK_EQUAL(closesocket(pair.near), 0);
    CHECK_EQUAL(closesocket(pair.far), 0);
}

static void options(void) {
    SOCKET s = new_socket(SOCK_STREAM);
    WSAPROTOCOL_INFOW info;
    int length = sizeof info, value = 1;
    ROW("getsockopt, setsockopt");
    CHECK_EQUAL(getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&info, &length), 0);
    CHECK_EQUAL(info.iProtocol, IPPROTO_TCP);
    length = 300;
    CHECK_ERROR(getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&info, &length), WSAEFAULT);
    CHECK_EQUAL(length, sizeof info);
    CHECK_ERROR(getsockopt(s, SOL_SOCKET, SO_TYPE, NULL, &length), WSAEFAULT);
    CHECK_ERROR(getsockopt(s, SOL_SOCKET, SO_TYPE, (char *)&value, NULL), WSAEFAULT);
    CHECK_ERROR(
        getsockopt(INVALID_SOCKET, SOL_SOCKET, SO_TYPE, (char *)&value, &length), WSAENOTSOCK);
    CHECK_ERROR(setsockopt(s, SOL_SOCKET, SO_TYPE, (char *)&value, 4), WSAENOPROTOOPT);
    CHECK_ERROR(setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, (char *)16, 4), WSAEFAULT);
    ROW("SO_OPENTYPE");
    CHECK_EQUAL(
        getsockopt(INVALID_SOCKET, SOL_SOCKET, SO_OPENTYPE, (char *)&value, &length), 0);
    CHECK_EQUAL(value, 0);
    CHECK_EQUAL(closesocket(s), 0);
}

int main(void) {
    start_up();
    sets();
    many();
    failed_connect();
    poll_and_control();
    options();
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
