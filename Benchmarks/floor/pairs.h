// The measured work:
// P source processes, P target processes, and this process as the coordinator ("middleman").
// One handoff (5 only with -6, as Baton does it):
//   1 source -> coordinator  ISSUE   64 bytes + the fd (SCM_RIGHTS), names the target PID
//   2 coordinator -> source  RECORD  628 bytes
//     source -> target       the record, by a pipe
//   3 target -> coordinator  REDEEM  16 + 628 bytes
//   4 coordinator -> target  GRANT   16 bytes + the fd (SCM_RIGHTS), after the SO_PEERCRED check
//   5 target -> coordinator  CONFIRM 16 bytes, no reply: the cookie of what was received (only with confirm on)
//   6 target -> coordinator  CLOSE   16 bytes, no reply
// Each pair has one handoff outstanding; the target releases the source by one byte on a second
// pipe (a harness message, not part of the protocol). Latency = source's sendmsg call -> target
// holds the fd. With a store, messages 2 and 4 leave only after the round's transaction commits.
#pragma once
#include "common.h"
#include <sys/random.h>

enum { REC_LEN = 628, MAX_PAIRS = 128, LAT_CAP = 1 << 17, MAX_HELD = 1 << 14, MAX_EV = 512 };
enum kind { K_ISSUE = 1, K_REDEEM = 2, K_CLOSE = 3, K_CONFIRM = 4 };

struct hdr { uint32_t type, target_pid; uint64_t id; };
struct issue_msg { struct hdr h; uint8_t body[48]; };
struct record { uint32_t magic, slot; uint64_t id; uint8_t nonce[32]; uint32_t target_pid; uint8_t rest[REC_LEN - 52]; } __attribute__((packed));
_Static_assert(sizeof(struct record) == REC_LEN, "record size");
struct redeem_msg { struct hdr h; struct record r; };

// What the store sees for each event.
struct event { enum kind kind; uint64_t id; uint32_t source_pid, target_pid; const uint8_t *nonce; };
struct store {
    void (*event)(void *, const struct event *); // opens a transaction if none is open
    void (*commit)(void *);
    void *ctx;
};

struct pair_shared { uint32_t target_pid; uint32_t n; uint64_t done, t0; uint32_t total[LAT_CAP], issue[LAT_CAP]; };
struct shared { uint64_t warm, end; struct pair_shared p[MAX_PAIRS]; };

struct held { uint64_t id; uint32_t target_pid, source_pid; int fd; uint32_t next_free; uint8_t nonce[32]; };
struct conn { uint32_t pid; };
struct reply { int to, fd; uint32_t slot; enum kind kind; uint64_t id; };

struct mm {
    int ep, listen_fd, live;
    struct held held[MAX_HELD];
    uint32_t free_head;
    struct conn conn[2048];
    struct reply rep[MAX_EV * 4];
    int nrep;
    uint64_t next_id, handoffs, rounds, commits, events;
    uint8_t rnd[4096];
    unsigned rnd_at;
    struct record rec; // template
};

static inline const uint8_t *mm_nonce(struct mm *m) {
    if (m->rnd_at + 32 > sizeof m->rnd) {
        if (getrandom(m->rnd, sizeof m->rnd, 0) != (ssize_t)sizeof m->rnd) die("getrandom");
        m->rnd_at = 0;
    }
    m->rnd_at += 32;
    return m->rnd + m->rnd_at - 32;
}

static inline void mm_init(struct mm *m) {
    memset(m, 0, sizeof *m);
    for (uint32_t i = 0; i < MAX_HELD; i++) m->held[i].next_free = i + 1;
    m->next_id = 1;
    m->rnd_at = sizeof m->rnd;
    m->rec.magic = 0x48444f46;
}

