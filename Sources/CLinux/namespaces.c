// Numbers of processes from one PID namespace to another.

#include <sys/ioctl.h>
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
