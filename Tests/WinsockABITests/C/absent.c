// WSAENETDOWN: no coordinator, and one that stops. What needs none goes on.
#include "processes.h"
#include "sockets.h"

static void never_there(int in, int out) {
    WSAPROTOCOL_INFOW info;
    int length = sizeof info;
    (void)in;
    (void)out;
    REQUIRE(setenv("BATON_SOCKET", "/nonexistent/coordinator.sock", 1) == 0);
    start_up();
    ROW("WSAENETDOWN, never there");
    SOCKET s = new_socket(SOCK_STREAM);
    CHECK_ERROR(WSADuplicateSocketW(s, GetCurrentProcessId(), &info), WSAENETDOWN);
    CHECK_REASON("no coordinator answers at /nonexistent/coordinator.sock");
    CHECK_EQUAL(getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&info, &length), 0);
    info.dwProviderReserved = info.dwServiceFlags3 = 1;
    CHECK_ERROR(open_record(&info), WSAENETDOWN);
    CHECK_REASON("no coordinator answers");
    ROW("without a coordinator");
    struct pair pair = connection();
    check_flow(pair.near, pair.far, "as ever");
    CHECK_EQUAL(closesocket(pair.near), 0);
    CHECK_EQUAL(closesocket(pair.far), 0);
    CHECK_EQUAL(WSACleanup(), 0);
}

// Tells it to stop, and waits until it has: nobody but its parent can reap it.
static void stop(const char *process) {
    char path[64], state = 'R';
    snprintf(path, sizeof path, "/proc/%s/stat", process);
    REQUIRE(kill((pid_t)atol(process), SIGTERM) == 0);
    while (state != 'Z') {
        FILE *file = fopen(path, "r");
        if (file == NULL) break;
        CHECK_EQUAL(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
        fclose(file);
        usleep(1000);
    }
}

static void stopped(void) {
    WSAPROTOCOL_INFOW info;
    const char *number = getenv("BATON_COORDINATOR");
    REQUIRE(number != NULL);
    ROW("WSAENETDOWN, stopped");
    struct pair pair = connection();
    SOCKET copy = duplicate_here(pair.near);
    CHECK_EQUAL(WSADuplicateSocketW(pair.near, GetCurrentProcessId(), &info), 0);
    stop(number);
    CHECK_ERROR(open_record(&info), WSAENETDOWN);
    CHECK(strlen(baton_last_reason()) > 0);
    CHECK_ERROR(WSADuplicateSocketW(pair.near, GetCurrentProcessId(), &info), WSAENETDOWN);
    ROW("what was opened stays open");
    check_flow(copy, pair.far, "copy");
    CHECK_EQUAL(closesocket(copy), 0);
    check_flow(pair.near, pair.far, "source");
    CHECK_EQUAL(closesocket(pair.near), 0);
    CHECK_EQUAL(closesocket(pair.far), 0);
}

int main(void) {
    check_child(start_child(never_there));
    start_up();
    stopped();
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
