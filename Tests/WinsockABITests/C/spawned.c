// A target that is another program image, and what a program that is executed inherits.
#include "processes.h"
#include "sockets.h"

#include <fcntl.h>
#include <sys/wait.h>

struct inheritance {
    SOCKET inherited, notInherited, opened;
};

static int is_socket(SOCKET s) {
    int type = 0, length = sizeof type;
    return getsockopt(s, SOL_SOCKET, SO_TYPE, (char *)&type, &length) == 0;
}

// The other image: `spawned target`, with the pipes as standard input and output.
static int target(void) {
    WSAPROTOCOL_INFOW info;
    struct inheritance handles;
    start_up();
    REQUIRE(take(0, &handles, sizeof handles));
    ROW("inheritance");
    CHECK(is_socket(handles.inherited));
    CHECK(!is_socket(handles.notInherited));
    CHECK(!is_socket(handles.opened));
    REQUIRE(take(0, &info, sizeof info));
    SOCKET s = open_record(&info);
    ROW("another image opens");
    REQUIRE(s != INVALID_SOCKET);
    CHECK((fcntl((int)s, F_GETFD) & FD_CLOEXEC) != 0);
    CHECK_EQUAL(send(s, "spawned", 7, 0), 7);
    // What was inherited is a socket like any other, without a call of this library.
    CHECK_EQUAL(send(handles.inherited, "inherited", 9, 0), 9);
    CHECK_EQUAL(closesocket(handles.inherited), 0);
    CHECK_EQUAL(closesocket(s), 0);
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}

static void become_target(int in, int out) {
    REQUIRE(dup2(in, 0) == 0 && dup2(out, 1) == 1);
    execl("/proc/self/exe", "spawned", "target", (char *)NULL);
    REQUIRE(0);
}

int main(int count, char **arguments) {
    if (count > 1 && strcmp(arguments[1], "target") == 0) return target();
    WSAPROTOCOL_INFOW info;
    char text[16] = "";
    start_up();
    ROW("inheritance");
    struct pair pair = connection();
    struct inheritance handles = {
        pair.near,
        WSASocketW(
            AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT),
        duplicate_here(pair.near),
    };
    CHECK(handles.notInherited != INVALID_SOCKET);
    struct child child = start_child(become_target);
    ship(child.to, &handles, sizeof handles);
    // The pid of a child is good from its start, whatever it executes.
    struct pair other = connection();
    CHECK_EQUAL(WSADuplicateSocketW(other.near, (DWORD)child.pid, &info), 0);
    ship(child.to, &info, sizeof info);
    CHECK_EQUAL(receive_all(other.far, text, 7), 7);
    CHECK(strcmp(text, "spawned") == 0);
    CHECK_EQUAL(receive_all(pair.far, text, 9), 9);
    CHECK(strcmp(text, "inherited") == 0);
    check_child(child);
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
