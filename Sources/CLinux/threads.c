#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
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

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t queue_key;
static int queue_key_error;
static void (*at_queue_end)(uint64_t name);

static void end_queue(void *name) { at_queue_end((uint64_t)(uintptr_t)name); }

static void make_queue_key(void) { queue_key_error = pthread_key_create(&queue_key, end_queue); }

int clinux_set_message_queue(uint64_t name, void (*at_end)(uint64_t name)) {
    pthread_once(&once, make_queue_key);
    int error = queue_key_error;
    if (error == 0) {
        __atomic_store_n(&at_queue_end, at_end, __ATOMIC_RELEASE);
        error = pthread_setspecific(queue_key, (void *)(uintptr_t)name);
    }
    if (error != 0) {
        errno = error;
        return -1;
    }
    own.message_queue = name;
    return 0;
}

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

static _Atomic(_Atomic uint32_t *) page;
// Where there is no such page: then it never changes.
static _Atomic uint32_t constant;
// The last that was given, in this process or before the fork.
static _Atomic uint32_t last;

static _Atomic uint32_t *wiped_page(void) {
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *made = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED) return &constant;
    if (madvise(made, size, MADV_WIPEONFORK) == 0) return made;
    munmap(made, size);
    return &constant;
}

uint32_t clinux_generation(void) {
    _Atomic uint32_t *mark = atomic_load(&page);
    if (mark == NULL) {
        _Atomic uint32_t *made = wiped_page();
        // A page of a thread that comes second stays mapped: there is one at most for each thread.
        if (atomic_compare_exchange_strong(&page, &mark, made)) mark = made;
    }
    uint32_t generation = atomic_load(mark);
    if (generation != 0) return generation;
    uint32_t next = atomic_fetch_add(&last, 1) + 1;
    return atomic_compare_exchange_strong(mark, &generation, next) ? next : generation;
}

int64_t clinux_thread_wait_count(void) {
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nvcsw : -1;
}
