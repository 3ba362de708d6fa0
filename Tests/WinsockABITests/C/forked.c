// What a child made by fork(2) may do with what it got of its parent.
#include "processes.h"
#include "sockets.h"

#include <pthread.h>
#include <stdatomic.h>

static struct pair inherited;

static void startups_and_sockets(int in, int out) {
    char text[16] = "";
    (void)in;
    (void)out;
    ROW("fork: the sockets are inherited");
    check_flow(inherited.near, inherited.far, "in the child");
    CHECK_EQUAL(closesocket(inherited.far), 0);
    CHECK_ERROR(recv(inherited.far, text, 1, 0), WSAENOTSOCK);
    ROW("fork: the count of startups is kept");
    CHECK_EQUAL(WSACleanup(), 0);
    CHECK_ERROR(WSACleanup(), WSANOTINITIALISED);
    CHECK_ERROR(send(inherited.near, "x", 1, 0), WSANOTINITIALISED);
}

// Duplicates an inherited socket for the parent, by a connection of its own.
static void source(int in, int out) {
    WSAPROTOCOL_INFOW info;
    SOCKET copy = duplicate_here(inherited.near);
    (void)in;
    ROW("fork: a child duplicates");
    CHECK_EQUAL(closesocket(copy), 0);
    CHECK_EQUAL(WSADuplicateSocketW(inherited.near, (DWORD)getppid(), &info), 0);
    ship(out, &info, sizeof info);
}

static void target(int in, int out) {
    WSAPROTOCOL_INFOW own, parents;
    char done = 1;
    REQUIRE(take(in, &parents, sizeof parents) && take(in, &own, sizeof own));
    ROW("fork: the parent's ticket is not the child's");
    CHECK_ERROR(open_record(&parents), WSAEINVAL);
    CHECK_REASON("wrong process");
    ROW("fork: a child opens what was duplicated for it");
    SOCKET s = open_record(&own);
    CHECK(s != INVALID_SOCKET);
    CHECK_EQUAL(send(s, "child", 5, 0), 5);
    CHECK_EQUAL(closesocket(s), 0);
    CHECK_ERROR(open_record(&own), WSAEINVAL);
    CHECK_REASON("used");
    ship(out, &done, 1);
}

static void handoffs(void) {
    WSAPROTOCOL_INFOW info, own;
    char text[16] = "", done;
    // This process is connected, has a nonce, and holds a ticket of its own when it forks.
    CHECK_EQUAL(WSADuplicateSocketW(inherited.near, GetCurrentProcessId(), &own), 0);
    struct child child = start_child(source);
    REQUIRE(take(child.from, &info, sizeof info));
    SOCKET copy = open_record(&info);
    CHECK(copy != INVALID_SOCKET);
    check_child(child);
    check_flow(copy, inherited.far, "from the child");
    CHECK_EQUAL(closesocket(copy), 0);

    child = start_child(target);
    CHECK_EQUAL(WSADuplicateSocketW(inherited.near, (DWORD)child.pid, &info), 0);
    ship(child.to, &own, sizeof own);
    ship(child.to, &info, sizeof info);
    REQUIRE(take(child.from, &done, 1));
    CHECK_EQUAL(receive_all(inherited.far, text, 5), 5);
    check_child(child);
    ROW("fork: the child's refusal took nothing from the parent");
    copy = open_record(&own);
    CHECK(copy != INVALID_SOCKET);
    CHECK_EQUAL(closesocket(copy), 0);
}

// A shared socket's inherited copy is the child's to close, and no event of the parent's.
static void close_copies(int in, int out) {
    (void)in;
    (void)out;
    ROW("fork: WSACleanup closes the child's copies only");
    CHECK_EQUAL(WSACleanup(), 0);
}

static void grandchild(int in, int out) {
    (void)in;
    (void)out;
    ROW("fork: a grandchild");
    SOCKET copy = duplicate_here(inherited.near);
    CHECK_EQUAL(closesocket(copy), 0);
    check_child(start_child(startups_and_sockets));
}

