#define _GNU_SOURCE
#include "CLinux.h"

#include <netdb.h>
#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

int clinux_accept_from(
    int socket, int non_blocking, int close_on_exec, void *address, uint32_t *byte_count) {
    socklen_t size = *byte_count;
    int flags = (non_blocking ? SOCK_NONBLOCK : 0) | (close_on_exec ? SOCK_CLOEXEC : 0);
    int accepted = accept4(socket, address, &size, flags);
    if (accepted >= 0) *byte_count = size < *byte_count ? size : *byte_count;
    return accepted;
}

_Static_assert(CLINUX_EDGE_TRIGGERED == EPOLLET, "epoll_ctl(2)");
_Static_assert(sizeof(struct clinux_poll_request) == sizeof(struct pollfd), "the same layout");

int clinux_poll(struct clinux_poll_request *requests, size_t count, int64_t nanoseconds) {
    struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    return ppoll((struct pollfd *)requests, count, nanoseconds < 0 ? NULL : &time, NULL);
}

int clinux_internet_address(const char *text, uint32_t *address) {
    struct in_addr parsed;
    if (!inet_aton(text, &parsed)) return -1;
    *address = parsed.s_addr;
    return 0;
}

int clinux_find_service(
    const char *name, int port, const char *protocol, struct clinux_entry *entry, char *buffer,
    size_t capacity) {
    struct servent room, *found = NULL;
    int error = name ? getservbyname_r(name, protocol, &room, buffer, capacity, &found)
                     : getservbyport_r(port, protocol, &room, buffer, capacity, &found);
    if (error || !found) return 0;
    *entry = (struct clinux_entry){
        found->s_name, found->s_aliases, found->s_port, found->s_proto};
    return 1;
}

int clinux_find_protocol(
    const char *name, int number, struct clinux_entry *entry, char *buffer, size_t capacity) {
    struct protoent room, *found = NULL;
    int error = name ? getprotobyname_r(name, &room, buffer, capacity, &found)
                     : getprotobynumber_r(number, &room, buffer, capacity, &found);
    if (error || !found) return 0;
    *entry = (struct clinux_entry){found->p_name, found->p_aliases, found->p_proto, NULL};
    return 1;
}

static _Thread_local _Alignas(16) char results[4][4096];

size_t clinux_result_capacity(void) { return sizeof results[0]; }

void *clinux_result(int kind) { return results[kind]; }

int clinux_tcp_state(int socket) {
    struct tcp_info info;
    socklen_t size = sizeof info;
    return getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_state : -1;
}

int clinux_tcp_flow(int socket, struct clinux_tcp_flow *flow) {
    // The kernel's struct of linux/tcp.h, which begins as that of glibc and goes on. Older kernels
    // give less of it.
    struct {
        uint8_t first[104];
        uint64_t pacing_rate, max_pacing_rate, acknowledged, received;
    } info;
    struct tcp_info common;
    socklen_t size = sizeof info;
    memset(&info, 0, sizeof info);
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return -1;
    memcpy(&common, &info, sizeof info.first);
    *flow = (struct clinux_tcp_flow){
        common.tcpi_state, common.tcpi_unacked, info.received, info.acknowledged};
    return 0;
}

int clinux_receive_memory(int socket, uint32_t *byte_count) {
    // SK_MEMINFO_RMEM_ALLOC is the first of nine: linux/sock_diag.h.
    uint32_t values[9] = {0};
    socklen_t size = sizeof values;
    if (getsockopt(socket, SOL_SOCKET, SO_MEMINFO, values, &size) != 0) return -1;
    *byte_count = values[0];
    return 0;
}

ssize_t clinux_peek(int socket) {
    char byte;
    return recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
}
