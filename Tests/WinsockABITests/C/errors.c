// The codes of WSADuplicateSocket's page that arguments alone bring about, and the words for each.
#include "processes.h"
#include "sockets.h"

#include <sys/mman.h>

static void bad_process(SOCKET source) {
    WSAPROTOCOL_INFOW info;
    ROW("WSAEINVAL, process ids");
    DWORD impossible[] = {0, 0x7fffffff, 0x80000000, 0xffffffff};
    for (size_t index = 0; index < _countof(impossible); index++) {
        CHECK_ERROR(WSADuplicateSocketW(source, impossible[index], &info), WSAEINVAL);
        CHECK_REASON("process");
    }
    pid_t child = fork();
    if (child == 0) _exit(0);
    REQUIRE(child > 0);
    siginfo_t ended;
    REQUIRE(waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT) == 0);
    CHECK_ERROR(WSADuplicateSocketW(source, (DWORD)child, &info), WSAEINVAL);
    CHECK_REASON("process");
    REQUIRE(waitpid(child, NULL, 0) == child);
    CHECK_ERROR(WSADuplicateSocketW(source, (DWORD)child, &info), WSAEINVAL);
    CHECK_REASON("process");
}

static void bad_socket(SOCKET source) {
    WSAPROTOCOL_INFOW info;
    DWORD own = GetCurrentProcessId();
    int pipes[2];
    ROW("WSAENOTSOCK");
    REQUIRE(pipe(pipes) == 0);
    SOCKET wrong[] = {INVALID_SOCKET, (SOCKET)pipes[0], 1000000, (SOCKET)1 << 40};
    for (size_t index = 0; index < _countof(wrong); index++) {
        CHECK_ERROR(WSADuplicateSocketW(wrong[index], own, &info), WSAENOTSOCK);
        CHECK_ERROR(closesocket(wrong[index]), WSAENOTSOCK);
    }
    close(pipes[0]);
    close(pipes[1]);
    SOCKET closed = duplicate_here(source);
    CHECK_EQUAL(closesocket(closed), 0);
    CHECK_ERROR(WSADuplicateSocketW(closed, own, &info), WSAENOTSOCK);
    CHECK_ERROR(closesocket(closed), WSAENOTSOCK);
}

static void bad_address(SOCKET source) {
    DWORD own = GetCurrentProcessId();
    long page = sysconf(_SC_PAGESIZE);
    ROW("WSAEFAULT");
    // Two pages, of which the second is gone, and one that cannot be written.
    char *pages = mmap(
        NULL, (size_t)page * 3, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(pages != MAP_FAILED);
    REQUIRE(munmap(pages + page, (size_t)page) == 0);
    REQUIRE(mprotect(pages + 2 * page, (size_t)page, PROT_READ) == 0);
    void *addresses[] = {NULL, (void *)8, pages + page - 100, pages + page, pages + 2 * page};
    for (size_t index = 0; index < _countof(addresses); index++) {
        CHECK_ERROR(WSADuplicateSocketA(source, own, addresses[index]), WSAEFAULT);
        CHECK_REASON("buffer");
        CHECK_ERROR(WSADuplicateSocketW(source, own, addresses[index]), WSAEFAULT);
    }
    for (size_t index = 1; index < 4; index++) {
        CHECK_ERROR(WSASocketA(-1, -1, -1, addresses[index], 0, 0), WSAEFAULT);
        CHECK_ERROR(WSASocketW(-1, -1, -1, addresses[index], 0, 0), WSAEFAULT);
    }
    // Exactly as long as there is memory.
    WSAPROTOCOL_INFOW *last = (void *)(pages + page - sizeof *last);
    CHECK_EQUAL(WSADuplicateSocketW(source, own, last), 0);
    SOCKET copy = open_record(last);
    CHECK(copy != INVALID_SOCKET);
    CHECK_EQUAL(closesocket(copy), 0);
    munmap(pages, (size_t)page);
    munmap(pages + 2 * page, (size_t)page);
}

static void bad_record(SOCKET source) {
    WSAPROTOCOL_INFOW info;
    ROW("WSAEINVAL, altered");
    CHECK_EQUAL(WSADuplicateSocketW(source, GetCurrentProcessId(), &info), 0);
    WSAPROTOCOL_INFOW altered = info;
    altered.iMaxSockAddr++;
    CHECK_ERROR(open_record(&altered), WSAEINVAL);
    CHECK_REASON("altered record");
    altered = info;
    altered.dwServiceFlags3 ^= 1;
    CHECK_ERROR(open_record(&altered), WSAEINVAL);
    CHECK_REASON("forged");
    altered = info;
    altered.dwProviderReserved += 1000;
    CHECK_ERROR(open_record(&altered), WSAEINVAL);
    ROW("WSAEINVAL, contradicting arguments");
    CHECK_ERROR(WSASocketW(AF_INET6, SOCK_STREAM, IPPROTO_TCP, &info, 0, 0), WSAEINVAL);
    CHECK_ERROR(WSASocketW(-1, SOCK_DGRAM, -1, &info, 0, 0), WSAEINVAL);
    CHECK_ERROR(WSASocketW(-1, -1, -1, &info, 12345, 0), WSAEINVAL);
    CHECK_ERROR(WSASocketW(-1, -1, -1, &info, 0, 0x80000000), WSAEINVAL);
    ROW("a failed open does not consume");
    SOCKET copy = open_record(&info);
    CHECK(copy != INVALID_SOCKET);
    CHECK_EQUAL(closesocket(copy), 0);
    ROW("WSAEINVAL, used");
    CHECK_ERROR(open_record(&info), WSAEINVAL);
    CHECK_REASON("used");
}

static void quality_of_service(void) {
    WSAPROTOCOL_INFOW info;
    QOS quality;
    DWORD count = 0;
    ROW("WSAEINVAL, quality of service");
    SOCKET s = new_socket(SOCK_STREAM);
    SOCKET copy = duplicate_here(s);
    memset(&quality, 0, sizeof quality);
    CHECK_EQUAL(
        WSAIoctl(s, SIO_SET_QOS, &quality, sizeof quality, NULL, 0, &count, NULL, NULL), 0);
    CHECK_ERROR(WSADuplicateSocketW(s, GetCurrentProcessId(), &info), WSAEINVAL);
    CHECK_REASON("quality of service");
    // The mark is the socket's, and so every descriptor's.
    CHECK_ERROR(WSADuplicateSocketW(copy, GetCurrentProcessId(), &info), WSAEINVAL);
    CHECK_EQUAL(closesocket(s), 0);
    CHECK_EQUAL(closesocket(copy), 0);
}

static void unsupported(void) {
    WSAPROTOCOL_INFOW info;
    DWORD own = GetCurrentProcessId();
    ROW("the reason belongs to the last failure");
    CHECK_ERROR(WSADuplicateSocketW(INVALID_SOCKET, own, &info), WSAENOTSOCK);
    WSASetLastError(0);
    CHECK(strcmp(baton_last_reason(), "") == 0);
}

int main(void) {
    start_up();
    SOCKET source = new_socket(SOCK_STREAM);
    bad_process(source);
    bad_socket(source);
    bad_address(source);
    bad_record(source);
    quality_of_service();
    unsupported();
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
