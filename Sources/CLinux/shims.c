#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

// Numbers that the headers of older systems lack. They are the kernel's ABI and never change.
enum {
    option_pass_pidfd = 76,
    option_peer_pidfd = 77,
    option_pass_rights = 83,
    option_cookie = 57,
    option_maximum_pacing_rate = 47,
    control_pidfd = 4,
    descriptors_maximum = 253,
    request_socket_namespace = 0x894C,
    pidfs_magic = 0x50494446,
};

#define REQUEST_PIDFD_GET_INFO _IOWR(0xFF, 11, struct clinux_process_info)

_Static_assert(sizeof(struct clinux_process_info) == 64, "struct pidfd_info, first version");
_Static_assert(CLINUX_READABLE == EPOLLIN && CLINUX_WRITABLE == EPOLLOUT, "epoll_ctl(2)");
_Static_assert(CLINUX_ERROR == EPOLLERR && CLINUX_HANG_UP == EPOLLHUP, "epoll_ctl(2)");
_Static_assert(CLINUX_PEER_HANG_UP == EPOLLRDHUP && CLINUX_URGENT == EPOLLPRI, "epoll_ctl(2)");

const char *clinux_error_name(int error) { return strerrorname_np(error); }

const char *clinux_error_text(int error, char *buffer, size_t capacity) {
    return strerror_r(error, buffer, capacity);
}

// Processes

int clinux_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

// PIDFD_THREAD, which has the value of O_EXCL: older headers have no name for it.
int clinux_pidfd_open_thread(pid_t tid) { return (int)syscall(SYS_pidfd_open, tid, O_EXCL); }

int clinux_pidfd_getfd(int pidfd, int number) {
    return (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
}

int clinux_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int clinux_pidfd_get_info(int pidfd, uint64_t mask, struct clinux_process_info *info) {
    memset(info, 0, sizeof *info);
    info->mask = mask;
    return ioctl(pidfd, REQUEST_PIDFD_GET_INFO, info);
}

int clinux_pidfd_wait_probe(int descriptor) {
    siginfo_t information;
    memset(&information, 0, sizeof information);
    return waitid(P_PIDFD, (id_t)descriptor, &information, WEXITED | WNOHANG | WNOWAIT | __WALL);
}

int clinux_is_pidfs(int descriptor) {
    struct statfs information;
    if (fstatfs(descriptor, &information) == -1) return -1;
    return information.f_type == pidfs_magic;
}

static int end_with_code(void *code) { _exit(*(int *)code); }

pid_t clinux_spawn_ending_child(int code) {
    // Like vfork(2), but without SIGCHLD, so that a host program neither notices nor reaps it.
    // Signals stay blocked because a handler in the child would run in the parent's memory.
    _Alignas(16) char stack[16384];
    sigset_t all, before;
    sigfillset(&all);
    int failure = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (failure != 0) {
        errno = failure;
        return -1;
    }
    pid_t pid = clone(end_with_code, stack + sizeof stack, CLONE_VM | CLONE_VFORK, &code);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

pid_t clinux_reap(pid_t pid, int *status) { return waitpid(pid, status, __WALL); }

pid_t clinux_fork(void) { return fork(); }

int clinux_exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }

int clinux_ending_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : -1; }

int clinux_file_identity(
    int directory, const char *path, int follow, uint64_t *device, uint64_t *inode) {
    struct statx information;
    int flags = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT | (follow ? 0 : AT_SYMLINK_NOFOLLOW);
    if (statx(directory, path, flags, STATX_INO, &information) == -1) return -1;
    *device = makedev(information.stx_dev_major, information.stx_dev_minor);
    *inode = information.stx_ino;
    return 0;
}

int clinux_executable_mark(pid_t pid, struct clinux_file_mark *mark) {
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    struct statx information;
    int flags = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;
    if (statx(AT_FDCWD, path, flags, STATX_INO | STATX_CTIME, &information) == -1) return -1;
    *mark = (struct clinux_file_mark){
        .device = makedev(information.stx_dev_major, information.stx_dev_minor),
        .inode = information.stx_ino,
        .changed_seconds = information.stx_ctime.tv_sec,
        .changed_nanoseconds = information.stx_ctime.tv_nsec,
    };
    return 0;
}

