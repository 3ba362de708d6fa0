// Windows and queues belong to a thread of a process, and go with them.
#include "events.h"
#include "processes.h"

#include <dirent.h>
#include <pthread.h>
#include <winuser.h>

#define NEWS (WM_USER + 7)

static HWND last;
static LRESULT (*reaction)(void);

static LRESULT CALLBACK react(HWND window, UINT message, WPARAM wide, LPARAM large) {
    if (message == NEWS && reaction) return reaction();
    return DefWindowProcA(window, message, wide, large);
}

static HWND new_window(void) {
    return CreateWindowExA(0, "threads", "", 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
}

static int descriptor_count(void) {
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    REQUIRE(directory != NULL);
    while (readdir(directory)) count++;
    closedir(directory);
    return count;
}

static void *use_window(void *argument) {
    MSG message;
    (void)argument;
    last = new_window();
    CHECK(last != NULL);
    CHECK(PostMessageA(last, NEWS, 1, 2));
    CHECK_EQUAL(GetMessageA(&message, last, 0, 0), 1);
    CHECK_EQUAL(message.lParam, 2);
    return NULL;
}

static void threads(void) {
    ROW("a thread's queue and windows go with it");
    int before = descriptor_count();
    for (int count = 0; count < 20; count++) {
        pthread_t thread;
        REQUIRE(pthread_create(&thread, NULL, use_window, NULL) == 0);
        REQUIRE(pthread_join(thread, NULL) == 0);
    }
    CHECK_EQUAL(descriptor_count(), before);
    CHECK(!PostMessageA(last, NEWS, 0, 0) && GetLastError() == ERROR_INVALID_WINDOW_HANDLE);
}

static SOCKET shared = INVALID_SOCKET;

static LRESULT duplicate_now(void) {
    WSAPROTOCOL_INFOW info;
    if (WSADuplicateSocketW(shared, GetCurrentProcessId(), &info) == 0) return 0;
    return WSAGetLastError();
}

static void dispatching(void) {
    MSG message;
    HWND window = new_window();
    struct pair pair = connection();
    REQUIRE(window != NULL);
    shared = pair.far;
    reaction = duplicate_now;
    ROW("a message of WSAAsyncSelect is a callback");
    CHECK_EQUAL(WSAAsyncSelect(pair.near, window, NEWS, FD_READ), 0);
    CHECK_EQUAL(send(pair.far, "a", 1, 0), 1);
    CHECK_EQUAL(GetMessageA(&message, window, 0, 0), 1);
    CHECK_EQUAL(DispatchMessageA(&message), WSAEINPROGRESS);
    ROW("a second registration for the message");
    SOCKET other = new_socket(SOCK_DGRAM);
    CHECK_EQUAL(WSAAsyncSelect(other, window, NEWS, FD_READ), 0);
    CHECK_EQUAL(closesocket(other), 0);
    CHECK_EQUAL(DispatchMessageA(&message), WSAEINPROGRESS);
    ROW("when it is cancelled its number is any number");
    CHECK_EQUAL(WSAAsyncSelect(pair.near, window, 0, 0), 0);
    CHECK_EQUAL(DispatchMessageA(&message), 0);
    reaction = NULL;
    CHECK(DestroyWindow(window));
    CHECK_EQUAL(closesocket(pair.near), 0);
    CHECK_EQUAL(closesocket(pair.far), 0);
}

static void in_child(int in, int out) {
    MSG message;
    (void)in;
    (void)out;
    ROW("fork: the windows stay the parent's, the classes are the child's too");
    CHECK(!PostMessageA(last, NEWS, 0, 0) && GetLastError() == ERROR_INVALID_WINDOW_HANDLE);
    CHECK(!PeekMessageA(&message, NULL, 0, 0, PM_REMOVE));
    HWND own = new_window();
    REQUIRE(own != NULL);
    CHECK(own != last);
    CHECK(PostMessageA(own, NEWS, 3, 4));
    CHECK_EQUAL(GetMessageA(&message, NULL, 0, 0), 1);
    CHECK(message.hwnd == own && message.lParam == 4);
}

static void forks(void) {
    MSG message;
    last = new_window();
    REQUIRE(last != NULL);
    CHECK(PostMessageA(last, NEWS, 1, 2));
    check_child(start_child(in_child));
    ROW("fork: the parent's messages are where they were");
    CHECK_EQUAL(GetMessageA(&message, NULL, 0, 0), 1);
    CHECK(message.hwnd == last && message.lParam == 2);
    CHECK(DestroyWindow(last));
}

int main(void) {
    WNDCLASSA class = {.lpfnWndProc = react, .lpszClassName = "threads"};
    start_up();
    REQUIRE(RegisterClassA(&class) != 0);
    threads();
    dispatching();
    forks();
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
