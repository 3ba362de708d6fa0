// One registration for a socket that two processes have: the last one has all.
#include "events.h"
#include "processes.h"

// The target: opens the socket, and does what it is told.
static void target(int in, int out) {
    WSAPROTOCOL_INFOW info;
    char command;
    start_up();
    REQUIRE(take(in, &info, sizeof info));
    SOCKET s = open_record(&info);
    REQUIRE(s != INVALID_SOCKET);
    WSAEVENT event = WSACreateEvent();
    ship(out, "o", 1);
    while (take(in, &command, 1)) {
        ROW("in the target");
        switch (command) {
        case 's': CHECK_EQUAL(WSAEventSelect(s, event, FD_READ), 0); break;
        case 'r':
            EXPECT_EVENTS(s, event, FD_READ);
            CHECK_EQUAL(receive_one(s), 1);
            break;
        case 'n': EXPECT_SILENCE(s, event); break;
        case 'c': CHECK_EQUAL(WSAEventSelect(s, NULL, 0), 0); break;
        }
        ship(out, &command, 1);
    }
    CHECK_EQUAL(WSACleanup(), 0);
}

static void tell(struct child child, char command) {
    char answer = 0;
    ship(child.to, &command, 1);
    REQUIRE(take(child.from, &answer, 1));
    CHECK_EQUAL(answer, command);
}

// Word that the registration was lost comes on its own way, soon after the other has it.
static void await_loss(SOCKET s, WSAEVENT event) {
    u_long off = 0, on = 1;
    for (int tries = 0; tries < 5000 && ioctlsocket(s, FIONBIO, &off) != 0; tries++) usleep(1000);
    CHECK_EQUAL(ioctlsocket(s, FIONBIO, &on), 0);
    CHECK(WSAResetEvent(event));
}

int main(void) {
    struct child child = start_child(target);
    WSAPROTOCOL_INFOW info;
    char answer;
    start_up();
    struct pair pair = connection();
    WSAEVENT event = WSACreateEvent();
    ROW("before it is shared");
    CHECK_EQUAL(WSAEventSelect(pair.near, event, FD_READ | FD_WRITE), 0);
    EXPECT_EVENTS(pair.near, event, FD_WRITE);
    REQUIRE(WSADuplicateSocketW(pair.near, (DWORD)child.pid, &info) == 0);
    ship(child.to, &info, sizeof info);
    REQUIRE(take(child.from, &answer, 1));
    ROW("the source has all until the target selects");
    CHECK_EQUAL(send(pair.far, "1", 1, 0), 1);
    EXPECT_EVENTS(pair.near, event, FD_READ);
    CHECK_EQUAL(receive_one(pair.near), 1);
    tell(child, 'n');
    ROW("the target takes over, and the source is never signalled again");
    tell(child, 's');
    await_loss(pair.near, event);
    CHECK_EQUAL(send(pair.far, "2", 1, 0), 1);
    tell(child, 'r');
    EXPECT_SILENCE(pair.near, event);
    ROW("the source takes over");
    CHECK_EQUAL(WSAEventSelect(pair.near, event, FD_READ | FD_WRITE), 0);
    EXPECT_EVENTS(pair.near, event, FD_WRITE);
    CHECK_EQUAL(send(pair.far, "3", 1, 0), 1);
    EXPECT_EVENTS(pair.near, event, FD_READ);
    CHECK_EQUAL(receive_one(pair.near), 1);
    ROW("no events in one process cancel those of the other");
    tell(child, 'c');
    await_loss(pair.near, event);
    CHECK_EQUAL(send(pair.far, "4", 1, 0), 1);
    EXPECT_SILENCE(pair.near, event);
    tell(child, 'n');
    check_child(child);
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
