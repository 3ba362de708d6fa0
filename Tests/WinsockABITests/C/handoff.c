// The page's ten steps between two processes, and who may open a record how often. Written with the
// neutral names: handoff_wide.c compiles it again with UNICODE.
#include "processes.h"
#include "sockets.h"

static SOCKET open_neutral(WSAPROTOCOL_INFO *info) {
    return WSASocket(
        FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, info, 0, WSA_FLAG_OVERLAPPED);
}

// Steps 3, 7 to 9 and 10 of the target: says who it is, opens what comes, answers on the socket.
static void target(int in, int out) {
    WSAPROTOCOL_INFO info;
    DWORD own = GetCurrentProcessId();
    start_up();
    ship(out, &own, sizeof own);
    if (!take(in, &info, sizeof info)) return;
    SOCKET s = open_neutral(&info);
    struct opening result = opening_of(s);
    ship(out, &result, sizeof result);
    if (s != INVALID_SOCKET) {
        char text[32] = "";
        CHECK_EQUAL(receive_all(s, text, 5), 5);
        CHECK_EQUAL(send(s, text, 5, 0), 5);
        CHECK_EQUAL(closesocket(s), 0);
    }
    // Used up, by whoever had it.
    CHECK_ERROR(open_neutral(&info), WSAEINVAL);
    CHECK_REASON(result.isOpen ? "used" : "wrong process");
    CHECK_EQUAL(WSACleanup(), 0);
}

static void ten_steps(void) {
    ROW("the ten steps");
    struct child child = start_child(target);
    DWORD pid = 0;
    WSAPROTOCOL_INFO info;
    struct opening opening;
    struct pair pair = connection();
    REQUIRE(take(child.from, &pid, sizeof pid));
    CHECK_EQUAL(pid, child.pid);
    CHECK_EQUAL(WSADuplicateSocket(pair.near, pid, &info), 0);
    ship(child.to, &info, sizeof info);
    REQUIRE(take(child.from, &opening, sizeof opening));
    CHECK(opening.isOpen);
    CHECK_EQUAL(closesocket(pair.near), 0);
    check_flow(pair.far, pair.far, "steps");
    check_child(child);
    // The target's was the last descriptor.
    char byte;
    CHECK_EQUAL(recv(pair.far, &byte, 1, 0), 0);
    CHECK_EQUAL(closesocket(pair.far), 0);
}

// The source is gone from the socket before the record is even sent.
static void source_closes_first(void) {
    ROW("Y1 between C programs");
    struct child child = start_child(target);
    DWORD pid = 0;
    WSAPROTOCOL_INFO info;
    struct opening opening;
    struct pair pair = connection();
    REQUIRE(take(child.from, &pid, sizeof pid));
    CHECK_EQUAL(WSADuplicateSocket(pair.near, pid, &info), 0);
    CHECK_EQUAL(closesocket(pair.near), 0);
    CHECK_EQUAL(send(pair.far, "early", 5, 0), 5);
    CHECK(!is_readable(pair.far, 50));
    ship(child.to, &info, sizeof info);
    REQUIRE(take(child.from, &opening, sizeof opening));
    CHECK(opening.isOpen);
    char text[8] = "";
    CHECK_EQUAL(receive_all(pair.far, text, 5), 5);
    CHECK(strcmp(text, "early") == 0);
    check_child(child);
    CHECK_EQUAL(closesocket(pair.far), 0);
}

// Whoever else has the bytes gets nothing, and takes nothing away.
static void another_process(void) {
    ROW("another process");
    struct child right = start_child(target), wrong = start_child(target);
    DWORD pid = 0, other = 0;
    WSAPROTOCOL_INFO info;
    struct opening opening;
    struct pair pair = connection();
    REQUIRE(take(right.from, &pid, sizeof pid) && take(wrong.from, &other, sizeof other));
    CHECK_EQUAL(WSADuplicateSocket(pair.near, pid, &info), 0);
    ship(wrong.to, &info, sizeof info);
    REQUIRE(take(wrong.from, &opening, sizeof opening));
    CHECK(!opening.isOpen);
    CHECK_EQUAL(opening.code, WSAEINVAL);
    CHECK(strstr(opening.reason, "wrong process") != NULL);
    check_child(wrong);
    // Nor may the source itself.
    CHECK_ERROR(open_neutral(&info), WSAEINVAL);
    CHECK_REASON("wrong process");
    ship(right.to, &info, sizeof info);
    REQUIRE(take(right.from, &opening, sizeof opening));
    CHECK(opening.isOpen);
    check_flow(pair.far, pair.far, "again");
    check_child(right);
    CHECK_EQUAL(closesocket(pair.near), 0);
    CHECK_EQUAL(closesocket(pair.far), 0);
}

// A target that ends without opening: the connection ends with the last descriptor.
static void target_ends(void) {
    ROW("the target ends without opening");
    struct child child = start_child(target);
    DWORD pid = 0;
    WSAPROTOCOL_INFO info;
    char byte;
    struct pair pair = connection();
    REQUIRE(take(child.from, &pid, sizeof pid));
    CHECK_EQUAL(WSADuplicateSocket(pair.near, pid, &info), 0);
    CHECK_EQUAL(closesocket(pair.near), 0);
    CHECK(!is_readable(pair.far, 50));
    close(child.to);
    REQUIRE(waitpid(child.pid, NULL, 0) == child.pid);
    CHECK_EQUAL(recv(pair.far, &byte, 1, 0), 0);
    CHECK_EQUAL(closesocket(pair.far), 0);
    close(child.from);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    start_up();
    ten_steps();
    source_closes_first();
    another_process();
    target_ends();
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
