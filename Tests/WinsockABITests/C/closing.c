// What closesocket says and ends, and a receive into no room.
#include "events.h"

#include <pthread.h>

static void lingering(void) {
    struct pair pair = connection();
    LINGER patient = {1, 30};
    static char bytes[65536];
    u_long on = 1;
    ROW("closesocket of one that does not wait, lingers and has something to send");
    CHECK_EQUAL(
        setsockopt(pair.near, SOL_SOCKET, SO_LINGER, (char *)&patient, sizeof patient), 0);
    CHECK_EQUAL(ioctlsocket(pair.near, FIONBIO, &on), 0);
    int count = fill(pair.near);
    CHECK_ERROR(closesocket(pair.near), WSAEWOULDBLOCK);
    ROW("it is open still, and closes when all has gone");
    int all = 0;
    while (closesocket(pair.near) != 0) {
        REQUIRE(WSAGetLastError() == WSAEWOULDBLOCK);
        if (all < count) {
            int part = recv(pair.far, bytes, sizeof bytes, 0);
            REQUIRE(part > 0);
            all += part;
        } else {
            Sleep(1);
        }
    }
    CHECK_ERROR(closesocket(pair.near), WSAENOTSOCK);
    CHECK_EQUAL(closesocket(pair.far), 0);
}

static void *close_soon(void *argument) {
    Sleep(50);
    CHECK_EQUAL(closesocket(*(SOCKET *)argument), 0);
    return NULL;
}

static void polled(void) {
    struct pair pair = connection();
    WSAPOLLFD entry = {pair.near, POLLRDNORM, 0};
    pthread_t thread;
    ROW("closesocket ends a WSAPoll of another thread");
    REQUIRE(pthread_create(&thread, NULL, close_soon, &pair.near) == 0);
    CHECK_EQUAL(WSAPoll(&entry, 1, -1), 1);
    CHECK_EQUAL(entry.revents, POLLNVAL);
    REQUIRE(pthread_join(thread, NULL) == 0);
    CHECK_EQUAL(closesocket(pair.far), 0);
}

static void nothing(void) {
    struct pair pair = connection();
    LINGER hard = {1, 0};
    char byte;
    WSAEVENT event = WSACreateEvent();
    ROW("a receive into no room leaves the error of the connection");
    CHECK_EQUAL(WSAEventSelect(pair.near, event, FD_CLOSE), 0);
    CHECK_EQUAL(setsockopt(pair.far, SOL_SOCKET, SO_LINGER, (char *)&hard, sizeof hard), 0);
    CHECK_EQUAL(closesocket(pair.far), 0);
    EXPECT_EVENTS(pair.near, event, FD_CLOSE);
    CHECK_EQUAL(recv(pair.near, &byte, 0, 0), 0);
    CHECK_ERROR(recv(pair.near, &byte, 1, 0), WSAECONNRESET);
    CHECK_EQUAL(closesocket(pair.near), 0);
    CHECK(WSACloseEvent(event));
}

int main(void) {
    start_up();
    lingering();
    polled();
    nothing();
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
