#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static void put(const struct sockaddr_storage *address, uint16_t *port, uint32_t *words) {
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;
        *port = in->sin_port;
        words[0] = in->sin_addr.s_addr;
    } else if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)address;
        *port = in->sin6_port;
        memcpy(words, &in->sin6_addr, sizeof in->sin6_addr);
    }
}

// Only this socket answers: the kernel compares the cookie.
static int name(int socket, struct inet_diag_req_v2 *request) {
    struct sockaddr_storage own, peer;
    socklen_t own_size = sizeof own, peer_size = sizeof peer, size = sizeof request->id.idiag_if;
    uint64_t cookie;
    memset(request, 0, sizeof *request);
    if (getsockname(socket, (struct sockaddr *)&own, &own_size) != 0) return -1;
    if (clinux_socket_cookie(socket, &cookie) != 0) return -1;
    if (getpeername(socket, (struct sockaddr *)&peer, &peer_size) != 0) peer.ss_family = AF_UNSPEC;
    if (getsockopt(socket, SOL_SOCKET, SO_BINDTOIFINDEX, &request->id.idiag_if, &size) != 0)
        request->id.idiag_if = 0;
    request->sdiag_family = (uint8_t)own.ss_family;
    request->sdiag_protocol = IPPROTO_UDP;
    request->idiag_states = UINT32_MAX;
    // The kernel looks datagrams' sockets up as for one that comes in: the peer is the source.
    put(&peer, &request->id.idiag_sport, request->id.idiag_src);
    put(&own, &request->id.idiag_dport, request->id.idiag_dst);
    request->id.idiag_cookie[0] = (uint32_t)cookie;
    request->id.idiag_cookie[1] = (uint32_t)(cookie >> 32);
    return 0;
}

int clinux_datagram_queue(int diagnosis, int socket, uint32_t number, uint32_t *byte_count) {
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 request;
    } question = {{sizeof question, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, number, 0}, {0}};
    union {
        struct nlmsghdr header;
        uint8_t bytes[1024];
    } answer;
    if (name(socket, &question.request) != 0) return -1;
    if (send(diagnosis, &question, sizeof question, 0) != (ssize_t)sizeof question) return -1;
    // The answer is there when the question has been sent; older ones may be as well.
    do {
        ssize_t count = recv(diagnosis, &answer, sizeof answer, MSG_DONTWAIT);
        if (count < 0) return -1;
        if ((size_t)count < sizeof answer.header) break;
    } while (answer.header.nlmsg_seq != number);
    if (answer.header.nlmsg_type == SOCK_DIAG_BY_FAMILY
        && answer.header.nlmsg_len >= NLMSG_LENGTH(sizeof(struct inet_diag_msg))) {
        const struct inet_diag_msg *message = NLMSG_DATA(&answer.header);
        *byte_count = message->idiag_rqueue;
        return 0;
    }
    errno = ENOENT;
    return -1;
}
