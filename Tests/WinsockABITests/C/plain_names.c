// Names and addresses: the families by Windows' numbers, the layouts, the codes.
#include "sockets.h"

static void texts(void) {
    unsigned char bytes[16];
    char text[100];
    WCHAR wide[100];
    struct in_addr address;
    ROW("without WSAStartup");
    CHECK_EQUAL(inet_addr("127.0.0.1"), htonl(INADDR_LOOPBACK));
    CHECK_EQUAL(inet_addr("0x7f.1"), htonl(INADDR_LOOPBACK));
    CHECK_EQUAL(inet_addr("x"), INADDR_NONE);
    CHECK_EQUAL(inet_addr((char *)16), INADDR_NONE);
    address.s_addr = htonl(0x01020304);
    CHECK(strcmp(inet_ntoa(address), "1.2.3.4") == 0);
    CHECK_EQUAL(inet_pton(AF_INET6, "::1", bytes), 1);
    CHECK_EQUAL(bytes[15], 1);
    CHECK(inet_ntop(AF_INET6, bytes, text, sizeof text) == text && strcmp(text, "::1") == 0);
    CHECK(inet_ntop(AF_INET6, bytes, text, 3) == NULL);
    CHECK_EQUAL(WSAGetLastError(), WSA_INVALID_PARAMETER);
    CHECK(InetNtopW(AF_INET6, bytes, wide, 100) == wide && wide[2] == '1' && wide[3] == 0);
    CHECK_EQUAL(InetPtonW(AF_INET, u"1.2.3.4", bytes), 1);
    CHECK_EQUAL(inet_pton(AF_INET, "1.2.3", bytes), 0);
    CHECK_ERROR(inet_pton(10, "::1", bytes), WSAEAFNOSUPPORT);
}

static void resolver(void) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *found;
    PADDRINFOW wide;
    char host[100], service[32];
    ROW("getaddrinfo");
    CHECK_EQUAL(getaddrinfo("::1", "80", &hints, &found), 0);
    CHECK_EQUAL(found->ai_family, AF_INET6);
    CHECK_EQUAL(found->ai_addr->sa_family, AF_INET6);
    CHECK_EQUAL(found->ai_addrlen, sizeof(struct sockaddr_in6));
    CHECK_EQUAL(found->ai_socktype, SOCK_STREAM);
    freeaddrinfo(found);
    CHECK_EQUAL(getaddrinfo("x", NULL, &hints, &found), WSAHOST_NOT_FOUND);
    CHECK(found == NULL);
    CHECK_EQUAL(getaddrinfo(NULL, NULL, &hints, &found), WSAHOST_NOT_FOUND);
    CHECK_EQUAL(getaddrinfo((char *)16, NULL, NULL, &found), WSAEFAULT);
    CHECK_EQUAL(getaddrinfo("::1", NULL, NULL, NULL), WSAEFAULT);
    hints.ai_family = 10;
    CHECK_EQUAL(getaddrinfo("::1", NULL, &hints, &found), WSAEAFNOSUPPORT);
    hints.ai_family = AF_UNSPEC;
    hints.ai_addrlen = 3;
    CHECK_EQUAL(getaddrinfo("::1", NULL, &hints, &found), WSANO_RECOVERY);
    ROW("GetAddrInfoW, getnameinfo");
    REQUIRE(GetAddrInfoW(u"127.0.0.1", u"80", NULL, &wide) == 0);
    CHECK(wide->ai_next == NULL && wide->ai_socktype == 0);
    int flags = NI_NUMERICHOST | NI_NUMERICSERV;
    CHECK_EQUAL(getnameinfo(wide->ai_addr, 16, host, 100, service, 32, flags), 0);
    CHECK(strcmp(host, "127.0.0.1") == 0 && strcmp(service, "80") == 0);
    CHECK_EQUAL(getnameinfo(wide->ai_addr, 16, host, 2, NULL, 0, flags), WSAEFAULT);
    FreeAddrInfoW(wide);
    struct hostent *entry = gethostbyname("127.0.0.1");
    REQUIRE(entry != NULL);
    CHECK(entry->h_length == 4 && entry->h_addrtype == AF_INET && entry->h_aliases[0] == NULL);
    CHECK_EQUAL(*(u_long *)entry->h_addr, htonl(INADDR_LOOPBACK));
    CHECK(entry->h_addr_list[1] == NULL);
}

static void addresses(void) {
    struct sockaddr_in6 address;
    struct sockaddr *name = (struct sockaddr *)&address;
    char text[100];
    int length = 5;
    DWORD count = 3;
    ROW("WSAStringToAddress, WSAAddressToString");
    CHECK_ERROR(WSAStringToAddressA("[::1]:80", AF_INET6, NULL, name, &length), WSAEFAULT);
    CHECK_EQUAL(length, sizeof address);
    CHECK_EQUAL(WSAStringToAddressA("[::1]:80", AF_INET6, NULL, name, &length), 0);
    CHECK_EQUAL(address.sin6_port, htons(80));
    CHECK_ERROR(WSAAddressToStringA(name, sizeof address, NULL, text, &count), WSAEFAULT);
    CHECK_EQUAL(count, 9);
    CHECK_EQUAL(WSAAddressToStringA(name, sizeof address, NULL, text, &count), 0);
    CHECK(strcmp(text, "[::1]:80") == 0);
    CHECK_ERROR(gethostname(text, 1), WSAEFAULT);
    CHECK_ERROR(gethostname(NULL, 100), WSAEFAULT);
}

static void datagrams(void) {
    SOCKET s = new_socket(SOCK_DGRAM);
    struct sockaddr_in address, sender;
    int length = sizeof sender;
    char buffer[3] = {0};
    ROW("datagrams");
    CHECK_ERROR(recv(s, buffer, 1, 0), WSAEINVAL);
    CHECK_ERROR(send(s, "x", 1, 0), WSAENOTCONN);
    address = loopback(bind_free(s));
    CHECK_EQUAL(sendto(s, "hello", 5, 0, (struct sockaddr *)&address, sizeof address), 5);
    CHECK_ERROR(
        recvfrom(s, buffer, 2, 0, (struct sockaddr *)&sender, &length), WSAEMSGSIZE);
    CHECK(strcmp(buffer, "he") == 0);
    CHECK_EQUAL(sender.sin_port, address.sin_port);
    CHECK_EQUAL(closesocket(s), 0);
}

int main(void) {
    struct addrinfo *found;
    texts();
    ROW("WSANOTINITIALISED");
    CHECK_EQUAL(getaddrinfo("::1", NULL, NULL, &found), WSANOTINITIALISED);
    CHECK(gethostbyname("localhost") == NULL);
    CHECK_EQUAL(WSAGetLastError(), WSANOTINITIALISED);
    start_up();
    resolver();
    addresses();
    datagrams();
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