// Takes one message off a connection. 1 handled, 0 nothing there, -1 connection closed.
static inline int mm_take(struct mm *m, int s, const struct store *st) {
    union { struct hdr h; struct issue_msg i; struct redeem_msg r; uint8_t raw[1024]; } b;
    int fd;
    ssize_t n = recv_fd(s, &b, sizeof b, &fd, MSG_DONTWAIT);
    if (n < 0) {
        if (errno == EAGAIN) return 0;
        if (errno == ECONNRESET) n = 0; else die("recv");
    }
    if (n == 0) return -1;
    if (n < (ssize_t)sizeof b.h) die("short message");
    struct event e = {.kind = b.h.type, .id = b.h.id};
    switch (b.h.type) {
    case K_ISSUE: {
        if (n != sizeof b.i || fd < 0) die("bad issue");
        uint32_t slot = m->free_head;
        if (slot >= MAX_HELD) die("table full");
        struct held *h = &m->held[slot];
        m->free_head = h->next_free;
        h->id = m->next_id++;
        h->fd = fd;
        h->target_pid = b.h.target_pid;
        h->source_pid = m->conn[s].pid;
        memcpy(h->nonce, mm_nonce(m), 32);
        e.id = h->id; e.source_pid = h->source_pid; e.target_pid = h->target_pid; e.nonce = h->nonce;
        m->rep[m->nrep++] = (struct reply){.to = s, .fd = -1, .slot = slot, .kind = K_ISSUE, .id = h->id};
        break;
    }
    case K_REDEEM: {
        if (n != sizeof b.r || b.r.r.slot >= MAX_HELD) die("bad redeem");
        struct held *h = &m->held[b.r.r.slot];
        if (h->id != b.r.r.id || memcmp(h->nonce, b.r.r.nonce, 32)) die("bad record");
        struct ucred cr;
        socklen_t cl = sizeof cr;
        if (getsockopt(s, SOL_SOCKET, SO_PEERCRED, &cr, &cl)) die("SO_PEERCRED");
        if ((uint32_t)cr.pid != h->target_pid) die("wrong target: %d is not %u", cr.pid, h->target_pid);
        e.id = h->id; e.source_pid = h->source_pid; e.target_pid = h->target_pid; e.nonce = h->nonce;
        m->rep[m->nrep++] = (struct reply){.to = s, .fd = h->fd, .slot = b.r.r.slot, .kind = K_REDEEM, .id = h->id};
        h->id = 0; // spent: a second redeem of this record fails from here on
        break;
    }
    case K_CONFIRM:
        e.target_pid = m->conn[s].pid;
        break;
    case K_CLOSE:
        e.target_pid = m->conn[s].pid;
        m->handoffs++;
        break;
    default: die("bad type %u", b.h.type);
    }
    m->events++;
    if (st) st->event(st->ctx, &e);
    return 1;
}

