// Registrations of network events, as the checks need them.
#pragma once

#include "sockets.h"

// What is recorded, after the event object was signalled or the time was over.
static inline WSANETWORKEVENTS recorded(SOCKET s, WSAEVENT event, DWORD milliseconds) {
    WSANETWORKEVENTS events;
    memset(&events, 0, sizeof events);
    WSAWaitForMultipleEvents(1, &event, FALSE, milliseconds, FALSE);
    CHECK_EQUAL(WSAEnumNetworkEvents(s, event, &events), 0);
    return events;
}

// Waits for exactly these.
#define EXPECT_EVENTS(s, event, expected) \
    CHECK_EQUAL(recorded((s), (event), 5000).lNetworkEvents, (expected))

// Nothing is signalled, and nothing is recorded.
#define EXPECT_SILENCE(s, event)                                                        \
    (CHECK_EQUAL(WSAWaitForMultipleEvents(1, &(event), FALSE, 100, FALSE), WSA_WAIT_TIMEOUT), \
     CHECK_EQUAL(recorded((s), (event), 0).lNetworkEvents, 0))

static inline int receive_one(SOCKET s) {
    char byte;
    return recv(s, &byte, 1, 0);
}

// Sends until there is no room, and gives how much that took.
static inline int fill(SOCKET s) {
    static char bytes[65536];
    int sent, all = 0;
    while ((sent = send(s, bytes, sizeof bytes, 0)) > 0) all += sent;
    CHECK_EQUAL(WSAGetLastError(), WSAEWOULDBLOCK);
    return all;
}
