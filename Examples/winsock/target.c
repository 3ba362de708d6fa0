// The target of a shared socket: steps 3, 7, 8 and 9 of WSADuplicateSocket's page. See source.c.
//
//     cc -o target target.c $(baton cflags) $(baton libs)
//     ./target 4711
//
// Serves one source that connects to the port, and ends with 0 only if it could use the source's
// socket. The port may be 0: the first line of output tells which was taken.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winsock2.h>
#include <ws2tcpip.h>

static const char expected[] = "sent by the source";
static const char own[] = "sent by the target";
static const char alone[] = "sent after the source had closed";

static void fail(const char *what) {
    fprintf(stderr, "target: %s: %d %s\n", what, WSAGetLastError(), baton_last_reason());
    exit(1);
}

static void send_all(SOCKET s, const void *bytes, int count) {
    for (int done = 0; done < count;) {
        int part = send(s, (const char *)bytes + done, count - done, 0);
        if (part == SOCKET_ERROR) fail("send");
        done += part;
    }
}

static void receive_all(SOCKET s, void *bytes, int count) {
    for (int done = 0; done < count;) {
        int part = recv(s, (char *)bytes + done, count - done, 0);
        if (part == SOCKET_ERROR) fail("recv");
        if (part == 0) fail("the other side closed too early");
        done += part;
    }
}

static void expect(SOCKET s, const char *text, int count) {
    char bytes[128];
    receive_all(s, bytes, count);
    if (memcmp(bytes, text, (size_t)count) != 0) fail("the echo is another text");
}

// The connection of the first source that comes to the port.
static SOCKET accept_source(u_short port) {
    SOCKADDR_IN address;
    int length = sizeof(address);
    BOOL on = TRUE;
    SOCKET listener = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    if (listener == INVALID_SOCKET) fail("WSASocket");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, (const char *)&on, sizeof(on));

    ZeroMemory(&address, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (SOCKADDR *)&address, sizeof(address)) != 0) fail("bind");
    if (listen(listener, 1) != 0) fail("listen");
    if (getsockname(listener, (SOCKADDR *)&address, &length) != 0) fail("getsockname");
    printf("waiting on port %d\n", ntohs(address.sin_port));

    SOCKET channel = accept(listener, NULL, NULL);
    if (channel == INVALID_SOCKET) fail("accept");
    closesocket(listener);
    return channel;
}

// Steps 3, 7 and 8.
static SOCKET take_over(SOCKET channel) {
    WSAPROTOCOL_INFOW info;
    char question[4];
    u_long answer = htonl(GetCurrentProcessId());

    receive_all(channel, question, sizeof(question));
    if (memcmp(question, "PID?", sizeof(question)) != 0) fail("the source asked something else");
    send_all(channel, &answer, sizeof(answer));
    printf("3   told the source the process id %u\n", GetCurrentProcessId());

    receive_all(channel, &info, sizeof(info));
    printf("7   received the %zu bytes of the record\n", sizeof(info));

    SOCKET s = WSASocketW(
        FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0, WSA_FLAG_OVERLAPPED);
    if (s == INVALID_SOCKET) fail("WSASocket with the record");
    printf("8   opened the shared socket\n");

    // The record was good once. Used up, it is an invalid parameter.
    SOCKET again = WSASocketW(
        FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0, WSA_FLAG_OVERLAPPED);
    if (again != INVALID_SOCKET || WSAGetLastError() != WSAEINVAL) fail("a record worked twice");
    printf("    a second use of the record was refused: %s\n", baton_last_reason());
    return s;
}

int main(int count, char **arguments) {
    WSADATA data;
    char word;

    if (count != 2) {
        fprintf(stderr, "usage: target PORT (on the loopback; 0 takes any)\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0) fail("WSAStartup");

    SOCKET channel = accept_source((u_short)atoi(arguments[1]));
    SOCKET s = take_over(channel);

    // What the source sent comes back here: it is one socket, with one queue.
    expect(s, expected, sizeof(expected));
    send_all(s, own, sizeof(own));
    expect(s, own, sizeof(own));
    printf("9   read the echo of \"%s\", and one of its own\n", expected);
    send_all(channel, "+", 1);

    receive_all(channel, &word, 1);
    send_all(s, alone, sizeof(alone));
    expect(s, alone, sizeof(alone));
    if (closesocket(s) != 0) fail("closesocket");
    printf("    used and closed the socket after the source had closed its own\n");
    send_all(channel, "+", 1);

    closesocket(channel);
    return WSACleanup() == 0 ? 0 : 1;
}
