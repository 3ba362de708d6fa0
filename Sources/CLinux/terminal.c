// Terminals: ioctl_tty(2), termios(3), and the signals that must find them as they were.
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>

int clinux_terminal_size(int descriptor, int *columns, int *rows) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) == -1) return -1;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}

enum { ENDING_COUNT = 4 };
static const int ending[ENDING_COUNT] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
static struct sigaction earlier[ENDING_COUNT];
static struct termios saved;
static volatile sig_atomic_t edited = -1;

// The handler is reset before it runs, and the signal is blocked while it does: the second one
// ends the process as the first would have.
static void put_back(int signal) {
    int error = errno;
    if (edited >= 0) tcsetattr(edited, TCSANOW, &saved);
    raise(signal);
    errno = error;
}

static void restore_handlers(void) {
    for (int index = 0; index < ENDING_COUNT; index++) {
        sigaction(ending[index], &earlier[index], NULL);
    }
}

int clinux_begin_editing(int descriptor) {
    if (edited >= 0) {
        errno = EBUSY;
        return -1;
    }
    if (tcgetattr(descriptor, &saved) == -1) return -1;
    struct sigaction action = {.sa_handler = put_back, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    edited = descriptor;
    for (int index = 0; index < ENDING_COUNT; index++) {
        sigaction(ending[index], NULL, &earlier[index]);
        // What is ignored does not end us.
        if (earlier[index].sa_handler == SIG_DFL) sigaction(ending[index], &action, NULL);
    }
    struct termios changed = saved;
    changed.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    changed.c_iflag &= ~(tcflag_t)(IXON | ISTRIP);
    changed.c_cc[VMIN] = 1;
    changed.c_cc[VTIME] = 0;
    if (tcsetattr(descriptor, TCSADRAIN, &changed) == 0) return 0;
    int error = errno;
    edited = -1;
    restore_handlers();
    errno = error;
    return -1;
}

int clinux_end_editing(void) {
    int result = tcsetattr(edited, TCSADRAIN, &saved);
    int error = errno;
    edited = -1;
    restore_handlers();
    errno = error;
    return result;
}

int clinux_suspend(void) {
    sigset_t stop, before;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    if (kill(0, SIGTSTP) == -1) return -1;
    errno = pthread_sigmask(SIG_UNBLOCK, &stop, &before);
    if (errno == 0) errno = pthread_sigmask(SIG_SETMASK, &before, NULL);
    return errno == 0 ? 0 : -1;
}
