// Calls of another process re-enable the events of a socket that both have.
#include "events.h"
#include "processes.h"

static SOCKET s = INVALID_SOCKET;

// One receive, accept or send, and what came of it.
static int perform(char command) {
    switch (command) {
    case 'g': return receive_one(s);
    case 'd': {
        char message[64];
        return recv(s, message, sizeof message, 0);
    }
    case 'a': {
        SOCKET accepted = accept(s, NULL, NULL);
        if (accepted == INVALID_SOCKET) return -1;
        CHECK_EQUAL(closesocket(accepted), 0);
        return 1;
    }
    case 's': return send(s, "x", 1, 0);
    case 'f': return fill(s);
    case 'u': {
        char byte;
        return recv(s, &byte, 1, MSG_OOB);
    }
    }
    return -2;
}

// The target: opens each socket that comes, and does what it is told.
static void target(int in, int out) {
    char command;
    start_up();
    ROW("in the target");
    while (take(in, &command, 1)) {
        int result = 0;
        if (command == 'o') {
            WSAPROTOCOL_INFOW info;
            if (s != INVALID_SOCKET) CHECK_EQUAL(closesocket(s), 0);
            REQUIRE(take(in, &info, sizeof info));
            s = open_record(&info);
            REQUIRE(s != INVALID_SOCKET);
        } else {
            result = perform(command);
        }
        ship(out, &result, sizeof result);
    }
    CHECK_EQUAL(WSACleanup(), 0);
}

static struct child child;
static WSAEVENT event;

static int tell(char command) {
    int result = -3;
    ship(child.to, &command, 1);
    REQUIRE(take(child.from, &result, sizeof result));
    return result;
}

static void share(SOCKET socket) {
    WSAPROTOCOL_INFOW info;
    int result;
    char command = 'o';
    REQUIRE(WSADuplicateSocketW(socket, (DWORD)child.pid, &info) == 0);
    ship(child.to, &command, 1);
    ship(child.to, &info, sizeof info);
    REQUIRE(take(child.from, &result, sizeof result));
}

static void drain(SOCKET socket, int count) {
    static char bytes[65536];
    while (count > 0) {
        int part = recv(socket, bytes, sizeof bytes, 0);
        REQUIRE(part > 0);
        count -= part;
    }
}

static void reads(void) {
    struct pair pair = connection();
    share(pair.near);
    CHECK_EQUAL(WSAEventSelect(pair.near, event, FD_READ | FD_CLOSE), 0);
    ROW("FD_READ after the other process has received all");
    for (int round = 0; round < 3; round++) {
        CHECK_EQUAL(send(pair.far, "a", 1, 0), 1);
        EXPECT_EVENTS(pair.near, event, FD_READ);
        CHECK_EQUAL(tell('g'), 1);
    }
    EXPECT_SILENCE(pair.near, event);
    ROW("FD_READ is silent while nobody receives, whatever arrives");
    CHECK_EQUAL(send(pair.far, "bcd", 3, 0), 3);
    EXPECT_EVENTS(pair.near, event, FD_READ);
    CHECK_EQUAL(send(pair.far, "e", 1, 0), 1);
    EXPECT_SILENCE(pair.near, event);
    ROW("FD_READ for what the other process has left, once");
    CHECK_EQUAL(tell('g'), 1);
    EXPECT_EVENTS(pair.near, event, FD_READ);
    EXPECT_SILENCE(pair.near, event);
    ROW("both receive");
    CHECK_EQUAL(receive_one(pair.near), 1);
    EXPECT_EVENTS(pair.near, event, FD_READ);
    EXPECT_SILENCE(pair.near, event);
    CHECK_EQUAL(tell('g'), 1);
    EXPECT_EVENTS(pair.near, event, FD_READ);
    ROW("FD_CLOSE after the other process has received the rest");
    CHECK_EQUAL(closesocket(pair.far), 0);
    EXPECT_SILENCE(pair.near, event);
    CHECK_EQUAL(tell('g'), 1);
    EXPECT_EVENTS(pair.near, event, FD_CLOSE);
    EXPECT_SILENCE(pair.near, event);
    CHECK_EQUAL(tell('g'), 0);
    CHECK_EQUAL(closesocket(pair.near), 0);
}

static void urgent(void) {
    struct pair pair = connection();
    share(pair.near);
    ROW("FD_OOB after the other process has received it");
    CHECK_EQUAL(WSAEventSelect(pair.near, event, FD_OOB), 0);
    for (int round = 0; round < 2; round++) {
        CHECK_EQUAL(send(pair.far, "!", 1, MSG_OOB), 1);
        EXPECT_EVENTS(pair.near, event, FD_OOB);
        CHECK_EQUAL(tell('u'), 1);
        EXPECT_SILENCE(pair.near, event);
    }
    CHECK_EQUAL(closesocket(pair.near), 0);
    CHECK_EQUAL(closesocket(pair.far), 0);
}

static int fill_here(SOCKET socket) { return fill(socket); }

