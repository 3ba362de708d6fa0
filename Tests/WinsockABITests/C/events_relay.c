// Two processes receive or accept from one socket in turns, as the messages for it come: each is
// answered by one call, in the one process or the other. One message too few would end all.
#include "events.h"
#include "processes.h"

#include <pthread.h>
#include <winuser.h>

#define NEWS (WM_USER + 7)

// A stream, messages, or connections: what comes, and how the next one is taken.
struct kind {
    const char *name;
    int count, event;
    int (*take_one)(SOCKET s);
    void (*send_burst)(SOCKET s, int first, int count);
};

static int take_connection(SOCKET s) {
    SOCKET accepted = accept(s, NULL, NULL);
    if (accepted == INVALID_SOCKET) return -1;
    CHECK_EQUAL(closesocket(accepted), 0);
    return 1;
}

static int take_message(SOCKET s) {
    char message[16];
    return recv(s, message, sizeof message, 0) > 0 ? 1 : -1;
}

static void send_bytes(SOCKET s, int first, int count) {
    static const char bytes[8];
    (void)first;
    CHECK_EQUAL(send(s, bytes, count, 0), count);
}

static void send_messages(SOCKET s, int first, int count) {
    static const char bytes[8];
    (void)first;
    for (int index = 0; index < count; index++) CHECK_EQUAL(send(s, bytes, 4, 0), 4);
}

// `s` is the listener: its address is that of the connections.
static void send_connections(SOCKET s, int first, int count) {
    static SOCKET peers[8];
    struct sockaddr_in address;
    int length = sizeof address;
    CHECK_EQUAL(getsockname(s, (struct sockaddr *)&address, &length), 0);
    for (int index = first; index < first + count; index++) {
        if (index >= 8) CHECK_EQUAL(closesocket(peers[index % 8]), 0);
        peers[index % 8] = connected_to(ntohs(address.sin_port));
    }
}

static const struct kind kinds[] = {
    {"bytes", 400, FD_READ, receive_one, send_bytes},
    {"messages", 200, FD_READ, take_message, send_messages},
    {"connections", 100, FD_ACCEPT, take_connection, send_connections},
};

static const struct kind *kind;

static void target(int in, int out) {
    WSAPROTOCOL_INFOW info;
    char command;
    start_up();
    ROW("in the target");
    REQUIRE(take(in, &info, sizeof info));
    SOCKET s = open_record(&info);
    REQUIRE(s != INVALID_SOCKET);
    ship(out, "o", 1);
    while (take(in, &command, 1)) {
        char result = (char)kind->take_one(s);
        ship(out, &result, 1);
    }
    CHECK_EQUAL(WSACleanup(), 0);
}

// Bursts of all sizes with pauses of all lengths.
static void *send_all(void *argument) {
    SOCKET s = *(SOCKET *)argument;
    unsigned state = 12345;
    for (int sent = 0; sent < kind->count;) {
        state = state * 1103515245 + 12345;
        int count = 1 + (int)(state >> 16) % 8;
        if (count > kind->count - sent) count = kind->count - sent;
        kind->send_burst(s, sent, count);
        sent += count;
        if ((state >> 20) % 3) usleep((state >> 8) % 3000);
    }
    return NULL;
}

static LRESULT CALLBACK ignore(HWND window, UINT message, WPARAM wide, LPARAM large) {
    return DefWindowProcA(window, message, wide, large);
}

// The next message, or none after a time in which the other process is sure to have been seen.
static int next_message(HWND window, MSG *message) {
    for (int tries = 0; tries < 20000; tries++) {
        if (PeekMessageA(message, window, 0, 0, PM_REMOVE)) return 1;
        usleep(500);
    }
    return 0;
}

// Takes all, half of it in the other process. How often there was nothing to take.
static int take_all(SOCKET near, HWND window, struct child child) {
    MSG message;
    int taken = 0, missed = 0, turn = 0;
    while (taken < kind->count) {
        char answer;
        REQUIRE(next_message(window, &message));
        CHECK_EQUAL(message.lParam, WSAMAKESELECTREPLY(kind->event, 0));
        // Each of the four orders of the two.
        if (turn++ % 4 < 2) {
            answer = (char)kind->take_one(near);
        } else {
            ship(child.to, "r", 1);
            REQUIRE(take(child.from, &answer, 1));
        }
        if (answer == 1) taken++;
        else missed++;
    }
    return missed;
}

static void relay(HWND window) {
    struct child child = start_child(target);
    WSAPROTOCOL_INFOW info;
    MSG message;
    pthread_t thread;
    char answer;
    u_short port;
    SOCKET near, far;
    if (kind->event == FD_ACCEPT) {
        near = far = listener(&port);
    } else if (kind->take_one == take_message) {
        near = new_socket(SOCK_DGRAM);
        far = new_socket(SOCK_DGRAM);
        struct sockaddr_in address = loopback(bind_free(near));
        CHECK_EQUAL(connect(far, (struct sockaddr *)&address, sizeof address), 0);
    } else {
        struct pair pair = connection();
        near = pair.near;
        far = pair.far;
    }
    REQUIRE(WSADuplicateSocketW(near, (DWORD)child.pid, &info) == 0);
    ship(child.to, &info, sizeof info);
    REQUIRE(take(child.from, &answer, 1));
    // Connections have their listener's registration.
    int end = kind->event == FD_ACCEPT ? 0 : FD_CLOSE;
    CHECK_EQUAL(WSAAsyncSelect(near, window, NEWS, kind->event | end), 0);
    REQUIRE(pthread_create(&thread, NULL, send_all, &far) == 0);
    int missed = take_all(near, window, child);
    REQUIRE(pthread_join(thread, NULL) == 0);
    // Of bytes everything is known; of others a look can fall between a call and its report.
    if (kind->take_one == receive_one) CHECK_EQUAL(missed, 0);
    CHECK(missed < kind->count / 4);
    while (PeekMessageA(&message, window, 0, 0, PM_REMOVE)) continue;
    if (kind->take_one == receive_one) {
        CHECK_EQUAL(closesocket(far), 0);
        REQUIRE(next_message(window, &message));
        CHECK_EQUAL(message.lParam, WSAMAKESELECTREPLY(FD_CLOSE, 0));
    } else if (far != near) {
        CHECK_EQUAL(closesocket(far), 0);
    }
    CHECK_EQUAL(closesocket(near), 0);
    check_child(child);
}

int main(void) {
    WNDCLASSA class = {.lpfnWndProc = ignore, .lpszClassName = "relay"};
    start_up();
    REQUIRE(RegisterClassA(&class) != 0);
    HWND window =
        CreateWindowExA(0, "relay", "", 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
    REQUIRE(window != NULL);
    for (size_t index = 0; index < sizeof kinds / sizeof kinds[0]; index++) {
        kind = &kinds[index];
        ROW(kind->name);
        relay(window);
    }
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