static inline void mm_flush(struct mm *m, const struct reply *rep, int nrep) {
    for (int i = 0; i < nrep; i++) {
        const struct reply *r = &rep[i];
        struct held *h = &m->held[r->slot];
        if (r->kind == K_ISSUE) {
            m->rec.slot = r->slot; m->rec.id = h->id; m->rec.target_pid = h->target_pid;
            memcpy(m->rec.nonce, h->nonce, 32);
            if (send(r->to, &m->rec, sizeof m->rec, MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof m->rec) die("send record");
        } else {
            struct hdr g = {.type = K_REDEEM, .id = r->id};
            if (send_fd(r->to, &g, sizeof g, r->fd) != sizeof g) die("send grant");
            close(r->fd);
            h->fd = -1;
            h->next_free = m->free_head;
            m->free_head = r->slot;
        }
    }
}

struct mm_opts {
    int drain;      // read each ready connection until EAGAIN (else one message per readiness)
    int regather;   // poll again without waiting before the commit, to enlarge the group
    int lazy_close; // a round of nothing but CONFIRM and CLOSE waits (<= 5 ms) for the next commit
    int confirm;    // the target confirms what it received: six messages, four events
};

static void mm_loop(struct mm *m, const struct store *st, struct mm_opts o) {
    struct epoll_event ev[MAX_EV];
    int pending = 0; // uncommitted events without replies (lazy closes)
    while (m->live > 0) {
        int n = epoll_wait(m->ep, ev, MAX_EV, pending ? 5 : -1);
        if (n < 0) { if (errno == EINTR) continue; die("epoll_wait"); }
        int took = 0, timed_out = n == 0;
        for (;;) {
            for (int i = 0; i < n; i++) {
                int s = ev[i].data.fd, k;
                do {
                    k = mm_take(m, s, st);
                    if (k > 0) took++;
                    if (k < 0) { epoll_ctl(m->ep, EPOLL_CTL_DEL, s, NULL); close(s); m->live--; }
                } while (k > 0 && o.drain && m->nrep < MAX_EV * 2);
            }
            if (!o.regather || !took || m->nrep > MAX_EV) break;
            n = epoll_wait(m->ep, ev, MAX_EV, 0);
            if (n <= 0) break;
        }
        m->rounds++;
        pending += took;
        if (st && pending && (m->nrep || timed_out || !o.lazy_close || m->live == 0)) {
            st->commit(st->ctx);
            m->commits++;
            pending = 0;
        }
        if (!st) pending = 0;
        mm_flush(m, m->rep, m->nrep);
        m->nrep = 0;
    }
    if (st && pending) st->commit(st->ctx);
}

static int unix_connect(const char *path) {
    int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    if (s < 0 || connect(s, (struct sockaddr *)&a, sizeof a)) die("connect %s", path);
    return s;
}

static void run_source(struct shared *sh, int i, const char *path, int start_r, int rec_w, int ack_r) {
    int s = unix_connect(path), pay = payload_socket();
    struct pair_shared *p = &sh->p[i];
    char c;
    if (read(start_r, &c, 1) != 0) _exit(2);
    struct issue_msg q = {.h = {.type = K_ISSUE, .target_pid = p->target_pid}};
    struct record r;
    for (;;) {
        uint64_t t0 = now_ns();
        if (t0 >= sh->end) break;
        p->t0 = t0;
        if (send_fd(s, &q, sizeof q, pay) != sizeof q) die("source send");
        if (recv(s, &r, sizeof r, 0) != sizeof r) die("source recv");
        if (t0 >= sh->warm) p->issue[p->n % LAT_CAP] = (uint32_t)(now_ns() - t0);
        if (write(rec_w, &r, sizeof r) != sizeof r) die("pipe write");
        if (read(ack_r, &c, 1) != 1) die("ack");
    }
    _exit(0);
}

static void run_target(struct shared *sh, int i, const char *path, int start_r, int rec_r, int ack_w, int confirm) {
    int s = unix_connect(path);
    struct pair_shared *p = &sh->p[i];
    char c = 'x';
    if (read(start_r, &c, 1) != 0) _exit(2);
    struct redeem_msg q = {.h = {.type = K_REDEEM}};
    struct hdr g;
    while (read(rec_r, &q.r, REC_LEN) == REC_LEN) {
        int fd;
        q.h.id = q.r.id;
        if (send(s, &q, sizeof q, MSG_NOSIGNAL) != sizeof q) die("target send");
        if (recv_fd(s, &g, sizeof g, &fd, 0) != sizeof g || fd < 0) die("target recv");
        uint64_t t1 = now_ns();
        if (p->t0 >= sh->warm) {
            p->total[p->n % LAT_CAP] = (uint32_t)(t1 - p->t0);
            p->n++;
            if (t1 < sh->end) p->done++;
        }
        if (confirm) {
            struct hdr ok = {.type = K_CONFIRM};
            socklen_t cl = sizeof ok.id;
            if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &ok.id, &cl)) die("SO_COOKIE");
            ok.id = g.id;
            if (send(s, &ok, sizeof ok, MSG_NOSIGNAL) != sizeof ok) die("target confirm");
        }
        close(fd);
        struct hdr q3 = {.type = K_CLOSE, .id = g.id};
        if (send(s, &q3, sizeof q3, MSG_NOSIGNAL) != sizeof q3) die("target close");
        if (write(ack_w, &c, 1) != 1) die("ack write");
    }
    _exit(0);
}

