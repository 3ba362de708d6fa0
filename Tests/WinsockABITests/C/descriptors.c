// WSAEMFILE at the limit of descriptors, and that it costs no ticket.
#include "processes.h"
#include "sockets.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#define LIMIT 64

static int fillers[LIMIT];
static int fillerCount;

static void fill(void) {
    int number;
    while (fillerCount < LIMIT && (number = dup(0)) >= 0) fillers[fillerCount++] = number;
    CHECK_EQUAL(errno, EMFILE);
}

static void free_one(void) {
    REQUIRE(fillerCount > 0);
    close(fillers[--fillerCount]);
}

// A process that has no descriptor for its connection either.
static void unconnected(int in, int out) {
    WSAPROTOCOL_INFOW info;
    (void)in;
    (void)out;
    ROW("WSAEMFILE without a connection");
    SOCKET s = new_socket(SOCK_STREAM);
    fill();
    CHECK_ERROR(WSADuplicateSocketW(s, GetCurrentProcessId(), &info), WSAEMFILE);
    CHECK(strlen(baton_last_reason()) > 0);
    free_one();
    free_one();
    CHECK_EQUAL(WSADuplicateSocketW(s, GetCurrentProcessId(), &info), 0);
    fillerCount = 0;
}

// The host's name takes no descriptor. What it resolves to may need one, and then there is a code.
static void names(void) {
    struct utsname own;
    char name[256];
    struct addrinfo *found = NULL;
    REQUIRE(uname(&own) == 0);
    ROW("names without a descriptor");
    CHECK_EQUAL(gethostname(name, sizeof name), 0);
    CHECK(strcmp(name, own.nodename) == 0);
    WSASetLastError(0);
    CHECK(gethostbyname(NULL) != NULL || WSAGetLastError() != 0);
    int code = getaddrinfo("", "80", NULL, &found);
    CHECK((code == 0) == (found != NULL));
    CHECK_EQUAL(code == 0 || WSAGetLastError() == code, 1);
    if (found != NULL) freeaddrinfo(found);
}

int main(void) {
    WSAPROTOCOL_INFOW info, other;
    struct rlimit limit = {LIMIT, LIMIT};
    start_up();
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    check_child(start_child(unconnected));

    ROW("WSAEMFILE, opening");
    SOCKET source = new_socket(SOCK_DGRAM);
    CHECK_EQUAL(WSADuplicateSocketW(source, GetCurrentProcessId(), &info), 0);
    fill();
    CHECK_ERROR(open_record(&info), WSAEMFILE);
    CHECK_REASON("no descriptor left");
    CHECK_ERROR(open_record(&info), WSAEMFILE);
    names();
    ROW("WSAEMFILE, a new socket");
    CHECK_ERROR(socket(AF_INET, SOCK_STREAM, 0), WSAEMFILE);
    ROW("WSAEMFILE, duplicating");
    // The target is watched through a descriptor. Where none is needed the call succeeds.
    if (WSADuplicateSocketW(source, GetCurrentProcessId(), &other) != 0) {
        CHECK_EQUAL(WSAGetLastError(), WSAEMFILE);
    }
    ROW("the ticket still opens");
    free_one();
    SOCKET copy = open_record(&info);
    CHECK(copy != INVALID_SOCKET);
    u_short port = bind_free(copy);
    CHECK(port != 0);
    CHECK_EQUAL(closesocket(copy), 0);
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