// Messages

size_t clinux_control_capacity(void) {
    return CMSG_SPACE(sizeof(int) * descriptors_maximum) + CMSG_SPACE(sizeof(struct ucred)) +
           CMSG_SPACE(sizeof(int));
}

size_t clinux_descriptor_capacity(void) { return clinux_control_capacity() / sizeof(int); }

static void read_control(
    struct msghdr *message, int *descriptors, struct clinux_received *received) {
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;
         part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_len < CMSG_LEN(0)) continue;
        size_t byte_count = part->cmsg_len - CMSG_LEN(0);
        if (part->cmsg_type == SCM_RIGHTS) {
            size_t count = byte_count / sizeof(int);
            memcpy(descriptors + received->descriptor_count, CMSG_DATA(part), count * sizeof(int));
            received->descriptor_count += (int32_t)count;
        } else if (part->cmsg_type == control_pidfd && byte_count >= sizeof(int)) {
            int32_t number;
            memcpy(&number, CMSG_DATA(part), sizeof number);
            if (number >= 0) received->process_descriptor = number;
        } else if (part->cmsg_type == SCM_CREDENTIALS && byte_count >= sizeof(struct ucred)) {
            struct ucred credentials;
            memcpy(&credentials, CMSG_DATA(part), sizeof credentials);
            received->has_credentials = 1;
            received->pid = credentials.pid;
            received->uid = credentials.uid;
            received->gid = credentials.gid;
        }
    }
}

static ssize_t receive(
    int socket, void *bytes, size_t byte_capacity, void *control, size_t control_capacity,
    int *descriptors, int flags, struct clinux_received *received) {
    struct iovec vector = {.iov_base = bytes, .iov_len = byte_capacity};
    struct msghdr message = {
        .msg_iov = &vector,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = control_capacity,
    };
    memset(received, 0, sizeof *received);
    received->process_descriptor = -1;
    ssize_t byte_count = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    if (byte_count == -1) return -1;
    received->is_truncated = (message.msg_flags & MSG_TRUNC) != 0;
    received->is_control_truncated = (message.msg_flags & MSG_CTRUNC) != 0;
    received->control_byte_count = (int32_t)message.msg_controllen;
    read_control(&message, descriptors, received);
    return byte_count;
}

ssize_t clinux_receive(
    int socket, void *bytes, size_t byte_capacity, void *control, int *descriptors, int flags,
    struct clinux_received *received) {
    return receive(
        socket, bytes, byte_capacity, control, clinux_control_capacity(), descriptors, flags,
        received);
}

ssize_t clinux_receive_expected(
    int socket, void *bytes, size_t byte_capacity, void *control, int *descriptors, int flags,
    struct clinux_received *received) {
    // The kernel counts what fits without the padding at the end.
    size_t capacity =
        CMSG_SPACE(sizeof(struct ucred)) + CMSG_LEN(sizeof(int) * CLINUX_DESCRIPTORS_EXPECTED);
    return receive(
        socket, bytes, byte_capacity, control, capacity, descriptors, flags, received);
}

ssize_t clinux_drop_message(int socket) { return recv(socket, NULL, 0, MSG_DONTWAIT); }

ssize_t clinux_send(
    int socket, const void *bytes, size_t byte_count, const int *descriptors,
    size_t descriptor_count, int flags) {
    struct iovec vector = {.iov_base = (void *)bytes, .iov_len = byte_count};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * descriptors_maximum)];
    if (descriptor_count > descriptors_maximum) {
        errno = EINVAL;
        return -1;
    }
    if (descriptor_count > 0) {
        size_t size = sizeof(int) * descriptor_count;
        // The padding after the last descriptor is sent too: it must not carry stack bytes.
        memset(control, 0, CMSG_SPACE(size));
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(size);
        struct cmsghdr *part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(part), descriptors, size);
    }
    return sendmsg(socket, &message, flags | MSG_NOSIGNAL);
}

// Sockets

int clinux_socket(int family, int type, int protocol) {
    return socket(family, type | SOCK_CLOEXEC, protocol);
}

int clinux_socket_pair(int family, int type, int descriptors[2]) {
    return socketpair(family, type | SOCK_CLOEXEC, 0, descriptors);
}

