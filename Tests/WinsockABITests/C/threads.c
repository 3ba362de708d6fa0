// Eight threads duplicate and open for a while, and nothing stays behind: descriptors of this
// process and of the coordinator are as many as before. `threads SECONDS`; without an argument 1.
#include "sockets.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define THREADS 8

static atomic_int isOver;
static atomic_long handoffs;

// Descriptors of a process.
static int descriptor_count(const char *pid) {
    char path[64];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%s/fd", pid);
    DIR *directory = opendir(path);
    REQUIRE(directory != NULL);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    closedir(directory);
    return count;
}

static void *hand_over(void *argument) {
    (void)argument;
    WSAPROTOCOL_INFOW info;
    while (!isOver) {
        SOCKET source = new_socket(SOCK_STREAM);
        CHECK_EQUAL(WSADuplicateSocketW(source, GetCurrentProcessId(), &info), 0);
        SOCKET copy = open_record(&info);
        CHECK(copy != INVALID_SOCKET);
        CHECK_ERROR(open_record(&info), WSAEINVAL);
        CHECK_EQUAL(closesocket(source), 0);
        CHECK_EQUAL(closesocket(copy), 0);
        handoffs++;
    }
    return NULL;
}

// Closing runs behind: waits until the count is what it was.
static void check_settles(const char *pid, int before) {
    int now = descriptor_count(pid);
    for (int tries = 0; now > before && tries < 500; tries++) {
        Sleep(10);
        now = descriptor_count(pid);
    }
    CHECK_EQUAL(now, before);
}

int main(int count, char **arguments) {
    pthread_t threads[THREADS];
    const char *coordinator = getenv("BATON_COORDINATOR");
    int seconds = count > 1 ? atoi(arguments[1]) : 1;
    REQUIRE(coordinator != NULL && seconds > 0);
    ROW("eight threads leak nothing");
    start_up();
    SOCKET source = new_socket(SOCK_STREAM);
    CHECK_EQUAL(closesocket(duplicate_here(source)), 0);
    CHECK_EQUAL(closesocket(source), 0);
    // The last close is recorded with the next request.
    WSAPROTOCOL_INFOW info;
    CHECK_ERROR(WSADuplicateSocketW(INVALID_SOCKET, 1, &info), WSAENOTSOCK);
    Sleep(100);
    int ours = descriptor_count("self"), theirs = descriptor_count(coordinator);

    for (int index = 0; index < THREADS; index++) {
        REQUIRE(pthread_create(&threads[index], NULL, hand_over, NULL) == 0);
    }
    Sleep((DWORD)seconds * 1000);
    isOver = 1;
    for (int index = 0; index < THREADS; index++) REQUIRE(pthread_join(threads[index], NULL) == 0);
    check_settles("self", ours);
    check_settles(coordinator, theirs);
    CHECK(handoffs > THREADS);
    printf("%ld handoffs in %d s\n", (long)handoffs, seconds);
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
