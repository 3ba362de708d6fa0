// A program that closes descriptors which are not its own, or puts something else under their
// numbers, as daemons do.
#define _GNU_SOURCE
#include "events.h"
#include "processes.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <winuser.h>

#define NEWS (WM_USER + 7)

static void hand_off(void) {
    SOCKET s = new_socket(SOCK_STREAM);
    SOCKET copy = duplicate_here(s);
    CHECK_EQUAL(closesocket(copy), 0);
    CHECK_EQUAL(closesocket(s), 0);
}

static int is_open(int number) { return fcntl(number, F_GETFD) != -1; }

static int null_device(void) {
    int file = open("/dev/null", O_RDWR);
    REQUIRE(file >= 0);
    return file;
}

static int is_null_device(int number) {
    struct stat facts;
    return fstat(number, &facts) == 0 && S_ISCHR(facts.st_mode) &&
           facts.st_rdev == makedev(1, 3);
}

// Hands a socket off on a new connection, and gives the connection's number: the lowest that is
// free, because the library makes nothing else before it.
static int connected_anew(void) {
    SOCKET s = new_socket(SOCK_STREAM);
    int number = dup(2);
    REQUIRE(number >= 0 && close(number) == 0);
    SOCKET copy = duplicate_here(s);
    char name[40], target[40] = "";
    snprintf(name, sizeof name, "/proc/self/fd/%d", number);
    CHECK(readlink(name, target, sizeof target - 1) > 0 && strncmp(target, "socket:", 7) == 0);
    CHECK_EQUAL(closesocket(copy), 0);
    CHECK_EQUAL(closesocket(s), 0);
    return number;
}

static void lost_connections(void) {
    int number = connected_anew();
    ROW("the connection is closed");
    REQUIRE(close(number) == 0);
    number = connected_anew();
    ROW("the connection's number is a file of the program's");
    int file = null_device();
    REQUIRE(dup2(file, number) == number);
    int next = connected_anew();
    CHECK(is_null_device(number));
    CHECK_EQUAL(close(file), 0);
    CHECK_EQUAL(close(number), 0);
    ROW("the connection's number is a socket of the program's");
    struct pair pair = connection();
    REQUIRE(dup2((int)pair.near, next) == next);
    hand_off();
    CHECK_EQUAL(write(next, "mine", 4), 4);
    char bytes[16] = "";
    CHECK_EQUAL(receive_all(pair.far, bytes, 4), 4);
    CHECK(strcmp(bytes, "mine") == 0);
    CHECK_EQUAL(close(next), 0);
    CHECK_EQUAL(closesocket(pair.near), 0);
    CHECK_EQUAL(recv(pair.far, bytes, 1, 0), 0);
    CHECK_EQUAL(closesocket(pair.far), 0);
}

static void lost_sockets(void) {
    SOCKET s = new_socket(SOCK_STREAM);
    SOCKET copy = duplicate_here(s);
    ROW("a socket that close(2) has closed is none");
    REQUIRE(close((int)copy) == 0);
    CHECK_ERROR(closesocket(copy), WSAENOTSOCK);
    ROW("nor is a file under its number, which stays open");
    copy = duplicate_here(s);
    int file = null_device();
    REQUIRE(dup2(file, (int)copy) == (int)copy);
    CHECK_ERROR(closesocket(copy), WSAENOTSOCK);
    CHECK_ERROR(send(copy, "x", 1, 0), WSAENOTSOCK);
    CHECK(is_null_device((int)copy));
    CHECK_EQUAL(close((int)copy), 0);
    ROW("another socket under its number is that socket");
    copy = duplicate_here(s);
    SOCKET other = new_socket(SOCK_DGRAM);
    REQUIRE(dup2((int)other, (int)copy) == (int)copy);
    int type = 0, length = sizeof type;
    CHECK_EQUAL(getsockopt(copy, SOL_SOCKET, SO_TYPE, (char *)&type, &length), 0);
    CHECK_EQUAL(type, SOCK_DGRAM);
    CHECK_EQUAL(closesocket(copy), 0);
    CHECK_EQUAL(closesocket(other), 0);
    ROW("WSACleanup closes none of them");
    SOCKET closed = duplicate_here(s), replaced = duplicate_here(s);
    REQUIRE(close((int)closed) == 0);
    REQUIRE(dup2(file, (int)replaced) == (int)replaced);
    CHECK_EQUAL(WSACleanup(), 0);
    CHECK(is_null_device((int)replaced));
    CHECK(!is_open((int)s));
    CHECK_EQUAL(close((int)replaced), 0);
    CHECK_EQUAL(close(file), 0);
    start_up();
}

static int put_off(
    LPWSABUF caller, LPWSABUF data, LPQOS sqos, LPQOS gqos, LPWSABUF callee, LPWSABUF back,
    GROUP *group, DWORD_PTR context) {
    (void)caller, (void)data, (void)sqos, (void)gqos, (void)callee, (void)back, (void)group;
    (void)context;
    return CF_DEFER;
}

