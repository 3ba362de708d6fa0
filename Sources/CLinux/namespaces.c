// Numbers of processes from one PID namespace to another.

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "CLinux.h"

// linux/nsfs.h, Linux 6.11: older headers have no name for it.
#define CLINUX_PID_FROM_PIDNS _IOR(0xb7, 0x6, int)

int clinux_translate_process(int namespace, int number) {
    return ioctl(namespace, CLINUX_PID_FROM_PIDNS, number);
}

int clinux_ring_descriptor(void) {
    // struct io_uring_params has 120 bytes; all zero asks for the defaults.
    char parameters[120] = {0};
    return (int)syscall(SYS_io_uring_setup, 1, parameters);
}
