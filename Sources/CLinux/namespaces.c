// Numbers of processes from one PID namespace to another.

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "CLinux.h"

// linux/nsfs.h, Linux 6.11: older headers have no name for it.
#define CLINUX_PID_FROM_PIDNS _IOR(0xb7, 0x6, int)

// linux/pidfd.h, Linux 6.11
#define CLINUX_PIDFD_PID_NAMESPACE _IO(0xff, 5)

int clinux_pidfd_pid_namespace(int pidfd) {
    return ioctl(pidfd, CLINUX_PIDFD_PID_NAMESPACE, 0);
}

int clinux_translate_process(int namespace, int number) {
    return ioctl(namespace, CLINUX_PID_FROM_PIDNS, number);
}

int clinux_ring_descriptor(void) {
    // struct io_uring_params has 120 bytes; all zero asks for the defaults.
    char parameters[120] = {0};
    return (int)syscall(SYS_io_uring_setup, 1, parameters);
}

int clinux_unanswered_page(void **page) {
    int descriptor = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
    if (descriptor == -1) return -1;
    struct uffdio_api api = {.api = UFFD_API};
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct uffdio_register range = {
        .range = {.start = (uintptr_t)memory, .len = size},
        .mode = UFFDIO_REGISTER_MODE_MISSING,
    };
    if (memory == MAP_FAILED || ioctl(descriptor, UFFDIO_API, &api) == -1 ||
        ioctl(descriptor, UFFDIO_REGISTER, &range) == -1) {
        int error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    *page = memory;
    return descriptor;
}
