/* Loaded before libc into a coordinator under test: makes the calls of its step fail, or ends it at
   one of them, as the test says in a file that both have mapped.

   Every point is a call that the step makes anyway, so that the program under test is the one that
   users run. See ld.so(8), LD_PRELOAD. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum point { NOWHERE, AFTER_DRAIN, BEFORE_COMMIT, IN_COMMIT, AFTER_COMMIT, BETWEEN_REPLIES };
enum call { NO_CALL, SYNC, WRITE };

/* The layout is FaultControl's in Swift. */
struct control {
    _Atomic int32_t point;
    _Atomic int32_t passes; /* how often the point is passed before the end */
    _Atomic int32_t killed; /* how many were ended */
    _Atomic int32_t call;   /* which call fails */
    _Atomic int32_t error;  /* with what */
    _Atomic int32_t times;  /* and how often */
    _Atomic int32_t failed; /* how many calls have failed */
    _Atomic int32_t padding;
    _Atomic int64_t clock;  /* microseconds by which the wall clock is off */
};

static struct control nothing;
static struct control *control = &nothing;
static _Thread_local int has_received;
static _Thread_local int has_written;

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("BATON_FAULTS");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED) control = mapped;
    close(file);
}

#define NEXT(name) \
    static __typeof__(&name) next; \
    if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static void pass(enum point point)
{
    if (control->point != (int32_t)point) return;
    if (control->passes-- > 1) return;
    control->point = NOWHERE;
    control->killed++;
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* Whether this call is to fail. */
static int fails(enum call call)
{
    if (control->call != (int32_t)call) return 0;
    if (control->times-- <= 1) control->call = NO_CALL;
    control->failed++;
    errno = control->error;
    return 1;
}

ssize_t recvmsg(int socket, struct msghdr *message, int flags)
{
    NEXT(recvmsg);
    ssize_t count = next(socket, message, flags);
    if (count > 0) has_received = 1;
    return count;
}

/* Nothing more has come: the round is drained. */
int epoll_wait(int poller, struct epoll_event *events, int capacity, int timeout)
{
    NEXT(epoll_wait);
    int count = next(poller, events, capacity, timeout);
    if (count == 0 && timeout == 0 && has_received) {
        has_received = 0;
        pass(AFTER_DRAIN);
    }
    return count;
}

/* The first write after a synchronization begins a commit. */
static int prepare_write(void)
{
    if (!has_written) pass(BEFORE_COMMIT);
    has_written = 1;
    return fails(WRITE);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset)
{
    NEXT(pwrite);
    return prepare_write() ? -1 : next(file, bytes, count, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset)
{
    NEXT(pwrite64);
    return prepare_write() ? -1 : next(file, bytes, count, offset);
}

static int prepare_sync(void)
{
    pass(IN_COMMIT);
    has_written = 0;
    return fails(SYNC);
}

int fdatasync(int file)
{
    NEXT(fdatasync);
    if (prepare_sync()) return -1;
    int result = next(file);
    pass(AFTER_COMMIT);
    return result;
}

int fsync(int file)
{
    NEXT(fsync);
    if (prepare_sync()) return -1;
    int result = next(file);
    pass(AFTER_COMMIT);
    return result;
}

ssize_t sendmsg(int socket, const struct msghdr *message, int flags)
{
    NEXT(sendmsg);
    pass(BETWEEN_REPLIES);
    return next(socket, message, flags);
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    NEXT(clock_gettime);
    int result = next(clock, time);
    if (result == 0 && clock == CLOCK_REALTIME) {
        int64_t offset = control->clock;
        int64_t nanoseconds = time->tv_nsec + offset % 1000000 * 1000;
        time->tv_sec += offset / 1000000 + (nanoseconds < 0 ? -1 : nanoseconds / 1000000000);
        time->tv_nsec = (nanoseconds + 1000000000) % 1000000000;
    }
    return result;
}
