// Children made by fork(2), with a pipe each way: processes of their own, as source and target are.
#pragma once

#include "check.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct child {
    pid_t pid;
    int to, from;
};

// Pipes carry everything or the program ends.
static inline void ship(int pipe, const void *bytes, size_t count) {
    REQUIRE(write(pipe, bytes, count) == (ssize_t)count);
}

// False at the end of the other process.
static inline int take(int pipe, void *bytes, size_t count) {
    size_t taken = 0;
    while (taken < count) {
        ssize_t part = read(pipe, (char *)bytes + taken, count - taken);
        if (part < 0 && errno == EINTR) continue;
        if (part <= 0) return 0;
        taken += (size_t)part;
    }
    return 1;
}

// Runs `body` in a child, which ends with what its checks come to.
static inline struct child start_child(void (*body)(int in, int out)) {
    int there[2], back[2];
    REQUIRE(pipe(there) == 0 && pipe(back) == 0);
    fflush(NULL);
    struct child child = {fork(), there[1], back[0]};
    REQUIRE(child.pid >= 0);
    if (child.pid == 0) {
        close(there[1]);
        close(back[0]);
        check_state.count = check_state.failures = 0;
        body(there[0], back[1]);
        _exit(checked());
    }
    close(there[0]);
    close(back[1]);
    return child;
}

// Its end: its own checks held.
static inline void check_child(struct child child) {
    int status = -1;
    close(child.to);
    CHECK_EQUAL(waitpid(child.pid, &status, 0), child.pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(child.from);
}

// What a process got when it opened a record.
struct opening {
    int isOpen, code;
    char reason[256];
};

static inline struct opening opening_of(SOCKET s) {
    struct opening result = {s != INVALID_SOCKET, 0, ""};
    if (!result.isOpen) {
        result.code = WSAGetLastError();
        snprintf(result.reason, sizeof result.reason, "%s", baton_last_reason());
    }
    return result;
}
