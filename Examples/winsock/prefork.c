// A pre-forked server: the parent accepts, its workers serve. Each accepted socket is duplicated
// for one worker, and the record goes to it through a pipe.
//
//     cc -o prefork prefork.c $(baton cflags) $(baton libs)
//     ./prefork 8080 4           serve the port of the loopback with four workers
//     ./prefork --selftest       be one's own clients; exit status 0 if all of them were served
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <winsock2.h>
#include <ws2tcpip.h>

enum { most_workers = 64, selftest_workers = 3, selftest_clients = 12 };

struct worker {
    pid_t process;
    int records; // the end of the pipe that the parent writes
};

static void fail(const char *what) {
    fprintf(stderr, "prefork: %s: %d %s\n", what, WSAGetLastError(), baton_last_reason());
    exit(1);
}

static void start_up(void) {
    WSADATA data;
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0) fail("WSAStartup");
}

// Answers each line of one client, until it closes.
static void serve(SOCKET s) {
    char line[256], answer[320];
    int count;
    while ((count = recv(s, line, sizeof(line), 0)) > 0) {
        int length = snprintf(
            answer, sizeof(answer), "%u: %.*s", GetCurrentProcessId(), count, line);
        if (send(s, answer, length, 0) != length) break;
    }
    closesocket(s);
}

// A worker's life: a record, a client; the end of the pipe is the end of the work. A record is
// shorter than PIPE_BUF, so it comes whole or not at all.
static int work(int records) {
    WSAPROTOCOL_INFO info;
    ssize_t count;
    start_up();
    while ((count = read(records, &info, sizeof(info))) == (ssize_t)sizeof(info)) {
        SOCKET s = WSASocket(
            FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0,
            WSA_FLAG_OVERLAPPED);
        if (s == INVALID_SOCKET) {
            fprintf(stderr, "worker %u: %s\n", GetCurrentProcessId(), baton_last_reason());
            continue;
        }
        serve(s);
    }
    WSACleanup();
    return count == 0 ? 0 : 1;
}

// The workers are made before anything of Winsock is: each starts up for itself.
static void fork_workers(struct worker *workers, int count) {
    for (int index = 0; index < count; index++) {
        int ends[2];
        if (pipe(ends) != 0) fail("pipe");
        workers[index].process = fork();
        if (workers[index].process < 0) fail("fork");
        if (workers[index].process == 0) {
            // A worker that held the writing ends of others would keep them from ending.
            for (int other = 0; other < index; other++) close(workers[other].records);
            close(ends[1]);
            exit(work(ends[0]));
        }
        close(ends[0]);
        workers[index].records = ends[1];
    }
}

static SOCKET listen_on(u_short port, u_short *taken) {
    SOCKADDR_IN address;
    int length = sizeof(address);
    BOOL on = TRUE;
    SOCKET listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (listener == INVALID_SOCKET) fail("socket");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, (const char *)&on, sizeof(on));
    ZeroMemory(&address, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (SOCKADDR *)&address, sizeof(address)) != 0) fail("bind");
    if (listen(listener, SOMAXCONN) != 0) fail("listen");
    if (getsockname(listener, (SOCKADDR *)&address, &length) != 0) fail("getsockname");
    *taken = ntohs(address.sin_port);
    return listener;
}

// Hands a connection to the first worker from `next` on that can take it, and closes it here. The
// coordinator holds it until the worker comes for it.
static int hand_out(SOCKET s, struct worker *workers, int count, int next) {
    int taker = -1;
    for (int tried = 0; tried < count && taker < 0; tried++) {
        struct worker *worker = &workers[(next + tried) % count];
        WSAPROTOCOL_INFO info;
        if (WSADuplicateSocket(s, (DWORD)worker->process, &info) != 0) {
            fprintf(stderr, "prefork: worker %d: %s\n", (int)worker->process, baton_last_reason());
        } else if (write(worker->records, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
            taker = (next + tried) % count;
        }
    }
    closesocket(s);
    return taker;
}

// Accepts so many connections, or for ever when `most` is 0; how many could be handed out.
static int accept_clients(SOCKET listener, struct worker *workers, int count, int most) {
    int served = 0, next = 0;
    for (int number = 0; most == 0 || number < most; number++) {
        SOCKET s = accept(listener, NULL, NULL);
        if (s == INVALID_SOCKET) fail("accept");
        int taker = hand_out(s, workers, count, next);
        if (taker < 0) continue;
        served++;
        next = taker + 1;
    }
    return served;
}

struct clients {
    u_short port;
    struct worker *workers;
    int answered[selftest_workers]; // by each worker
};

// Connects, says a line, and finds out which worker answered.
static void be_client(struct clients *clients, int number) {
    SOCKADDR_IN address;
    char line[64], answer[128] = "", expected[128];
    int done = 0, count;
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    ZeroMemory(&address, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_port = htons(clients->port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(s, (SOCKADDR *)&address, sizeof(address)) != 0) fail("connect");
    int length = snprintf(line, sizeof(line), "client %d\n", number);
    if (send(s, line, length, 0) != length) fail("send");
    while (strchr(answer, '\n') == NULL) {
        count = recv(s, answer + done, (int)sizeof(answer) - 1 - done, 0);
        if (count <= 0) fail("a client got no answer");
        done += count;
        answer[done] = 0;
    }
    closesocket(s);
    for (int index = 0; index < selftest_workers; index++) {
        snprintf(expected, sizeof(expected), "%d: %s", (int)clients->workers[index].process, line);
        if (strcmp(answer, expected) == 0) clients->answered[index]++;
    }
    printf("%s", answer);
}

static void *be_clients(void *context) {
    for (int number = 0; number < selftest_clients; number++) be_client(context, number);
    return NULL;
}

static int selftest(void) {
    static struct worker workers[selftest_workers];
    struct clients clients = {0, workers, {0}};
    pthread_t thread;
    int status, failures = 0;

    fork_workers(workers, selftest_workers);
    start_up();
    SOCKET listener = listen_on(0, &clients.port);
    if (pthread_create(&thread, NULL, be_clients, &clients) != 0) fail("pthread_create");
    int served = accept_clients(listener, workers, selftest_workers, selftest_clients);
    if (pthread_join(thread, NULL) != 0) fail("pthread_join");
    closesocket(listener);

    // The pipes end, and with them the workers.
    for (int index = 0; index < selftest_workers; index++) {
        close(workers[index].records);
        if (waitpid(workers[index].process, &status, 0) < 0 || status != 0) failures++;
        if (clients.answered[index] != selftest_clients / selftest_workers) failures++;
    }
    WSACleanup();
    printf("%d of %d clients served by %d workers\n", served, selftest_clients, selftest_workers);
    return failures == 0 && served == selftest_clients ? 0 : 1;
}

int main(int count, char **arguments) {
    static struct worker workers[most_workers];
    u_short port;
    setvbuf(stdout, NULL, _IOLBF, 0);
    // A worker that died is seen by the failing write.
    signal(SIGPIPE, SIG_IGN);
    if (count == 2 && strcmp(arguments[1], "--selftest") == 0) return selftest();

    int worker_count = count == 3 ? atoi(arguments[2]) : 0;
    if (worker_count < 1 || worker_count > most_workers) {
        fprintf(stderr, "usage: prefork PORT WORKERS | prefork --selftest\n");
        return 2;
    }
    fork_workers(workers, worker_count);
    start_up();
    SOCKET listener = listen_on((u_short)atoi(arguments[1]), &port);
    printf("serving port %d with %d workers\n", port, worker_count);
    accept_clients(listener, workers, worker_count, 0);
    return 0;
}