static int fill_there(SOCKET socket) {
    (void)socket;
    return tell('f');
}

// What is on its way still makes room after a send that found none, and is told: until it makes no
// more.
static int fill_for_good(SOCKET socket, int (*fill_once)(SOCKET socket)) {
    int all = 0;
    do {
        all += fill_once(socket);
    } while (recorded(socket, event, 200).lNetworkEvents == FD_WRITE);
    return all;
}

static void writes(void) {
    struct pair pair = connection();
    // The kernel makes a buffer larger of its own accord, which is room too, but not one of ours.
    int size = 65536;
    CHECK_EQUAL(setsockopt(pair.near, SOL_SOCKET, SO_SNDBUF, (char *)&size, sizeof size), 0);
    share(pair.near);
    CHECK_EQUAL(WSAEventSelect(pair.near, event, FD_READ | FD_WRITE), 0);
    EXPECT_EVENTS(pair.near, event, FD_WRITE);
    ROW("no FD_WRITE where a send of the other process found room");
    CHECK_EQUAL(tell('s'), 1);
    drain(pair.far, 1);
    EXPECT_SILENCE(pair.near, event);
    ROW("FD_WRITE after a send of the other process that found none");
    for (int round = 0; round < 2; round++) {
        int count = fill_for_good(pair.near, fill_there);
        CHECK(count > 0);
        drain(pair.far, count);
        EXPECT_EVENTS(pair.near, event, FD_WRITE);
        EXPECT_SILENCE(pair.near, event);
    }
    ROW("the same after a send of this process");
    int count = fill_for_good(pair.near, fill_here);
    drain(pair.far, count);
    EXPECT_EVENTS(pair.near, event, FD_WRITE);
    ROW("no FD_WRITE with what arrives");
    CHECK_EQUAL(send(pair.far, "a", 1, 0), 1);
    EXPECT_EVENTS(pair.near, event, FD_READ);
    ROW("nor with the end");
    CHECK_EQUAL(receive_one(pair.near), 1);
    CHECK_EQUAL(closesocket(pair.far), 0);
    EXPECT_SILENCE(pair.near, event);
    CHECK_EQUAL(closesocket(pair.near), 0);
}

static void accepts(void) {
    u_short port;
    SOCKET waiting = listener(&port), peers[4];
    share(waiting);
    CHECK_EQUAL(WSAEventSelect(waiting, event, FD_ACCEPT), 0);
    ROW("FD_ACCEPT after the other process has accepted all");
    peers[0] = connected_to(port);
    EXPECT_EVENTS(waiting, event, FD_ACCEPT);
    CHECK_EQUAL(tell('a'), 1);
    peers[1] = connected_to(port);
    EXPECT_EVENTS(waiting, event, FD_ACCEPT);
    ROW("FD_ACCEPT for what the other process has left");
    peers[2] = connected_to(port);
    peers[3] = connected_to(port);
    CHECK_EQUAL(tell('a'), 1);
    EXPECT_EVENTS(waiting, event, FD_ACCEPT);
    EXPECT_SILENCE(waiting, event);
    CHECK_EQUAL(tell('a'), 1);
    EXPECT_EVENTS(waiting, event, FD_ACCEPT);
    CHECK_EQUAL(tell('a'), 1);
    EXPECT_SILENCE(waiting, event);
    for (int index = 0; index < 4; index++) CHECK_EQUAL(closesocket(peers[index]), 0);
    CHECK_EQUAL(closesocket(waiting), 0);
}

static void datagrams(void) {
    SOCKET near = new_socket(SOCK_DGRAM), far = new_socket(SOCK_DGRAM);
    struct sockaddr_in address = loopback(bind_free(near));
    CHECK_EQUAL(connect(far, (struct sockaddr *)&address, sizeof address), 0);
    share(near);
    CHECK_EQUAL(WSAEventSelect(near, event, FD_READ), 0);
    ROW("FD_READ after the other process has received the message");
    for (int round = 0; round < 3; round++) {
        CHECK_EQUAL(send(far, "abc", 3, 0), 3);
        EXPECT_EVENTS(near, event, FD_READ);
        CHECK_EQUAL(tell('d'), 3);
    }
    EXPECT_SILENCE(near, event);
    ROW("FD_READ for the messages that the other process has left");
    for (int count = 0; count < 4; count++) CHECK_EQUAL(send(far, "abc", 3, 0), 3);
    for (int count = 0; count < 4; count++) {
        EXPECT_EVENTS(near, event, FD_READ);
        CHECK_EQUAL(tell('d'), 3);
    }
    CHECK_EQUAL(closesocket(near), 0);
    CHECK_EQUAL(closesocket(far), 0);
}

int main(void) {
    child = start_child(target);
    start_up();
    event = WSACreateEvent();
    REQUIRE(event != WSA_INVALID_EVENT);
    reads();
    urgent();
    writes();
    accepts();
    datagrams();
    check_child(child);
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
