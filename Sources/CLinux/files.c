#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

// Numbers that the headers of older systems lack. They are the kernel's ABI and never change.
enum {
    call_openat2 = 437,
    resolve_no_magic_links = 0x02,
    resolve_no_symbolic_links = 0x04,
    compare_descriptors = 2,
};

// struct open_how, its first version
struct open_how_first {
    uint64_t flags, mode, resolve;
};

// Of an open file, which is closed, and is no link.
static int take_identity(int file, uint64_t *device, uint64_t *inode) {
    struct statx information;
    int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;
    int outcome = statx(file, "", flags, STATX_INO | STATX_TYPE, &information);
    int error = errno;
    close(file);
    errno = error;
    if (outcome == -1) return -1;
    if (S_ISLNK(information.stx_mode)) {
        errno = ELOOP;
        return -1;
    }
    *device = makedev(information.stx_dev_major, information.stx_dev_minor);
    *inode = information.stx_ino;
    return 0;
}

int clinux_linkless_file_identity(const char *path, uint64_t *device, uint64_t *inode) {
    struct open_how_first how = {
        .flags = O_PATH | O_CLOEXEC,
        .resolve = resolve_no_symbolic_links | resolve_no_magic_links,
    };
    int file = (int)syscall(call_openat2, AT_FDCWD, path, &how, sizeof how);
    if (file != -1) return take_identity(file, device, inode);
    // Linux before 5.6, or a filter of system calls that does not know it: those of some containers
    // say EPERM of what they do not know, which O_PATH has no other reason for.
    if (errno != ENOSYS && errno != EPERM) return -1;
    return clinux_walked_file_identity(path, device, inode);
}

int clinux_walked_file_identity(const char *path, uint64_t *device, uint64_t *inode) {
    if (path[0] != '/') {
        errno = EINVAL;
        return -1;
    }
    if (strlen(path) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int place = open("/", O_PATH | O_CLOEXEC | O_DIRECTORY);
    while (place != -1) {
        path += strspn(path, "/");
        size_t size = strcspn(path, "/");
        if (size == 0) return take_identity(place, device, inode);
        char part[NAME_MAX + 1];
        int next = -1, error = ENAMETOOLONG;
        if (size < sizeof part) {
            memcpy(part, path, size);
            part[size] = 0;
            // A link that is not followed is no directory, and is told at the end.
            int kind = path[size] == '/' ? O_DIRECTORY : 0;
            next = openat(place, part, O_PATH | O_CLOEXEC | O_NOFOLLOW | kind);
            error = errno;
        }
        close(place);
        errno = error;
        place = next;
        path += size;
    }
    return -1;
}

int clinux_shares_descriptors(pid_t one, pid_t other) {
    long order = syscall(SYS_kcmp, one, other, compare_descriptors, 0UL, 0UL);
    return order == -1 ? -1 : order == 0;
}
