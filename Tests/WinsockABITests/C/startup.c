// WSAStartup, WSACleanup and the last error of a thread.
#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <time.h>

static void not_initialised(void) {
    WSAPROTOCOL_INFOW info;
    DWORD length = 0;
    u_long mode = 1;
    int size = sizeof mode;
    char byte = 0;
    struct sockaddr_in address = loopback(0);
    struct sockaddr *name = (struct sockaddr *)&address;
    memset(&info, 0, sizeof info);
    ROW("WSANOTINITIALISED");
    CHECK_ERROR(WSADuplicateSocketA(0, 0, NULL), WSANOTINITIALISED);
    CHECK_REASON("WSAStartup");
    CHECK_ERROR(WSADuplicateSocketW(0, 0, NULL), WSANOTINITIALISED);
    CHECK_ERROR(WSASocketA(AF_INET, SOCK_STREAM, 0, NULL, 0, 0), WSANOTINITIALISED);
    CHECK_ERROR(open_record(&info), WSANOTINITIALISED);
    CHECK_ERROR(socket(AF_INET, SOCK_STREAM, 0), WSANOTINITIALISED);
    CHECK_ERROR(closesocket(0), WSANOTINITIALISED);
    CHECK_ERROR(bind(0, name, sizeof address), WSANOTINITIALISED);
    CHECK_ERROR(listen(0, 1), WSANOTINITIALISED);
    CHECK_ERROR(accept(0, NULL, NULL), WSANOTINITIALISED);
    CHECK_ERROR(connect(0, name, sizeof address), WSANOTINITIALISED);
    CHECK_ERROR(send(0, &byte, 1, 0), WSANOTINITIALISED);
    CHECK_ERROR(recv(0, &byte, 1, 0), WSANOTINITIALISED);
    CHECK_ERROR(ioctlsocket(0, FIONBIO, &mode), WSANOTINITIALISED);
    CHECK_ERROR(shutdown(0, SD_BOTH), WSANOTINITIALISED);
    CHECK_ERROR(getsockopt(0, SOL_SOCKET, SO_TYPE, (char *)&mode, &size), WSANOTINITIALISED);
    CHECK_ERROR(WSAEnumProtocolsA(NULL, NULL, &length), WSANOTINITIALISED);
    CHECK_ERROR(WSACleanup(), WSANOTINITIALISED);
}

static void versions(void) {
    static const struct {
        WORD asked, agreed;
    } rows[] = {
        {MAKEWORD(1, 0), MAKEWORD(1, 0)}, {MAKEWORD(1, 1), MAKEWORD(1, 1)},
        {MAKEWORD(2, 0), MAKEWORD(2, 0)}, {MAKEWORD(2, 1), MAKEWORD(2, 1)},
        {MAKEWORD(2, 2), MAKEWORD(2, 2)}, {MAKEWORD(3, 0), MAKEWORD(2, 2)},
    };
    WSADATA data;
    ROW("versions");
    for (size_t index = 0; index < _countof(rows); index++) {
        memset(&data, 0xff, sizeof data);
        CHECK_EQUAL(WSAStartup(rows[index].asked, &data), 0);
        CHECK_EQUAL(data.wVersion, rows[index].agreed);
        CHECK_EQUAL(data.wHighVersion, MAKEWORD(2, 2));
        CHECK(memchr(data.szDescription, 0, sizeof data.szDescription) != NULL);
        CHECK(memchr(data.szSystemStatus, 0, sizeof data.szSystemStatus) != NULL);
        CHECK_EQUAL(WSACleanup(), 0);
    }
    CHECK_EQUAL(WSAStartup(MAKEWORD(0, 9), &data), WSAVERNOTSUPPORTED);
    CHECK_EQUAL(WSAStartup(MAKEWORD(2, 2), NULL), WSAEFAULT);
    CHECK_EQUAL(WSAStartup(MAKEWORD(2, 2), (LPWSADATA)8), WSAEFAULT);
    // None of the three counts.
    CHECK_ERROR(WSACleanup(), WSANOTINITIALISED);
}

static int is_open(SOCKET s) {
    return fcntl((int)s, F_GETFD) >= 0 || errno != EBADF;
}

static void counting(void) {
    ROW("counting");
    for (int count = 0; count < 3; count++) start_up();
    SOCKET plain = new_socket(SOCK_STREAM);
    SOCKET shared = duplicate_here(plain);
    CHECK_EQUAL(WSACleanup(), 0);
    CHECK_EQUAL(WSACleanup(), 0);
    CHECK(is_open(plain) && is_open(shared));
    ROW("the last WSACleanup closes the sockets");
    CHECK_EQUAL(WSACleanup(), 0);
    CHECK(!is_open(plain) && !is_open(shared));
    CHECK_ERROR(WSACleanup(), WSANOTINITIALISED);
    CHECK_ERROR(closesocket(plain), WSANOTINITIALISED);
    start_up();
    CHECK_ERROR(closesocket(plain), WSAENOTSOCK);
    CHECK_EQUAL(WSACleanup(), 0);
}

static void *other_thread(void *argument) {
    int *before = argument;
    *before = WSAGetLastError();
    WSASetLastError(WSAEMFILE);
    CHECK_EQUAL(GetLastError(), WSAEMFILE);
    return NULL;
}

static void last_errors(void) {
    pthread_t thread;
    int before = -1;
    ROW("each thread has its last error");
    CHECK_ERROR(closesocket(INVALID_SOCKET), WSAENOTSOCK);
    REQUIRE(pthread_create(&thread, NULL, other_thread, &before) == 0);
    REQUIRE(pthread_join(thread, NULL) == 0);
    CHECK_EQUAL(before, 0);
    CHECK_EQUAL(WSAGetLastError(), WSAENOTSOCK);
    // A call that succeeds leaves it as it is.
    SOCKET s = new_socket(SOCK_STREAM);
    WSASetLastError(WSAEINTR);
    CHECK_EQUAL(closesocket(s), 0);
    CHECK_EQUAL(WSAGetLastError(), WSAEINTR);
    SetLastError(WSAEDISCON);
    CHECK_EQUAL(WSAGetLastError(), WSAEDISCON);
}

static void figure(void) {
    struct timespec begin, end;
    WSADATA data;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    REQUIRE(WSAStartup(MAKEWORD(2, 2), &data) == 0);
    clock_gettime(CLOCK_MONOTONIC, &end);
    long nanoseconds = (end.tv_sec - begin.tv_sec) * 1000000000 + end.tv_nsec - begin.tv_nsec;
    printf("the first WSAStartup took %ld µs\n", nanoseconds / 1000);
    CHECK_EQUAL(WSACleanup(), 0);
}

int main(void) {
    figure();
    not_initialised();
    versions();
    counting();
    start_up();
    last_errors();
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
