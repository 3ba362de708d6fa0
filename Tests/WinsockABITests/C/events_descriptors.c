// A registration and the descriptors of its socket: which close ends what.
#include "events.h"
#include "processes.h"

static void give(int in, int out) {
    WSAPROTOCOL_INFOW info;
    char command;
    start_up();
    ROW("in the target");
    REQUIRE(take(in, &info, sizeof info));
    SOCKET s = open_record(&info);
    REQUIRE(s != INVALID_SOCKET);
    ship(out, "o", 1);
    while (take(in, &command, 1)) {
        int result = command == 'r' ? receive_one(s) : -2;
        ship(out, &result, sizeof result);
    }
    CHECK_EQUAL(WSACleanup(), 0);
}

static int in_history(const char *event) {
    char command[600];
    snprintf(
        command, sizeof command,
        "\"%s\" history --database \"%s\" --event %s -o json | grep -c event", getenv("BATON"),
        getenv("BATON_DATABASE"), event);
    FILE *output = popen(command, "r");
    int count = -1;
    REQUIRE(output != NULL && fscanf(output, "%d", &count) == 1);
    pclose(output);
    return count;
}

// Word of a close rides with later requests.
static int comes_into_history(const char *event, int count) {
    for (int tries = 0; tries < 200 && in_history(event) < count; tries++) Sleep(25);
    return in_history(event) == count;
}

int main(void) {
    struct child child = start_child(give);
    WSAPROTOCOL_INFOW info;
    char answer;
    int result;
    start_up();
    int selected = in_history("notification.selected");
    int cancelled = in_history("notification.cancelled");
    struct pair pair = connection();
    WSAEVENT event = WSACreateEvent();
    REQUIRE(event != WSA_INVALID_EVENT);
    REQUIRE(WSADuplicateSocketW(pair.near, (DWORD)child.pid, &info) == 0);
    ship(child.to, &info, sizeof info);
    REQUIRE(take(child.from, &answer, 1));
    SOCKET copy = duplicate_here(pair.near);
    ROW("closing the descriptor that was selected cancels nothing while there is another");
    CHECK_EQUAL(WSAEventSelect(pair.near, event, FD_READ | FD_WRITE | FD_CLOSE), 0);
    EXPECT_EVENTS(pair.near, event, FD_WRITE);
    CHECK_EQUAL(closesocket(pair.near), 0);
    CHECK_EQUAL(send(pair.far, "ab", 2, 0), 2);
    EXPECT_EVENTS(copy, event, FD_READ);
    CHECK_EQUAL(receive_one(copy), 1);
    EXPECT_EVENTS(copy, event, FD_READ);
    EXPECT_SILENCE(copy, event);
    ROW("and others' calls still re-enable");
    ship(child.to, "r", 1);
    REQUIRE(take(child.from, &result, sizeof result));
    CHECK_EQUAL(result, 1);
    CHECK_EQUAL(send(pair.far, "c", 1, 0), 1);
    EXPECT_EVENTS(copy, event, FD_READ);
    ROW("the coordinator keeps the registration as long");
    CHECK_EQUAL(in_history("notification.selected"), selected + 1);
    CHECK_EQUAL(in_history("notification.cancelled"), cancelled);
    ROW("closing the last one ends it, here and at the coordinator");
    CHECK_EQUAL(closesocket(copy), 0);
    CHECK(comes_into_history("notification.cancelled", cancelled + 1));
    CHECK_EQUAL(send(pair.far, "d", 1, 0), 1);
    CHECK_EQUAL(WSAWaitForMultipleEvents(1, &event, FALSE, 100, FALSE), WSA_WAIT_TIMEOUT);
    check_child(child);
    CHECK_EQUAL(closesocket(pair.far), 0);
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
