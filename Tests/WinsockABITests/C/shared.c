// All state of a socket is common to its descriptors, in whatever process they are.
#include "processes.h"
#include "sockets.h"

#include <pthread.h>

enum command {
    SET_OPTION = 1,
    SET_NONBLOCKING,
    SET_BLOCKING,
    RECEIVE,
    SHUT_DOWN,
    LINGER_HARD,
    CLOSE
};

static void obey(SOCKET s, int command, int out) {
    u_long mode = command == SET_NONBLOCKING;
    BOOL on = TRUE;
    struct linger hard = {1, 0};
    char byte = 0;
    switch (command) {
    case SET_OPTION:
        CHECK_EQUAL(setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, (char *)&on, sizeof on), 0);
        break;
    case SET_NONBLOCKING:
    case SET_BLOCKING:
        CHECK_EQUAL(ioctlsocket(s, FIONBIO, &mode), 0);
        break;
    case RECEIVE:
        CHECK_EQUAL(recv(s, &byte, 1, 0), 1);
        break;
    case SHUT_DOWN:
        CHECK_EQUAL(shutdown(s, SD_SEND), 0);
        break;
    case LINGER_HARD:
        CHECK_EQUAL(setsockopt(s, SOL_SOCKET, SO_LINGER, (char *)&hard, sizeof hard), 0);
        break;
    case CLOSE:
        CHECK_EQUAL(closesocket(s), 0);
        break;
    }
    ship(out, &byte, 1);
}

static void target(int in, int out) {
    WSAPROTOCOL_INFOW info;
    char command = 0, opened = 1;
    start_up();
    REQUIRE(take(in, &info, sizeof info));
    SOCKET s = open_record(&info);
    REQUIRE(s != INVALID_SOCKET);
    ship(out, &opened, 1);
    while (take(in, &command, 1)) obey(s, command, out);
    CHECK_EQUAL(WSACleanup(), 0);
}

// Starts a child and opens the socket there. The child is made before the socket: else it would
// have inherited a descriptor of it as well.
static struct child with_target(SOCKET (*make)(SOCKET *), SOCKET *near, SOCKET *far) {
    struct child child = start_child(target);
    WSAPROTOCOL_INFOW info;
    char answer = 0;
    *near = make(far);
    CHECK_EQUAL(WSADuplicateSocketW(*near, (DWORD)child.pid, &info), 0);
    ship(child.to, &info, sizeof info);
    REQUIRE(take(child.from, &answer, 1));
    return child;
}

static SOCKET make_connection(SOCKET *far) {
    struct pair pair = connection();
    *far = pair.far;
    return pair.near;
}

// What the child received, where it did.
static char tell(struct child child, char command) {
    char answer = 0;
    ship(child.to, &command, 1);
    REQUIRE(take(child.from, &answer, 1));
    return answer;
}

static void options(struct child child, SOCKET near) {
    BOOL on = FALSE;
    int length = sizeof on;
    ROW("options are common");
    CHECK_EQUAL(getsockopt(near, SOL_SOCKET, SO_KEEPALIVE, (char *)&on, &length), 0);
    CHECK(!on);
    tell(child, SET_OPTION);
    CHECK_EQUAL(getsockopt(near, SOL_SOCKET, SO_KEEPALIVE, (char *)&on, &length), 0);
    CHECK(on);
}

static void blocking_mode(struct child child, SOCKET near) {
    char byte;
    ROW("the blocking mode is common");
    tell(child, SET_NONBLOCKING);
    CHECK_ERROR(recv(near, &byte, 1, 0), WSAEWOULDBLOCK);
    tell(child, SET_BLOCKING);
}

static void receive_queue(struct child child, SOCKET near, SOCKET far) {
    char first = 0, second = 0;
    ROW("the receive queue is common");
    CHECK_EQUAL(send(far, "ab", 2, 0), 2);
    CHECK_EQUAL(recv(near, &first, 1, 0), 1);
    second = tell(child, RECEIVE);
    CHECK(first == 'a' && second == 'b');
}

static void between_processes(void) {
    SOCKET near, far;
    char byte;
    struct child child = with_target(make_connection, &near, &far);
    options(child, near);
    blocking_mode(child, near);
    receive_queue(child, near, far);
    ROW("shutdown acts on every descriptor");
    tell(child, SHUT_DOWN);
    CHECK_ERROR(send(near, "x", 1, 0), WSAESHUTDOWN);
    CHECK_EQUAL(recv(far, &byte, 1, 0), 0);
    ROW("linger acts at the last close");
    tell(child, LINGER_HARD);
    tell(child, CLOSE);
    CHECK_EQUAL(send(far, "still", 5, 0), 5);
    char text[8] = "";
    CHECK_EQUAL(receive_all(near, text, 5), 5);
    check_child(child);
    CHECK_EQUAL(closesocket(near), 0);
    CHECK_EQUAL(closesocket(far), 0);
}

static void hard_close(void) {
    SOCKET near, far;
    char byte;
    struct child child = with_target(make_connection, &near, &far);
    ROW("linger acts at the last close, in another process");
    tell(child, LINGER_HARD);
    CHECK_EQUAL(closesocket(near), 0);
    CHECK(!is_readable(far, 50));
    tell(child, CLOSE);
    CHECK_ERROR(recv(far, &byte, 1, 0), WSAECONNRESET);
    check_child(child);
    CHECK_EQUAL(closesocket(far), 0);
}

struct receiver {
    SOCKET socket;
    int count;
    char text[8];
};

static void *receive_one(void *argument) {
    struct receiver *receiver = argument;
    receiver->count = recv(receiver->socket, receiver->text, 5, 0);
    return NULL;
}

static void closing_cancels_nothing(void) {
    pthread_t thread;
    ROW("closing one descriptor cancels nothing");
    struct pair pair = connection();
    SOCKET copy = duplicate_here(pair.near);
    struct receiver receiver = {pair.near, 0, ""};
    REQUIRE(pthread_create(&thread, NULL, receive_one, &receiver) == 0);
    CHECK_EQUAL(closesocket(copy), 0);
    CHECK_EQUAL(send(pair.far, "later", 5, 0), 5);
    REQUIRE(pthread_join(thread, NULL) == 0);
    CHECK_EQUAL(receiver.count, 5);
    CHECK_EQUAL(closesocket(pair.near), 0);
    CHECK_EQUAL(closesocket(pair.far), 0);
}

// The listener's queue is the socket's: a connection made before the duplicate is accepted by it.
static void listening(void) {
    u_short port;
    ROW("a shared listener");
    SOCKET source = listener(&port);
    SOCKET near = connected_to(port);
    SOCKET copy = duplicate_here(source);
    CHECK_EQUAL(closesocket(source), 0);
    SOCKET far = accept(copy, NULL, NULL);
    REQUIRE(far != INVALID_SOCKET);
    check_flow(far, near, "accepted");
    CHECK_EQUAL(closesocket(far), 0);
    CHECK_EQUAL(closesocket(near), 0);
    CHECK_EQUAL(closesocket(copy), 0);
}

int main(void) {
    start_up();
    between_processes();
    hard_close();
    closing_cancels_nothing();
    listening();
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
