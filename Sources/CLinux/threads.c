#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

// A sandbox may forbid the calls. Then the bytes are moved as any program would move them, and a
// bad address ends the program as it would end any.
static int moved(ssize_t count, void *to, const void *from, size_t byte_count) {
    if (count == (ssize_t)byte_count) return 0;
    if (count == -1 && (errno == ENOSYS || errno == EPERM)) {
        memmove(to, from, byte_count);
        return 0;
    }
    errno = EFAULT;
    return -1;
}

int clinux_copy_in(void *to, const void *from, size_t byte_count) {
    struct iovec local = {to, byte_count}, remote = {(void *)from, byte_count};
    return moved(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), to, from, byte_count);
}

int clinux_copy_out(void *to, const void *from, size_t byte_count) {
    struct iovec local = {(void *)from, byte_count}, remote = {to, byte_count};
    return moved(process_vm_writev(getpid(), &local, 1, &remote, 1, 0), to, from, byte_count);
}

static _Thread_local struct clinux_thread own;
static _Thread_local char reason[512];

struct clinux_thread *clinux_this_thread(void) { return &own; }

void clinux_set_reason(const char *text, size_t byte_count) {
    size_t kept = byte_count < sizeof reason ? byte_count : sizeof reason - 1;
    memcpy(reason, text, kept);
    reason[kept] = 0;
}

const char *clinux_reason(void) { return reason; }

int clinux_at_fork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void)) {
    int error = pthread_atfork(before, in_parent, in_child);
    if (error == 0) return 0;
    errno = error;
    return -1;
}
