// A parent and its child that have the same process id, each the first in a PID namespace of its
// own. Only root can make those.
#define _GNU_SOURCE
#include "processes.h"
#include "sockets.h"

#include <sched.h>

static SOCKET inherited;

static void hand_off(void) {
    SOCKET copy = duplicate_here(inherited);
    CHECK_EQUAL(closesocket(copy), 0);
}

static void inner(int in, int out) {
    (void)in;
    (void)out;
    ROW("PID namespaces: a child with its parent's id connects for itself");
    CHECK_EQUAL(getpid(), 1);
    for (int count = 0; count < 20; count++) hand_off();
    CHECK_EQUAL(WSACleanup(), 0);
}

static void outer(int in, int out) {
    (void)in;
    (void)out;
    ROW("PID namespaces: the parent goes on");
    CHECK_EQUAL(getpid(), 1);
    inherited = new_socket(SOCK_STREAM);
    hand_off();
    REQUIRE(unshare(CLONE_NEWPID) == 0);
    struct child child = start_child(inner);
    for (int count = 0; count < 20; count++) hand_off();
    check_child(child);
    hand_off();
    CHECK_EQUAL(closesocket(inherited), 0);
}

int main(void) {
    start_up();
    int isMade = unshare(CLONE_NEWPID) == 0;
    if (isMade) {
        check_child(start_child(outer));
    } else {
        CHECK_EQUAL(errno, EPERM);
        CHECK(geteuid() != 0);
    }
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
