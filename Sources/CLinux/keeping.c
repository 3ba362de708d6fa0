#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Where glibc keeps the id of the calling thread. fork(3) writes the child's there, and what takes
// locks that count by owner reads it, so a clone of our own must do the same.
static pid_t *thread_id_address(void) {
    pid_t *address = NULL;
    if (prctl(PR_GET_TID_ADDRESS, &address, 0, 0, 0) == -1) return NULL;
    if (address == NULL || *address != (pid_t)syscall(SYS_gettid)) {
        errno = ENOTSUP;
        return NULL;
    }
    return address;
}

pid_t clinux_clone_sharing_descriptors(void) {
    pid_t *thread_id = thread_id_address();
    if (thread_id == NULL) return -1;
    // The kernel drops the list in the child; glibc registers it again after a fork of its own.
    void *robust_list = NULL;
    size_t robust_byte_count = 0;
    if (syscall(SYS_get_robust_list, 0, &robust_list, &robust_byte_count) == -1) return -1;
    // Like fork(2) in all but the table of descriptors: the child gets a copy of the memory.
    unsigned long flags = CLONE_FILES | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;
#if defined(__s390x__)
    pid_t pid = (pid_t)syscall(SYS_clone, NULL, flags, NULL, thread_id, NULL);
#elif defined(__x86_64__)
    pid_t pid = (pid_t)syscall(SYS_clone, flags, NULL, NULL, thread_id, NULL);
#else
    pid_t pid = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, thread_id);
#endif
    if (pid == 0 && robust_list != NULL) {
        syscall(SYS_set_robust_list, robust_list, robust_byte_count);
    }
    return pid;
}

enum { pidfs_handle_type = 0xfe };

int clinux_pidfd_reopen(int any_pidfd, uint64_t inode) {
    union {
        struct file_handle handle;
        char bytes[sizeof(struct file_handle) + sizeof inode];
    } buffer;
    memset(&buffer, 0, sizeof buffer);
    buffer.handle.handle_bytes = sizeof inode;
    buffer.handle.handle_type = pidfs_handle_type;
    memcpy(buffer.handle.f_handle, &inode, sizeof inode);
    return open_by_handle_at(any_pidfd, &buffer.handle, O_RDONLY | O_CLOEXEC);
}

pid_t clinux_reap_if_ended(pid_t pid, int *status) { return waitpid(pid, status, WNOHANG); }

int clinux_kill(pid_t pid, int signal) { return kill(pid, signal); }

int clinux_name_process(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

int clinux_end_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); }

int clinux_set_users(uid_t real, uid_t effective, uid_t saved) {
    return setresuid(real, effective, saved);
}

int clinux_set_groups(gid_t real, gid_t effective) {
    if (setgroups(0, NULL) == -1) return -1;
    return setresgid(real, effective, effective);
}

static int change_signals(int how, const int *signals, size_t count, sigset_t *set) {
    sigemptyset(set);
    for (size_t index = 0; index < count; index++) {
        if (sigaddset(set, signals[index]) == -1) return -1;
    }
    int error = pthread_sigmask(how, set, NULL);
    if (error == 0) return 0;
    errno = error;
    return -1;
}

int clinux_block_signals(const int *signals, size_t count) {
    sigset_t set;
    return change_signals(SIG_BLOCK, signals, count, &set);
}

int clinux_unblock_signals(const int *signals, size_t count) {
    sigset_t set;
    return change_signals(SIG_UNBLOCK, signals, count, &set);
}

int clinux_await_signal(const int *signals, size_t count, int64_t microseconds) {
    sigset_t set;
    if (change_signals(SIG_BLOCK, signals, count, &set) == -1) return -1;
    if (microseconds < 0) return sigwaitinfo(&set, NULL);
    struct timespec limit = {microseconds / 1000000, microseconds % 1000000 * 1000};
    return sigtimedwait(&set, NULL, &limit);
}

int clinux_close_range(unsigned first, unsigned last) {
    return (int)syscall(SYS_close_range, first, last, 0);
}

struct clinux_table_copy {
    pthread_t thread;
    sem_t copied;
    sem_t done;
    pid_t id;
    int error;
};

