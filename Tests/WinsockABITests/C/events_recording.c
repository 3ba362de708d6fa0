// What is recorded when, on sockets of one process.
#include "events.h"

static WSAEVENT event;

static void streams(void) {
    struct pair pair = connection();
    ROW("what holds already");
    CHECK_EQUAL(send(pair.far, "ab", 2, 0), 2);
    CHECK(is_readable(pair.near, 5000));
    CHECK_EQUAL(WSAEventSelect(pair.near, event, FD_READ | FD_WRITE | FD_CLOSE), 0);
    CHECK_EQUAL(WSAWaitForMultipleEvents(1, &event, FALSE, 0, FALSE), WSA_WAIT_EVENT_0);
    EXPECT_EVENTS(pair.near, event, FD_READ | FD_WRITE);
    ROW("FD_READ is silent until a receive");
    CHECK_EQUAL(send(pair.far, "c", 1, 0), 1);
    EXPECT_SILENCE(pair.near, event);
    CHECK_EQUAL(receive_one(pair.near), 1);
    EXPECT_EVENTS(pair.near, event, FD_READ);
    ROW("FD_CLOSE comes after the data");
    CHECK_EQUAL(closesocket(pair.far), 0);
    EXPECT_SILENCE(pair.near, event);
    CHECK_EQUAL(receive_one(pair.near), 1);
    EXPECT_EVENTS(pair.near, event, FD_READ);
    CHECK_EQUAL(receive_one(pair.near), 1);
    EXPECT_EVENTS(pair.near, event, FD_CLOSE);
    CHECK_EQUAL(receive_one(pair.near), 0);
    EXPECT_SILENCE(pair.near, event);
    CHECK_EQUAL(closesocket(pair.near), 0);
}

static void room(void) {
    struct pair pair = connection();
    ROW("FD_WRITE after a send that found no room");
    CHECK_EQUAL(WSAEventSelect(pair.near, event, FD_WRITE), 0);
    EXPECT_EVENTS(pair.near, event, FD_WRITE);
    CHECK_EQUAL(send(pair.near, "x", 1, 0), 1);
    EXPECT_SILENCE(pair.near, event);
    int count = fill(pair.near) + 1;
    EXPECT_SILENCE(pair.near, event);
    static char bytes[65536];
    while (count > 0) {
        int part = recv(pair.far, bytes, sizeof bytes, 0);
        REQUIRE(part > 0);
        count -= part;
    }
    EXPECT_EVENTS(pair.near, event, FD_WRITE);
    CHECK_EQUAL(closesocket(pair.near), 0);
    CHECK_EQUAL(closesocket(pair.far), 0);
}

static void resets(void) {
    struct pair pair = connection();
    LINGER hard = {1, 0};
    ROW("FD_CLOSE with WSAECONNRESET, which the next receive has too");
    CHECK_EQUAL(WSAEventSelect(pair.near, event, FD_CLOSE), 0);
    CHECK_EQUAL(setsockopt(pair.far, SOL_SOCKET, SO_LINGER, (char *)&hard, sizeof hard), 0);
    CHECK_EQUAL(closesocket(pair.far), 0);
    WSANETWORKEVENTS events = recorded(pair.near, event, 5000);
    CHECK_EQUAL(events.lNetworkEvents, FD_CLOSE);
    CHECK_EQUAL(events.iErrorCode[FD_CLOSE_BIT], WSAECONNRESET);
    CHECK_ERROR(receive_one(pair.near), WSAECONNRESET);
    CHECK_EQUAL(closesocket(pair.near), 0);
}

static void listeners(void) {
    u_short port;
    SOCKET waiting = listener(&port);
    ROW("FD_ACCEPT is silent until an accept");
    CHECK_EQUAL(WSAEventSelect(waiting, event, FD_ACCEPT | FD_READ | FD_CLOSE), 0);
    EXPECT_SILENCE(waiting, event);
    SOCKET first = connected_to(port), second = connected_to(port);
    EXPECT_EVENTS(waiting, event, FD_ACCEPT);
    EXPECT_SILENCE(waiting, event);
    SOCKET accepted = accept(waiting, NULL, NULL);
    CHECK(accepted != INVALID_SOCKET);
    EXPECT_EVENTS(waiting, event, FD_ACCEPT);
    ROW("an accepted socket has its listener's registration");
    CHECK_EQUAL(send(first, "a", 1, 0), 1);
    EXPECT_EVENTS(accepted, event, FD_READ);
    ROW("FD_CLOSE never comes for one's own close");
    CHECK_EQUAL(closesocket(accepted), 0);
    EXPECT_SILENCE(waiting, event);
    CHECK_EQUAL(closesocket(first), 0);
    CHECK_EQUAL(closesocket(second), 0);
    CHECK_EQUAL(closesocket(waiting), 0);
}

static void connects(void) {
    u_short port;
    SOCKET waiting = listener(&port);
    struct sockaddr_in address = loopback(port);
    ROW("FD_CONNECT");
    SOCKET s = new_socket(SOCK_STREAM);
    CHECK_EQUAL(WSAEventSelect(s, event, FD_CONNECT | FD_WRITE), 0);
    EXPECT_SILENCE(s, event);
    CHECK_ERROR(connect(s, (struct sockaddr *)&address, sizeof address), WSAEWOULDBLOCK);
    EXPECT_EVENTS(s, event, FD_CONNECT | FD_WRITE);
    CHECK_EQUAL(closesocket(s), 0);
    ROW("FD_CONNECT with an error");
    CHECK_EQUAL(closesocket(waiting), 0);
    s = new_socket(SOCK_STREAM);
    CHECK_EQUAL(WSAEventSelect(s, event, FD_CONNECT | FD_WRITE | FD_CLOSE), 0);
    CHECK_ERROR(connect(s, (struct sockaddr *)&address, sizeof address), WSAEWOULDBLOCK);
    WSANETWORKEVENTS events = recorded(s, event, 5000);
    CHECK_EQUAL(events.lNetworkEvents, FD_CONNECT);
    CHECK_EQUAL(events.iErrorCode[FD_CONNECT_BIT], WSAECONNREFUSED);
    EXPECT_SILENCE(s, event);
    CHECK_EQUAL(closesocket(s), 0);
}

int main(void) {
    start_up();
    event = WSACreateEvent();
    REQUIRE(event != WSA_INVALID_EVENT);
    streams();
    room();
    resets();
    listeners();
    connects();
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
