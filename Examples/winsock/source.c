// The source of a shared socket: steps 1, 2, 4, 5, 6 and 10 of WSADuplicateSocket's page.
//
//     cc -o source source.c $(baton cflags) $(baton libs)
//     ./target 4711 &
//     ./source 4711
//
// It connects to an echo server of its own, says something without waiting for the echo, and hands
// the connection to the target, which reads that echo from the very same socket. Exit status 0 only
// if everything was as it should be.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <winsock2.h>
#include <ws2tcpip.h>

static const char greeting[] = "sent by the source";

static void fail(const char *what) {
    fprintf(stderr, "source: %s: %d %s\n", what, WSAGetLastError(), baton_last_reason());
    exit(1);
}

static SOCKADDR_IN loopback(u_short port) {
    SOCKADDR_IN address;
    ZeroMemory(&address, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
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

static SOCKET connect_to(u_short port) {
    SOCKADDR_IN address = loopback(port);
    SOCKET s = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    if (s == INVALID_SOCKET) fail("WSASocket");
    if (WSAConnect(s, (SOCKADDR *)&address, sizeof(address), NULL, NULL, NULL, NULL) != 0) {
        fail("WSAConnect");
    }
    return s;
}

struct echo {
    SOCKET listener;
    int byte_count;
};

// Serves one connection to its end, which comes when nobody holds the other side any more.
static void *serve_echo(void *context) {
    struct echo *echo = context;
    char bytes[512];
    int count;
    SOCKET s = accept(echo->listener, NULL, NULL);
    if (s == INVALID_SOCKET) fail("accept");
    while ((count = recv(s, bytes, sizeof(bytes), 0)) > 0) {
        echo->byte_count += count;
        send_all(s, bytes, count);
    }
    if (count == SOCKET_ERROR) fail("recv of the echo server");
    closesocket(s);
    return NULL;
}

static u_short start_echo(struct echo *echo, pthread_t *thread) {
    SOCKADDR_IN address = loopback(0);
    int length = sizeof(address);
    echo->byte_count = 0;
    echo->listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (echo->listener == INVALID_SOCKET) fail("socket");
    if (bind(echo->listener, (SOCKADDR *)&address, sizeof(address)) != 0) fail("bind");
    if (listen(echo->listener, 1) != 0) fail("listen");
    if (getsockname(echo->listener, (SOCKADDR *)&address, &length) != 0) fail("getsockname");
    if (pthread_create(thread, NULL, serve_echo, echo) != 0) fail("pthread_create");
    return ntohs(address.sin_port);
}

// Steps 2 to 6, over the connection to the target.
static void hand_over(SOCKET s, SOCKET channel) {
    WSAPROTOCOL_INFOW info;
    u_long answer;
    DWORD process;

    send_all(channel, "PID?", 4);
    printf("2   asked the target for its process id\n");

    receive_all(channel, &answer, sizeof(answer));
    process = ntohl(answer);
    printf("4   received it: %u\n", process);

    if (WSADuplicateSocketW(s, process, &info) != 0) fail("WSADuplicateSocket");
    if (info.iAddressFamily != AF_INET || info.iSocketType != SOCK_STREAM ||
        info.iProtocol != IPPROTO_TCP) {
        fail("the record tells of another socket");
    }
    printf("5   duplicated the socket for process %u\n", process);

    send_all(channel, &info, sizeof(info));
    printf("6   sent the %zu bytes of the record\n", sizeof(info));
}

int main(int count, char **arguments) {
    WSADATA data;
    struct echo echo;
    pthread_t thread;
    char verdict = 0;

    if (count != 2) {
        fprintf(stderr, "usage: source PORT (of the target, on the loopback)\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0) fail("WSAStartup");

    SOCKET s = connect_to(start_echo(&echo, &thread));
    send_all(s, greeting, sizeof(greeting));
    printf("1   connected to the echo server, and sent \"%s\"\n", greeting);

    SOCKET channel = connect_to((u_short)atoi(arguments[1]));
    hand_over(s, channel);

    receive_all(channel, &verdict, 1);
    if (verdict != '+') fail("the target could not use the socket");
    if (closesocket(s) != 0) fail("closesocket");
    printf("10  closed the source's descriptor\n");

    // The target goes on alone: only its end is the end of the connection.
    send_all(channel, "C", 1);
    receive_all(channel, &verdict, 1);
    if (verdict != '+') fail("the target lost the socket");
    if (pthread_join(thread, NULL) != 0) fail("pthread_join");
    printf("    the connection ended after the target's close, %d bytes were echoed\n",
           echo.byte_count);
    if (echo.byte_count <= (int)sizeof(greeting)) fail("the target sent nothing");

    closesocket(channel);
    closesocket(echo.listener);
    return WSACleanup() == 0 ? 0 : 1;
}
