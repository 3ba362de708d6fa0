// Event objects, and waiting for them.
#include "events.h"

int main(void) {
    ROW("before WSAStartup");
    CHECK(WSACreateEvent() == WSA_INVALID_EVENT);
    CHECK_EQUAL(WSAGetLastError(), WSANOTINITIALISED);
    start_up();
    ROW("manual reset");
    WSAEVENT first = WSACreateEvent(), second = WSACreateEvent();
    WSAEVENT both[2] = {first, second};
    REQUIRE(first != WSA_INVALID_EVENT && second != WSA_INVALID_EVENT && first != second);
    CHECK_EQUAL(WSAWaitForMultipleEvents(1, &first, FALSE, 0, FALSE), WSA_WAIT_TIMEOUT);
    CHECK(WSASetEvent(first) && WSASetEvent(first));
    CHECK_EQUAL(WSAWaitForMultipleEvents(1, &first, FALSE, 0, FALSE), WSA_WAIT_EVENT_0);
    CHECK_EQUAL(WSAWaitForMultipleEvents(1, &first, FALSE, WSA_INFINITE, FALSE), 0);
    CHECK(WSAResetEvent(first));
    CHECK_EQUAL(WSAWaitForMultipleEvents(1, &first, FALSE, 20, FALSE), WSA_WAIT_TIMEOUT);
    ROW("any and all");
    CHECK(WSASetEvent(second));
    CHECK_EQUAL(WSAWaitForMultipleEvents(2, both, FALSE, 0, FALSE), WSA_WAIT_EVENT_0 + 1);
    CHECK_EQUAL(WSAWaitForMultipleEvents(2, both, TRUE, 20, FALSE), WSA_WAIT_TIMEOUT);
    CHECK(WSASetEvent(first));
    CHECK_EQUAL(WSAWaitForMultipleEvents(2, both, FALSE, 0, FALSE), WSA_WAIT_EVENT_0);
    CHECK_EQUAL(WSAWaitForMultipleEvents(2, both, TRUE, 0, FALSE), WSA_WAIT_EVENT_0);
    ROW("what cannot be waited for");
    CHECK_EQUAL(WSAWaitForMultipleEvents(0, both, FALSE, 0, FALSE), WSA_WAIT_FAILED);
    CHECK_EQUAL(WSAGetLastError(), WSA_INVALID_PARAMETER);
    CHECK_EQUAL(WSAWaitForMultipleEvents(65, both, FALSE, 0, FALSE), WSA_WAIT_FAILED);
    CHECK_EQUAL(WSAGetLastError(), WSA_INVALID_PARAMETER);
    CHECK_EQUAL(WSAWaitForMultipleEvents(1, NULL, FALSE, 0, FALSE), WSA_WAIT_FAILED);
    CHECK_EQUAL(WSAGetLastError(), WSA_INVALID_PARAMETER);
    CHECK(WSACloseEvent(second));
    CHECK_EQUAL(WSAWaitForMultipleEvents(2, both, FALSE, 0, FALSE), WSA_WAIT_FAILED);
    CHECK_EQUAL(WSAGetLastError(), WSA_INVALID_HANDLE);
    CHECK(!WSASetEvent(second) && WSAGetLastError() == WSA_INVALID_HANDLE);
    CHECK(!WSAResetEvent(NULL) && WSAGetLastError() == WSA_INVALID_HANDLE);
    CHECK(!WSACloseEvent(second) && WSAGetLastError() == WSA_INVALID_HANDLE);
    CHECK(WSACloseEvent(first));
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
