#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>

_Static_assert(CLINUX_DESTROYED_INTERNET_FIRST == SKNLGRP_INET_TCP_DESTROY, "sock_diag(7)");
_Static_assert(CLINUX_DESTROYED_INTERNET_LAST == SKNLGRP_INET6_UDP_DESTROY, "sock_diag(7)");

// Older headers lack it; it is the kernel's ABI and never changes.
enum { option_namespace_cookie = 71 };

int clinux_diagnosis_socket(void) {
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
}

int clinux_diagnosis_bind(int socket) {
    struct sockaddr_nl name = {.nl_family = AF_NETLINK};
    return bind(socket, (const struct sockaddr *)&name, sizeof name);
}

int clinux_diagnosis_group(int socket, int group, int joins) {
    int option = joins ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP;
    return setsockopt(socket, SOL_NETLINK, option, &group, sizeof group);
}

ssize_t clinux_diagnosis_send(int socket, const void *bytes, size_t byte_count) {
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    return sendto(
        socket, bytes, byte_count, MSG_NOSIGNAL, (const struct sockaddr *)&kernel, sizeof kernel);
}

ssize_t clinux_diagnosis_receive(
    int socket, void *bytes, size_t capacity, int waits, int *is_truncated, int *is_kernel) {
    struct sockaddr_nl sender;
    memset(&sender, 0, sizeof sender);
    struct iovec vector = {.iov_base = bytes, .iov_len = capacity};
    struct msghdr message = {
        .msg_name = &sender,
        .msg_namelen = sizeof sender,
        .msg_iov = &vector,
        .msg_iovlen = 1,
    };
    ssize_t byte_count = recvmsg(socket, &message, waits ? 0 : MSG_DONTWAIT);
    if (byte_count == -1) return -1;
    *is_truncated = (message.msg_flags & MSG_TRUNC) != 0;
    *is_kernel = message.msg_namelen == sizeof sender && sender.nl_pid == 0;
    return byte_count;
}

int clinux_namespace_cookie(int socket, uint64_t *cookie) {
    socklen_t length = sizeof *cookie;
    return getsockopt(socket, SOL_SOCKET, option_namespace_cookie, cookie, &length);
}
