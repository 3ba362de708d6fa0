// WSAEINVAL for tickets that ended before they were used. Those of the library last as long as
// their target; the command line makes others, with BATON naming it.
#include "sockets.h"

static int run(const char *command, void *bytes, size_t count) {
    FILE *output = popen(command, "r");
    REQUIRE(output != NULL);
    size_t taken = bytes == NULL ? 0 : fread(bytes, 1, count, output);
    if (bytes == NULL) while (fgetc(output) != EOF) continue;
    return pclose(output) == 0 && (bytes == NULL || taken == count);
}

static void expired(SOCKET source) {
    WSAPROTOCOL_INFOW info;
    char command[200];
    ROW("WSAEINVAL, expired");
    snprintf(
        command, sizeof command, "\"$BATON\" duplicate --fd %d --pid %u --ttl 1", (int)source,
        GetCurrentProcessId());
    REQUIRE(run(command, &info, sizeof info));
    Sleep(1100);
    CHECK_ERROR(open_record(&info), WSAEINVAL);
    CHECK_REASON("expired");
    ROW("a record of the command line");
    snprintf(
        command, sizeof command, "\"$BATON\" duplicate --fd %d --pid %u --ttl 60", (int)source,
        GetCurrentProcessId());
    REQUIRE(run(command, &info, sizeof info));
    SOCKET copy = open_record(&info);
    CHECK(copy != INVALID_SOCKET);
    CHECK_EQUAL(closesocket(copy), 0);
}

static void revoked(SOCKET source) {
    WSAPROTOCOL_INFOW info;
    char command[200];
    ROW("WSAEINVAL, revoked");
    CHECK_EQUAL(WSADuplicateSocketW(source, GetCurrentProcessId(), &info), 0);
    snprintf(command, sizeof command, "\"$BATON\" revoke %u", info.dwProviderReserved);
    REQUIRE(run(command, NULL, 0));
    CHECK_ERROR(open_record(&info), WSAEINVAL);
    CHECK_REASON("revoked");
}

int main(void) {
    start_up();
    SOCKET source = new_socket(SOCK_STREAM);
    expired(source);
    revoked(source);
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