static void lost_connections_put_off(void) {
    u_short port;
    ROW("a connection that was put off is not closed where its number is a file's");
    SOCKET waiting = listener(&port);
    SOCKET near = connected_to(port);
    int number = dup(2);
    REQUIRE(number >= 0 && close(number) == 0);
    CHECK_ERROR(WSAAccept(waiting, NULL, NULL, put_off, 0), WSATRY_AGAIN);
    int file = null_device();
    REQUIRE(dup2(file, number) == number);
    CHECK_EQUAL(closesocket(waiting), 0);
    CHECK(is_null_device(number));
    CHECK_EQUAL(close(number), 0);
    CHECK_EQUAL(close(file), 0);
    CHECK_EQUAL(closesocket(near), 0);
}

// Selects events of a socket that is shared, and sees them.
static void see_events(WSAEVENT event) {
    struct pair pair = connection();
    SOCKET copy = duplicate_here(pair.near);
    CHECK_EQUAL(WSAEventSelect(pair.near, event, FD_READ), 0);
    CHECK_EQUAL(send(pair.far, "x", 1, 0), 1);
    EXPECT_EVENTS(pair.near, event, FD_READ);
    CHECK_EQUAL(closesocket(copy), 0);
    CHECK_EQUAL(closesocket(pair.near), 0);
    CHECK_EQUAL(closesocket(pair.far), 0);
}

static LRESULT CALLBACK ignore(HWND window, UINT message, WPARAM wide, LPARAM large) {
    return DefWindowProcA(window, message, wide, large);
}

static HWND new_window(void) {
    WNDCLASSA class = {.lpfnWndProc = ignore, .lpszClassName = "foreign"};
    REQUIRE(RegisterClassA(&class) != 0);
    HWND window =
        CreateWindowExA(0, "foreign", "", 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
    REQUIRE(window != NULL);
    return window;
}

// Waits for the message that another thread posts.
static void see_message(HWND window) {
    struct pair pair = connection();
    MSG message;
    CHECK_EQUAL(WSAAsyncSelect(pair.near, window, NEWS, FD_READ), 0);
    CHECK_EQUAL(send(pair.far, "x", 1, 0), 1);
    CHECK_EQUAL(GetMessageA(&message, window, 0, 0), 1);
    CHECK_EQUAL(message.wParam, pair.near);
    CHECK_EQUAL(closesocket(pair.near), 0);
    CHECK_EQUAL(closesocket(pair.far), 0);
}

enum { number_count = 40 };

static void everything(void) {
    ROW("closefrom closes all that the library has");
    WSAEVENT event = WSACreateEvent();
    struct pair pair = connection();
    SOCKET copy = duplicate_here(pair.near);
    see_events(event);
    HWND window = new_window();
    see_message(window);
    CHECK_EQUAL(WSAEventSelect(pair.near, event, FD_READ), 0);
    closefrom(3);
    // Longer than the library waits before it asks whether its last confirm is known.
    Sleep(1500);
    CHECK_ERROR(closesocket(copy), WSAENOTSOCK);
    CHECK_ERROR(WSAEventSelect(pair.near, event, FD_READ), WSAENOTSOCK);
    CHECK(!WSASetEvent(event));
    CHECK_EQUAL(WSAGetLastError(), WSA_INVALID_HANDLE);
    CHECK(WSACloseEvent(event));
    hand_off();
    ROW("network events can be selected again");
    event = WSACreateEvent();
    REQUIRE(event != WSA_INVALID_EVENT);
    see_events(event);
    see_message(window);

    ROW("what the program has under those numbers then is left alone");
    int mine[number_count];
    closefrom(3);
    for (int index = 0; index < number_count; index++) {
        mine[index] = index % 2 == 0 ? epoll_create1(EPOLL_CLOEXEC) : eventfd(0, EFD_NONBLOCK);
        REQUIRE(mine[index] >= 0);
    }
    CHECK(!WSASetEvent(event));
    CHECK(WSACloseEvent(event));
    event = WSACreateEvent();
    REQUIRE(event != WSA_INVALID_EVENT);
    see_events(event);
    see_message(window);
    hand_off();
    for (int index = 0; index < number_count; index++) {
        struct epoll_event found;
        uint64_t count;
        if (index % 2 == 0) {
            CHECK_EQUAL(epoll_wait(mine[index], &found, 1, 0), 0);
        } else {
            CHECK(read(mine[index], &count, sizeof count) == -1 && errno == EAGAIN);
        }
    }
    for (int index = 0; index < number_count; index++) CHECK_EQUAL(close(mine[index]), 0);
    CHECK(WSACloseEvent(event));
}

static void close_all(int in, int out) {
    (void)in;
    (void)out;
    ROW("a child closes all that it inherited");
    closefrom(3);
    hand_off();
    CHECK_EQUAL(WSACleanup(), 0);
}

int main(void) {
    start_up();
    lost_connections();
    lost_sockets();
    lost_connections_put_off();
    hand_off();
    check_child(start_child(close_all));
    hand_off();
    everything();
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
