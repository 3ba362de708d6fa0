// Two processes receive from one connection in turns, as the messages for it come: each message is
// answered by the receive of one byte, in the one process or the other. One message too many would
// find nothing to receive, one too few would end all.
#include "events.h"
#include "processes.h"

#include <pthread.h>
#include <winuser.h>

#define NEWS (WM_USER + 7)
#define BYTES 400

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
        char result = (char)receive_one(s);
        ship(out, &result, 1);
    }
    CHECK_EQUAL(WSACleanup(), 0);
}

// Bursts of all sizes with pauses of all lengths.
static void *send_all(void *argument) {
    static const char bytes[8];
    SOCKET s = *(SOCKET *)argument;
    unsigned state = 12345;
    for (int sent = 0; sent < BYTES;) {
        state = state * 1103515245 + 12345;
        int count = 1 + (int)(state >> 16) % 8;
        if (count > BYTES - sent) count = BYTES - sent;
        CHECK_EQUAL(send(s, bytes, count, 0), count);
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

int main(void) {
    struct child child = start_child(target);
    WNDCLASSA class = {.lpfnWndProc = ignore, .lpszClassName = "relay"};
    WSAPROTOCOL_INFOW info;
    MSG message;
    pthread_t thread;
    char answer;
    int own = 0, others = 0;
    start_up();
    REQUIRE(RegisterClassA(&class) != 0);
    HWND window =
        CreateWindowExA(0, "relay", "", 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
    REQUIRE(window != NULL);
    struct pair pair = connection();
    REQUIRE(WSADuplicateSocketW(pair.near, (DWORD)child.pid, &info) == 0);
    ship(child.to, &info, sizeof info);
    REQUIRE(take(child.from, &answer, 1));
    ROW("every message finds a byte, and every byte is found");
    CHECK_EQUAL(WSAAsyncSelect(pair.near, window, NEWS, FD_READ | FD_CLOSE), 0);
    REQUIRE(pthread_create(&thread, NULL, send_all, &pair.far) == 0);
    while (own + others < BYTES) {
        REQUIRE(next_message(window, &message));
        CHECK_EQUAL(message.lParam, WSAMAKESELECTREPLY(FD_READ, 0));
        // Each of the four orders of the two.
        if ((own + others) % 4 < 2) {
            REQUIRE(receive_one(pair.near) == 1);
            own++;
        } else {
            ship(child.to, "r", 1);
            REQUIRE(take(child.from, &answer, 1));
            REQUIRE(answer == 1);
            others++;
        }
    }
    REQUIRE(pthread_join(thread, NULL) == 0);
    CHECK_EQUAL(own, BYTES / 2);
    ROW("and then there is silence until the end");
    Sleep(300);
    CHECK(!PeekMessageA(&message, window, 0, 0, PM_REMOVE));
    CHECK_EQUAL(closesocket(pair.far), 0);
    REQUIRE(next_message(window, &message));
    CHECK_EQUAL(message.lParam, WSAMAKESELECTREPLY(FD_CLOSE, 0));
    CHECK_EQUAL(closesocket(pair.near), 0);
    check_child(child);
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
