// Rows D1 to D15, C1 and R1 to R6: one process duplicates for itself.
#include "sockets.h"

#include <pthread.h>

static SOCKET open_zeros(WSAPROTOCOL_INFOA *info) {
    return WSASocketA(0, 0, 0, info, 0, 0);
}

static void order_of_checks(void) {
    WSAPROTOCOL_INFOA info;
    DWORD own = GetCurrentProcessId();
    ROW("D1");
    SOCKET source = WSASocketA(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, 0);
    REQUIRE(source != INVALID_SOCKET);
    ROW("D2");
    // Descriptor 0 is no socket here: standard input.
    CHECK_ERROR(WSADuplicateSocketA(0, 0, NULL), WSAENOTSOCK);
    ROW("D3");
    CHECK_ERROR(WSADuplicateSocketA(source, 0, NULL), WSAEINVAL);
    ROW("D4");
    CHECK_ERROR(WSADuplicateSocketA(source, ~(DWORD)0, &info), WSAEINVAL);
    ROW("D5");
    CHECK_ERROR(WSADuplicateSocketA(0, own, &info), WSAENOTSOCK);
    ROW("D6");
    CHECK_ERROR(WSADuplicateSocketA(source, own, NULL), WSAEFAULT);
    ROW("D7");
    CHECK_EQUAL(WSADuplicateSocketA(source, own, &info), 0);
    ROW("D8");
    CHECK_EQUAL(info.iProtocol, IPPROTO_TCP);
    CHECK_EQUAL(info.iAddressFamily, AF_INET);
    CHECK_EQUAL(info.iSocketType, SOCK_STREAM);
    ROW("D9");
    SOCKET copy = open_zeros(&info);
    CHECK(copy != INVALID_SOCKET && copy != source);
    CHECK_EQUAL(WSAGetLastError(), 0);
    CHECK_EQUAL(closesocket(copy), 0);
    CHECK_EQUAL(closesocket(source), 0);
}

// Sends five bytes from `source` to its own port, and receives them on `receiver`.
static void echo(SOCKET source, u_short port, SOCKET receiver) {
    struct sockaddr_in address = loopback(port);
    char text[16] = "";
    CHECK_EQUAL(sendto(source, "baton", 5, 0, (struct sockaddr *)&address, sizeof address), 5);
    CHECK_EQUAL(recvfrom(receiver, text, sizeof text, 0, NULL, NULL), 5);
    CHECK(memcmp(text, "baton", 5) == 0);
}

static void datagrams(void) {
    WSAPROTOCOL_INFOA info;
    int type = 0, length = sizeof type;
    ROW("D10");
    SOCKET source = new_socket(SOCK_DGRAM);
    CHECK_EQUAL(WSADuplicateSocketA(source, GetCurrentProcessId(), &info), 0);
    CHECK_EQUAL(info.iProtocol, IPPROTO_UDP);
    CHECK_EQUAL(info.iAddressFamily, AF_INET);
    CHECK_EQUAL(info.iSocketType, SOCK_DGRAM);
    ROW("D11");
    u_short port = bind_free(source);
    CHECK(port != 0);
    SOCKET copy = open_zeros(&info);
    REQUIRE(copy != INVALID_SOCKET);
    ROW("D12");
    CHECK_EQUAL(getsockopt(copy, SOL_SOCKET, SO_TYPE, (char *)&type, &length), 0);
    CHECK_EQUAL(type, SOCK_DGRAM);
    ROW("D13");
    echo(source, port, copy);
    CHECK_EQUAL(closesocket(copy), 0);
    CHECK_EQUAL(closesocket(source), 0);

    ROW("D14");
    source = new_socket(SOCK_DGRAM);
    CHECK_EQUAL(WSADuplicateSocketA(source, GetCurrentProcessId(), &info), 0);
    copy = open_zeros(&info);
    REQUIRE(copy != INVALID_SOCKET);
    port = bind_free(source);
    // Windows' bind state belongs to the descriptor: there this receive is WSAEINVAL. Here it
    // belongs to the socket, as the page of WSADuplicateSocket promises of all state.
    ROW("D15, deliberately not imitated");
    echo(source, port, copy);
    CHECK_EQUAL(closesocket(copy), 0);
    CHECK_EQUAL(closesocket(source), 0);
}

static void explicit_triple(void) {
    WSAPROTOCOL_INFOA info;
    u_short port;
    ROW("C1");
    SOCKET source = listener(&port);
    CHECK_EQUAL(WSADuplicateSocketA(source, GetCurrentProcessId(), &info), 0);
    SOCKET copy = WSASocketA(AF_INET, SOCK_STREAM, 0, &info, 0, WSA_FLAG_OVERLAPPED);
    CHECK(copy != INVALID_SOCKET);
    CHECK_EQUAL(closesocket(source), 0);
    SOCKET near = connected_to(port);
    SOCKET far = accept(copy, NULL, NULL);
    REQUIRE(far != INVALID_SOCKET);
    check_flow(near, far, "through the copy");
    CHECK_EQUAL(closesocket(far), 0);
    CHECK_EQUAL(closesocket(near), 0);
    CHECK_EQUAL(closesocket(copy), 0);
}

static void source_closed(void) {
    WSAPROTOCOL_INFOW info;
    SOCKET receiver = new_socket(SOCK_DGRAM);
    struct sockaddr_in address = loopback(bind_free(receiver));
    struct sockaddr *to = (struct sockaddr *)&address;
    char text[16];
    ROW("R1");
    SOCKET source = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
    CHECK_EQUAL(sendto(source, "0123456789", 10, 0, to, sizeof address), 10);
    CHECK_EQUAL(WSADuplicateSocketW(source, GetCurrentProcessId(), &info), 0);
    SOCKET copy = WSASocketW(0, 0, 0, &info, 0, 0);
    REQUIRE(copy != INVALID_SOCKET);
    ROW("R2");
    CHECK_EQUAL(sendto(copy, "0123456789", 10, 0, to, sizeof address), 10);
    ROW("R3");
    CHECK_EQUAL(closesocket(source), 0);
    ROW("R4");
    CHECK_EQUAL(sendto(copy, "0123456789", 10, 0, to, sizeof address), 10);
    for (int count = 0; count < 3; count++) {
        CHECK_EQUAL(recv(receiver, text, sizeof text, 0), 10);
    }
    ROW("R5");
    CHECK_EQUAL(closesocket(copy), 0);
    CHECK_EQUAL(closesocket(receiver), 0);
}

struct waiting {
    SOCKET socket;
    int result, code;
};

static void *select_until_closed(void *argument) {
    struct waiting *waiting = argument;
    fd_set set;
    FD_ZERO(&set);
    FD_SET(waiting->socket, &set);
    waiting->result = select(0, &set, NULL, NULL, NULL);
    waiting->code = WSAGetLastError();
    return NULL;
}

static void closed_while_selecting(void) {
    u_short port;
    pthread_t thread;
    ROW("R6");
    SOCKET source = listener(&port);
    struct waiting waiting = {duplicate_here(source), 0, 0};
    REQUIRE(pthread_create(&thread, NULL, select_until_closed, &waiting) == 0);
    CHECK_EQUAL(closesocket(source), 0);
    CHECK_EQUAL(closesocket(waiting.socket), 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    CHECK_EQUAL(waiting.result, SOCKET_ERROR);
    CHECK_EQUAL(waiting.code, WSAENOTSOCK);
}

int main(void) {
    start_up();
    order_of_checks();
    datagrams();
    explicit_triple();
    source_closed();
    closed_while_selecting();
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