// Runs P pairs for `secs` (after 15 % warm-up) and prints the figures under `name`.
// Returns the coordinator's counters.
static const struct mm *run_pairs(const char *name, int P, double secs, const struct store *st, struct mm_opts o) {
    static struct mm *m;
    static struct shared *sh;
    if (!m) {
        m = mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        sh = mmap(NULL, sizeof *sh, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (m == MAP_FAILED || sh == MAP_FAILED) die("mmap");
    }
    uint64_t keep_id = m->next_id;
    mm_init(m);
    if (keep_id) m->next_id = keep_id; // ids stay unique within one database
    char path[100];
    snprintf(path, sizeof path, "/tmp/.pairs.%d.sock", getpid());
    unlink(path);
    int l = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    if (l < 0 || bind(l, (struct sockaddr *)&a, sizeof a) || listen(l, 512)) die("listen");
    int start[2];
    if (pipe2(start, O_CLOEXEC)) die("pipe");
    for (int i = 0; i < P; i++) {
        int rec[2], ack[2];
        if (pipe2(rec, O_CLOEXEC) || pipe2(ack, O_CLOEXEC)) die("pipe");
        sh->p[i].n = 0;
        sh->p[i].done = 0;
        pid_t t = fork();
        if (t == 0) { prctl(PR_SET_PDEATHSIG, SIGKILL); close(l); close(start[1]); close(rec[1]); close(ack[0]); run_target(sh, i, path, start[0], rec[0], ack[1], o.confirm); }
        if (t < 0) die("fork");
        sh->p[i].target_pid = (uint32_t)t;
        pid_t s = fork();
        if (s == 0) { prctl(PR_SET_PDEATHSIG, SIGKILL); close(l); close(start[1]); close(rec[0]); close(ack[1]); run_source(sh, i, path, start[0], rec[1], ack[0]); }
        if (s < 0) die("fork");
        close(rec[0]); close(rec[1]); close(ack[0]); close(ack[1]);
    }
    m->ep = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < 2 * P; i++) {
        int c = accept4(l, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        struct ucred cr;
        socklen_t cl = sizeof cr;
        if (c < 0 || c >= 2048 || getsockopt(c, SOL_SOCKET, SO_PEERCRED, &cr, &cl)) die("accept");
        m->conn[c].pid = (uint32_t)cr.pid;
        struct epoll_event e = {.events = EPOLLIN, .data.fd = c};
        if (epoll_ctl(m->ep, EPOLL_CTL_ADD, c, &e)) die("epoll_ctl");
        m->live++;
    }
    close(l);
    unlink(path);
    struct rusage a0, b0, a1, b1;
    getrusage(RUSAGE_SELF, &a0);
    getrusage(RUSAGE_CHILDREN, &b0);
    uint64_t t0 = now_ns();
    sh->warm = t0 + (uint64_t)(secs * 0.15e9);
    sh->end = t0 + (uint64_t)(secs * 1.15e9);
    close(start[1]);
    mm_loop(m, st, o);
    getrusage(RUSAGE_SELF, &a1);
    while (wait(NULL) > 0) {}
    getrusage(RUSAGE_CHILDREN, &b1);
    close(start[0]);
    close(m->ep);

    size_t n = 0;
    uint64_t done = 0;
    for (int i = 0; i < P; i++) { size_t k = sh->p[i].n; n += k < LAT_CAP ? k : LAT_CAP; done += sh->p[i].done; }
    uint32_t *tot = malloc((n + 1) * 4), *iss = malloc((n + 1) * 4);
    for (size_t i = 0, at = 0; i < (size_t)P; i++) {
        size_t k = sh->p[i].n < LAT_CAP ? sh->p[i].n : LAT_CAP;
        memcpy(tot + at, sh->p[i].total, k * 4);
        memcpy(iss + at, sh->p[i].issue, k * 4);
        at += k;
    }
    char b[160];
    emit("/s", (double)done / secs, "%s.%d.rate", name, P);
    snprintf(b, sizeof b, "%s.%d.handoff", name, P);
    emit_lat(b, tot, n);
    snprintf(b, sizeof b, "%s.%d.issue", name, P);
    emit_lat(b, iss, n);
    double h = (double)m->handoffs;
    emit("us", (cpu_us(&a1) - cpu_us(&a0)) / h, "%s.%d.coord_cpu", name, P);
    emit("us", (cpu_us(&b1) - cpu_us(&b0)) / h, "%s.%d.client_cpu", name, P);
    if (st) {
        emit("ev/commit", (double)m->events / (double)(m->commits ? m->commits : 1), "%s.%d.group", name, P);
        emit("/s", (double)m->commits / (secs * 1.15), "%s.%d.commits", name, P);
    }
    free(tot);
    free(iss);
    return m;
}
