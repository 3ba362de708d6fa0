// Checks that name their place and the row of Winsock's behaviour that they are about. A program
// ends with `return checked();`: 0 only if it checked something and all of it held.
#pragma once

// POSIX, which the standard of C hides.
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif

#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check_state {
    int count, failures;
    const char *row;
};

static struct check_state check_state = {0, 0, "-"};

// What the checks that follow are about.
#define ROW(name) ((void)(check_state.row = (name)))

#define CHECK(condition) check_that(!!(condition), #condition, __FILE__, __LINE__)
// Ends the program where nothing that follows would make sense.
#define REQUIRE(condition) \
    (CHECK(condition) ? (void)0 : exit(1))
// Two numbers that must be the same.
#define CHECK_EQUAL(found, expected) \
    check_equal((long long)(found), (long long)(expected), #found, __FILE__, __LINE__)
// A call that must give SOCKET_ERROR or INVALID_SOCKET, and leave this code.
#define CHECK_ERROR(call, code) \
    (WSASetLastError(0), \
     check_error((intptr_t)(call) == -1, (code), #call, __FILE__, __LINE__))
// The thread's last reason has these words.
#define CHECK_REASON(words) check_reason((words), __FILE__, __LINE__)

static inline void check_failed(const char *text, const char *file, int line) {
    check_state.failures++;
    fprintf(
        stderr, "%s:%d: row %s: %s (last error %d: %s)\n", file, line, check_state.row, text,
        WSAGetLastError(), baton_last_reason());
}

static inline int check_that(int holds, const char *text, const char *file, int line) {
    check_state.count++;
    if (!holds) check_failed(text, file, line);
    return holds;
}

static inline int check_equal(
    long long found, long long expected, const char *text, const char *file, int line) {
    char words[400];
    snprintf(words, sizeof words, "%s is %lld and not %lld", text, found, expected);
    return check_that(found == expected, words, file, line);
}

static inline int check_error(
    int failed, int expected, const char *text, const char *file, int line) {
    int code = WSAGetLastError();
    char words[400];
    snprintf(
        words, sizeof words, "%s %s, code %d; expected %d", text,
        failed ? "failed" : "did not fail", code, expected);
    return check_that(failed && code == expected, words, file, line);
}

static inline int check_reason(const char *words, const char *file, int line) {
    char text[400];
    snprintf(text, sizeof text, "the reason says “%s”", words);
    return check_that(strstr(baton_last_reason(), words) != NULL, text, file, line);
}

static inline int checked(void) {
    if (check_state.count == 0) fprintf(stderr, "nothing was checked\n");
    fflush(NULL);
    return check_state.failures == 0 && check_state.count > 0 ? 0 : 1;
}

static inline void start_up(void) {
    WSADATA data;
    REQUIRE(WSAStartup(MAKEWORD(2, 2), &data) == 0);
}