static WSAEVENT news;

// The child has no part in its parent's registration, and can make one of its own.
static void select_own(int in, int out) {
    WSANETWORKEVENTS events;
    (void)in;
    (void)out;
    ROW("fork: the child selects events of its own");
    struct pair pair = connection();
    WSAEVENT own = WSACreateEvent();
    REQUIRE(own != WSA_INVALID_EVENT);
    CHECK_EQUAL(WSAEventSelect(pair.near, own, FD_READ), 0);
    CHECK_EQUAL(send(pair.far, "x", 1, 0), 1);
    CHECK_EQUAL(WSAWaitForMultipleEvents(1, &own, FALSE, 20000, FALSE), WSA_WAIT_EVENT_0);
    CHECK_EQUAL(WSAEnumNetworkEvents(pair.near, own, &events), 0);
    CHECK_EQUAL(events.lNetworkEvents, FD_READ);
    // Closing the copy takes nothing from the parent.
    CHECK_EQUAL(closesocket(inherited.near), 0);
    CHECK_EQUAL(WSACleanup(), 0);
}

static void registrations(void) {
    WSANETWORKEVENTS events;
    u_long mode = 0;
    ROW("fork: registrations stay the parent's");
    news = WSACreateEvent();
    REQUIRE(news != WSA_INVALID_EVENT);
    CHECK_EQUAL(WSAEventSelect(inherited.near, news, FD_READ), 0);
    check_child(start_child(select_own));
    CHECK_EQUAL(WSAWaitForMultipleEvents(1, &news, FALSE, 0, FALSE), WSA_WAIT_TIMEOUT);
    CHECK_EQUAL(send(inherited.far, "x", 1, 0), 1);
    CHECK_EQUAL(WSAWaitForMultipleEvents(1, &news, FALSE, 20000, FALSE), WSA_WAIT_EVENT_0);
    CHECK_EQUAL(WSAEnumNetworkEvents(inherited.near, news, &events), 0);
    CHECK_EQUAL(events.lNetworkEvents, FD_READ);
    CHECK_EQUAL(WSAEventSelect(inherited.near, news, 0), 0);
    CHECK_EQUAL(ioctlsocket(inherited.near, FIONBIO, &mode), 0);
    char byte;
    CHECK_EQUAL(recv(inherited.near, &byte, 1, 0), 1);
    CHECK(WSACloseEvent(news));
}

static atomic_int isOver;

static void *duplicate_on(void *argument) {
    SOCKET s = *(SOCKET *)argument;
    while (!isOver) {
        SOCKET copy = duplicate_here(s);
        CHECK_EQUAL(closesocket(copy), 0);
    }
    return NULL;
}

static void busy_child(int in, int out) {
    (void)in;
    (void)out;
    SOCKET copy = duplicate_here(inherited.near);
    CHECK_EQUAL(closesocket(copy), 0);
    SOCKET own = new_socket(SOCK_STREAM);
    CHECK_EQUAL(closesocket(own), 0);
}

// At the fork another thread is in the middle of any call; the child has none of it.
static void while_calling(void) {
    pthread_t threads[2];
    SOCKET s = new_socket(SOCK_STREAM);
    ROW("fork: while other threads call");
    isOver = 0;
    for (int index = 0; index < 2; index++) {
        REQUIRE(pthread_create(&threads[index], NULL, duplicate_on, &s) == 0);
    }
    for (int count = 0; count < 12; count++) check_child(start_child(busy_child));
    isOver = 1;
    for (int index = 0; index < 2; index++) REQUIRE(pthread_join(threads[index], NULL) == 0);
    CHECK_EQUAL(closesocket(s), 0);
}

int main(void) {
    start_up();
    inherited = connection();
    check_child(start_child(startups_and_sockets));
    ROW("fork: the parent's are untouched");
    check_flow(inherited.near, inherited.far, "after the child");
    handoffs();
    check_child(start_child(close_copies));
    check_child(start_child(grandchild));
    check_flow(inherited.near, inherited.far, "still");
    registrations();
    while_calling();
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
