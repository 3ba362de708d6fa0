// The two processes of a pair in `baton bench --client c`: what bench-source and bench-target of
// the command line do in Swift. Descriptors 3 and 4 are pipes: records one way, releases the other.
#include <winsock2.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct schedule {
    uint64_t count_from, end;
};

// Without the padding at its end it is what goes through the pipe.
struct message {
    uint64_t start;
    WSAPROTOCOL_INFOW info;
};
#define MESSAGE_SIZE (sizeof(uint64_t) + sizeof(WSAPROTOCOL_INFOW))

static void fail(const char *what) {
    fprintf(stderr, "ws2_32-bench: %s: %d %s\n", what, WSAGetLastError(), baton_last_reason());
    exit(3);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

// False at the end of the file.
static int read_all(int descriptor, void *bytes, size_t count) {
    for (size_t done = 0; done < count;) {
        ssize_t got = read(descriptor, (char *)bytes + done, count - done);
        if (got <= 0) return 0;
        done += (size_t)got;
    }
    return 1;
}

static void write_all(int descriptor, const void *bytes, size_t count) {
    for (size_t done = 0; done < count;) {
        ssize_t put = write(descriptor, (const char *)bytes + done, count - done);
        if (put <= 0) fail("write");
        done += (size_t)put;
    }
}

static struct schedule await_start(void) {
    struct schedule schedule;
    write_all(1, "\1", 1);
    if (!read_all(0, &schedule, sizeof schedule)) fail("started by baton bench only");
    return schedule;
}

static int source(DWORD target) {
    // As the process in Swift: a TCP socket, not connected.
    SOCKET payload = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (payload == INVALID_SOCKET) fail("socket");
    struct schedule schedule = await_start();
    for (;;) {
        struct message message;
        message.start = now();
        if (message.start >= schedule.end) return 0;
        if (WSADuplicateSocketW(payload, target, &message.info) != 0) fail("WSADuplicateSocket");
        write_all(3, &message, MESSAGE_SIZE);
        char release;
        if (!read_all(4, &release, 1)) return 0;
    }
}

static int target(void) {
    struct schedule schedule = await_start();
    uint64_t totals[2] = {0, 0}, *latencies = NULL;
    size_t count = 0, capacity = 0;
    struct message message;
    while (read_all(3, &message, MESSAGE_SIZE)) {
        SOCKET socket = WSASocketW(
            FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &message.info, 0,
            WSA_FLAG_OVERLAPPED);
        if (socket == INVALID_SOCKET) fail("WSASocket");
        uint64_t held = now();
        if (closesocket(socket) != 0) fail("closesocket");
        totals[0]++;
        if (message.start >= schedule.count_from) {
            if (count == capacity) {
                capacity = capacity == 0 ? 4096 : 2 * capacity;
                latencies = realloc(latencies, capacity * sizeof *latencies);
                if (latencies == NULL) fail("memory");
            }
            latencies[count++] = held - message.start;
            if (held < schedule.end) totals[1]++;
        }
        write_all(4, "\1", 1);
    }
    write_all(1, totals, sizeof totals);
    write_all(1, latencies, count * sizeof *latencies);
    return 0;
}

int main(int count, char **arguments) {
    WSADATA data;
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0) fail("WSAStartup");
    if (count == 4 && strcmp(arguments[1], "bench-source") == 0) {
        return source((DWORD)strtoul(arguments[3], NULL, 10));
    }
    if (count == 2 && strcmp(arguments[1], "bench-target") == 0) return target();
    fputs("ws2_32-bench is started by baton bench --client c\n", stderr);
    return 2;
}