int clinux_accept(int socket, int non_blocking) {
    return accept4(socket, NULL, NULL, SOCK_CLOEXEC | (non_blocking ? SOCK_NONBLOCK : 0));
}

static int unix_address(
    const char *name, size_t count, struct sockaddr_un *address, socklen_t *length) {
    int is_abstract = count > 0 && name[0] == 0;
    if (count == 0) {
        errno = EINVAL;
        return -1;
    }
    if (!is_abstract && memchr(name, 0, count) != NULL) {
        errno = EINVAL;
        return -1;
    }
    if (count > sizeof address->sun_path - (is_abstract ? 0 : 1)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, name, count);
    *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + count + (is_abstract ? 0 : 1));
    return 0;
}

int clinux_bind_unix(int socket, const char *name, size_t count) {
    struct sockaddr_un address;
    socklen_t length;
    if (unix_address(name, count, &address, &length) == -1) return -1;
    return bind(socket, (struct sockaddr *)&address, length);
}

int clinux_connect_unix(int socket, const char *name, size_t count) {
    struct sockaddr_un address;
    socklen_t length;
    if (unix_address(name, count, &address, &length) == -1) return -1;
    return connect(socket, (struct sockaddr *)&address, length);
}

int clinux_peer_credentials(int socket, int32_t *pid, uint32_t *uid, uint32_t *gid) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == -1) return -1;
    *pid = credentials.pid;
    *uid = credentials.uid;
    *gid = credentials.gid;
    return 0;
}

int clinux_peer_pidfd(int socket) {
    int number = -1;
    socklen_t length = sizeof number;
    if (getsockopt(socket, SOL_SOCKET, option_peer_pidfd, &number, &length) == -1) return -1;
    return number;
}

int clinux_set_pass_rights(int socket, int value) {
    return setsockopt(socket, SOL_SOCKET, option_pass_rights, &value, sizeof value);
}

int clinux_set_pass_pidfd(int socket, int value) {
    return setsockopt(socket, SOL_SOCKET, option_pass_pidfd, &value, sizeof value);
}

void clinux_pass_only_credentials(int socket) {
    int value = 0;
    (void)setsockopt(socket, SOL_SOCKET, option_pass_pidfd, &value, sizeof value);
    (void)setsockopt(socket, SOL_SOCKET, SO_PASSSEC, &value, sizeof value);
}

int clinux_socket_cookie(int socket, uint64_t *cookie) {
    socklen_t length = sizeof *cookie;
    return getsockopt(socket, SOL_SOCKET, option_cookie, cookie, &length);
}

int clinux_set_mark(int file, int mark) { return fcntl(file, F_SETSIG, mark); }

int clinux_mark(int file) { return fcntl(file, F_GETSIG); }

int clinux_socket_namespace(int socket) { return ioctl(socket, request_socket_namespace); }

int clinux_maximum_pacing_rate(int socket, uint64_t *rate) {
    // Kernels before 4.20 know 32 bits only and say so by the length.
    socklen_t length = sizeof *rate;
    *rate = 0;
    if (getsockopt(socket, SOL_SOCKET, option_maximum_pacing_rate, rate, &length) == -1) return -1;
    if (length == sizeof(uint32_t)) {
        uint32_t narrow;
        memcpy(&narrow, rate, sizeof narrow);
        *rate = narrow == UINT32_MAX ? UINT64_MAX : narrow;
    }
    return 0;
}

int clinux_start_thread(pthread_t *thread, void *(*body)(void *), void *context) {
    sigset_t all, before;
    sigfillset(&all);
    int failure = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (failure == 0) {
        failure = pthread_create(thread, NULL, body, context);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    if (failure == 0) return 0;
    errno = failure;
    return -1;
}

// Files and the rest

int clinux_pipe(int descriptors[2]) { return pipe2(descriptors, O_CLOEXEC); }

int clinux_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

int clinux_set_close_on_exec(int descriptor) { return fcntl(descriptor, F_SETFD, FD_CLOEXEC); }

int clinux_random(void *bytes, size_t count) {
    ssize_t result = getrandom(bytes, count, 0);
    if (result == -1) return -1;
    if ((size_t)result != count) {
        errno = EINTR;
        return -1;
    }
    return 0;
}

char **clinux_environment(void) { return environ; }