static void *hold_copy(void *context) {
    struct clinux_table_copy *copy = context;
    copy->id = (pid_t)syscall(SYS_gettid);
    copy->error = unshare(CLONE_FILES) == -1 ? errno : 0;
    sem_post(&copy->copied);
    while (sem_wait(&copy->done) == -1) continue;
    return NULL;
}

struct clinux_table_copy *clinux_copy_table(void) {
    struct clinux_table_copy *copy = calloc(1, sizeof *copy);
    if (copy == NULL) return NULL;
    sem_init(&copy->copied, 0, 0);
    sem_init(&copy->done, 0, 0);
    int error = clinux_start_thread(&copy->thread, hold_copy, copy) == -1 ? errno : 0;
    if (error == 0) {
        while (sem_wait(&copy->copied) == -1) continue;
        if (copy->error == 0) return copy;
        error = copy->error;
        clinux_end_table_copy(copy);
    } else {
        free(copy);
    }
    errno = error;
    return NULL;
}

int clinux_end_table_copy(struct clinux_table_copy *copy) {
    sem_post(&copy->done);
    // It is told of before the thread's descriptors are closed, and so waits for none of them.
    pthread_join(copy->thread, NULL);
    int id = copy->id;
    free(copy);
    return id;
}

int clinux_has_thread(int id) { return syscall(SYS_tgkill, getpid(), id, 0) == 0; }

int clinux_lingers(int socket) {
    struct linger linger;
    socklen_t byte_count = sizeof linger;
    if (getsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, &byte_count) == -1) return -1;
    return linger.l_onoff != 0 && linger.l_linger != 0;
}

// The table of what outlives a coordinator. Its memory is shared with processes that can die
// between any two instructions: an entry is valid once its kind is there.
struct entry {
    uint64_t label;
    uint64_t epoch;
    uint32_t kind;
    uint32_t unused;
};

struct clinux_keeping {
    // Entries beyond have never been used.
    uint32_t end;
    uint32_t capacity;
    int32_t facts[CLINUX_KEEPING_FACTS];
    struct entry entries[];
};

struct clinux_keeping *clinux_keeping_make(uint32_t capacity) {
    size_t byte_count = sizeof(struct clinux_keeping) + capacity * sizeof(struct entry);
    int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
    struct clinux_keeping *keeping =
        mmap(NULL, byte_count, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (keeping == MAP_FAILED) return NULL;
    keeping->capacity = capacity;
    return keeping;
}

int clinux_keeping_set(
    struct clinux_keeping *keeping, int number, uint32_t kind, uint64_t label, uint64_t epoch) {
    if (number < 0 || (uint32_t)number >= keeping->capacity) {
        errno = ERANGE;
        return -1;
    }
    struct entry *entry = &keeping->entries[number];
    entry->label = label;
    entry->epoch = epoch;
    if ((uint32_t)number >= keeping->end) {
        __atomic_store_n(&keeping->end, (uint32_t)number + 1, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&entry->kind, kind, __ATOMIC_RELEASE);
    return 0;
}

void clinux_keeping_clear(struct clinux_keeping *keeping, int number) {
    if (number < 0 || (uint32_t)number >= keeping->capacity) return;
    __atomic_store_n(&keeping->entries[number].kind, 0, __ATOMIC_RELEASE);
}

uint32_t clinux_keeping_get(
    const struct clinux_keeping *keeping, int number, uint64_t *label, uint64_t *epoch) {
    if (number < 0 || (uint32_t)number >= keeping->capacity) return 0;
    const struct entry *entry = &keeping->entries[number];
    uint32_t kind = __atomic_load_n(&entry->kind, __ATOMIC_ACQUIRE);
    *label = entry->label;
    *epoch = entry->epoch;
    return kind;
}

uint32_t clinux_keeping_end(const struct clinux_keeping *keeping) {
    return __atomic_load_n(&keeping->end, __ATOMIC_ACQUIRE);
}

int32_t clinux_keeping_fact(const struct clinux_keeping *keeping, int fact) {
    return __atomic_load_n(&keeping->facts[fact], __ATOMIC_ACQUIRE);
}

void clinux_keeping_set_fact(struct clinux_keeping *keeping, int fact, int32_t value) {
    __atomic_store_n(&keeping->facts[fact], value, __ATOMIC_RELEASE);
}
