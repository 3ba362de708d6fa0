// A socket has one registration of events, whoever shares it. Here process A registers, and is told
// of data; then B registers through its own descriptor, and from then on B is told and A is not.
//
//     cc -o eventselect eventselect.c $(baton cflags) $(baton libs)
//     ./eventselect
//
// Exit status 0 only if it went so.
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <winsock2.h>
#include <ws2tcpip.h>

static const char *name = "A";

static void fail(const char *what) {
    fprintf(stderr, "%s: %s: %d %s\n", name, what, WSAGetLastError(), baton_last_reason());
    exit(1);
}

static void start_up(void) {
    WSADATA data;
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0) fail("WSAStartup");
}

static void put(int pipe, const void *bytes, size_t count) {
    if (write(pipe, bytes, count) != (ssize_t)count) fail("write");
}

// All that is put is shorter than PIPE_BUF, so it comes in one piece.
static void get(int pipe, void *bytes, size_t count) {
    if (read(pipe, bytes, count) != (ssize_t)count) fail("the other process ended");
}

static WSAEVENT select_readable(SOCKET s) {
    WSAEVENT event = WSACreateEvent();
    if (event == WSA_INVALID_EVENT) fail("WSACreateEvent");
    if (WSAEventSelect(s, event, FD_READ | FD_CLOSE) != 0) fail("WSAEventSelect");
    return event;
}

// Waits until the event is set, finds FD_READ in the record, and reads the byte.
static void expect_readable(SOCKET s, WSAEVENT event, char expected) {
    WSANETWORKEVENTS events;
    char byte = 0;
    if (WSAWaitForMultipleEvents(1, &event, FALSE, 10000, FALSE) != WSA_WAIT_EVENT_0) {
        fail("nobody told of the data");
    }
    if (WSAEnumNetworkEvents(s, event, &events) != 0) fail("WSAEnumNetworkEvents");
    if (events.lNetworkEvents != FD_READ || events.iErrorCode[FD_READ_BIT] != 0) {
        fail("another event than FD_READ");
    }
    if (recv(s, &byte, 1, 0) != 1 || byte != expected) fail("recv");
    printf("%s  was told of the byte '%c', and read it\n", name, byte);
}

// B: opens the socket, takes the registration over, and is told.
static int be_second(int from_first, int to_first) {
    WSAPROTOCOL_INFO info;
    char word = 'r';
    name = "B";
    start_up();
    get(from_first, &info, sizeof(info));
    SOCKET s = WSASocket(
        FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0, WSA_FLAG_OVERLAPPED);
    if (s == INVALID_SOCKET) fail("WSASocket");
    WSAEVENT event = select_readable(s);
    printf("B  registered: that cancels A's registration\n");
    put(to_first, &word, 1);

    expect_readable(s, event, '2');
    put(to_first, &word, 1);
    get(from_first, &word, 1);
    WSACloseEvent(event);
    closesocket(s);
    return WSACleanup() == 0 ? 0 : 1;
}

// Two ends of a connection over the loopback.
static void make_pair(SOCKET *near, SOCKET *far) {
    SOCKADDR_IN address;
    int length = sizeof(address);
    SOCKET listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (listener == INVALID_SOCKET) fail("socket");
    ZeroMemory(&address, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (SOCKADDR *)&address, sizeof(address)) != 0) fail("bind");
    if (listen(listener, 1) != 0) fail("listen");
    if (getsockname(listener, (SOCKADDR *)&address, &length) != 0) fail("getsockname");
    *far = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (connect(*far, (SOCKADDR *)&address, sizeof(address)) != 0) fail("connect");
    *near = accept(listener, NULL, NULL);
    if (*near == INVALID_SOCKET) fail("accept");
    closesocket(listener);
}

// A: is told of the first byte, hands the socket over, and hears nothing of the second.
static void be_first(pid_t second, int from_second, int to_second) {
    WSAPROTOCOL_INFO info;
    WSANETWORKEVENTS events;
    SOCKET s, peer;
    char word = 0;
    make_pair(&s, &peer);
    WSAEVENT event = select_readable(s);
    printf("A  registered\n");
    if (send(peer, "1", 1, 0) != 1) fail("send");
    expect_readable(s, event, '1');

    if (WSADuplicateSocket(s, (DWORD)second, &info) != 0) fail("WSADuplicateSocket");
    put(to_second, &info, sizeof(info));
    get(from_second, &word, 1);

    // The socket is one, and so is its registration.
    if (send(peer, "2", 1, 0) != 1) fail("send");
    get(from_second, &word, 1);
    if (WSAWaitForMultipleEvents(1, &event, FALSE, 200, FALSE) != WSA_WAIT_TIMEOUT) {
        fail("A was told although B had registered");
    }
    if (WSAEnumNetworkEvents(s, event, &events) != 0 || events.lNetworkEvents != 0) {
        fail("A's record holds an event");
    }
    printf("A  was not told of it\n");

    put(to_second, &word, 1);
    WSACloseEvent(event);
    closesocket(s);
    closesocket(peer);
}

int main(void) {
    int forward[2], back[2], status;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (pipe(forward) != 0 || pipe(back) != 0) fail("pipe");

    // Before anything of Winsock: each process starts up for itself.
    pid_t second = fork();
    if (second < 0) fail("fork");
    if (second == 0) {
        close(forward[1]);
        close(back[0]);
        exit(be_second(forward[0], back[1]));
    }
    close(forward[0]);
    close(back[1]);
    start_up();
    be_first(second, back[0], forward[1]);
    if (waitpid(second, &status, 0) < 0 || status != 0) fail("B failed");
    return WSACleanup() == 0 ? 0 : 1;
}
