// The durable store of the C reference: SQLite in WAL mode (or, for comparison, a flat hash-chained
// log file). Each event appends one `events` row (400-byte body, SHA-256 chain hash), writes one
// `handoffs` row, and maintains one index. No allocation of ours on the hot path.
// The low-level calls of SHA-256 are deprecated, and the fastest: see chain.
#define OPENSSL_SUPPRESS_DEPRECATED
#pragma once
#include "pairs.h"
#include <openssl/sha.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

enum { BODY = 400 };

struct db {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *ev, *ins, *upd;
    int open;
    int64_t seq;
    uint8_t head[32], body[32 + BODY]; // body is prefixed by the previous hash
    // checkpoint thread (option): see ckpt_main
    sqlite3 *ckpt_db;
    pthread_t ckpt_th;
    pthread_mutex_t mu;
    pthread_cond_t cv;
    int bg, want, stop, frames;
    atomic_int done; // frames written back by the last background pass; -1 while it runs
    // flat log
    int fd;
    uint8_t *buf;
    size_t at;
    off_t off;
};

static void q(struct db *d, const char *sql) {
    char *err = NULL;
    if (sqlite3_exec(d->db, sql, NULL, NULL, &err) != SQLITE_OK) die("%s: %s", sql, err);
}
static sqlite3_stmt *prep(struct db *d, const char *sql) {
    sqlite3_stmt *s;
    if (sqlite3_prepare_v3(d->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL)) die("%s: %s", sql, sqlite3_errmsg(d->db));
    return s;
}
static inline void step(struct db *d, sqlite3_stmt *s) {
    if (sqlite3_step(s) != SQLITE_DONE) die("step: %s", sqlite3_errmsg(d->db));
    sqlite3_reset(s);
}

static void db_rm(const char *path) {
    char p[256];
    const char *suf[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) { snprintf(p, sizeof p, "%s%s", path, suf[i]); unlink(p); }
}

struct db_opts { int full; int checkpoint; int exclusive; int bg_checkpoint; };

// With the option, the thread writes the WAL back (PASSIVE) while commits go on; when what is left is
// small, the committing thread writes that back itself, and the next commit restarts the WAL.
enum { CKPT_START = 1000, CKPT_FINISH = 200 };

static void *ckpt_main(void *c) {
    struct db *d = c;
    pthread_mutex_lock(&d->mu);
    for (;;) {
        while (!d->want && !d->stop) pthread_cond_wait(&d->cv, &d->mu);
        if (d->stop) break;
        d->want = 0;
        pthread_mutex_unlock(&d->mu);
        int log = 0, ck = 0;
        sqlite3_wal_checkpoint_v2(d->ckpt_db, NULL, SQLITE_CHECKPOINT_PASSIVE, &log, &ck);
        atomic_store(&d->done, ck);
        pthread_mutex_lock(&d->mu);
    }
    pthread_mutex_unlock(&d->mu);
    return NULL;
}

static int on_wal(void *c, sqlite3 *db, const char *name, int frames) {
    (void)db; (void)name;
    ((struct db *)c)->frames = frames;
    return SQLITE_OK;
}

static void ckpt_after_commit(struct db *d) {
    int done = atomic_load(&d->done);
    if (done < 0) return;
    if (d->frames < done) { atomic_store(&d->done, 0); done = 0; } // the WAL restarted
    int left = d->frames - done;
    if (done > 0 && left <= CKPT_FINISH) {
        sqlite3_wal_checkpoint_v2(d->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        atomic_store(&d->done, 0);
    } else if (left > CKPT_START || done > 0) {
        atomic_store(&d->done, -1);
        pthread_mutex_lock(&d->mu);
        d->want = 1;
        pthread_cond_signal(&d->cv);
        pthread_mutex_unlock(&d->mu);
    }
}

static void db_open(struct db *d, const char *path, struct db_opts o) {
    memset(d, 0, sizeof *d);
    db_rm(path);
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (sqlite3_open_v2(path, &d->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL)) die("open %s", path);
    if (o.exclusive) q(d, "PRAGMA locking_mode=EXCLUSIVE");
    q(d, "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY");
    q(d, o.full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
    char b[64];
    snprintf(b, sizeof b, "PRAGMA wal_autocheckpoint=%d", o.checkpoint ? o.checkpoint : 1000);
    q(d, b);
    q(d, "CREATE TABLE events(seq INTEGER PRIMARY KEY, handoff INTEGER NOT NULL, kind INTEGER NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL);"
         "CREATE INDEX events_handoff ON events(handoff);"
         "CREATE TABLE handoffs(id INTEGER PRIMARY KEY, source INTEGER NOT NULL, target INTEGER NOT NULL, state INTEGER NOT NULL, nonce BLOB NOT NULL, issued INTEGER NOT NULL, changed INTEGER NOT NULL)");
    d->begin = prep(d, "BEGIN IMMEDIATE");
    d->commit = prep(d, "COMMIT");
    d->ev = prep(d, "INSERT INTO events(seq,handoff,kind,at,body,hash) VALUES(?1,?2,?3,?4,?5,?6)");
    d->ins = prep(d, "INSERT INTO handoffs(id,source,target,state,nonce,issued,changed) VALUES(?1,?2,?3,1,?4,?5,?5)");
    d->upd = prep(d, "UPDATE handoffs SET state=?2, changed=?3 WHERE id=?1");
    if (o.bg_checkpoint) {
        d->bg = 1;
        if (sqlite3_open_v2(path, &d->ckpt_db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL)) die("open %s", path);
        sqlite3_exec(d->ckpt_db, o.full ? "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0" : "PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0", 0, 0, 0);
        sqlite3_wal_hook(d->db, on_wal, d);
        pthread_mutex_init(&d->mu, NULL);
        pthread_cond_init(&d->cv, NULL);
        if (pthread_create(&d->ckpt_th, NULL, ckpt_main, d)) die("pthread_create");
    }
    for (int i = 0; i < BODY; i++) d->body[32 + i] = (uint8_t)(i * 7);
}

static void db_close(struct db *d) {
    if (d->bg) {
        pthread_mutex_lock(&d->mu);
        d->stop = 1;
        pthread_cond_signal(&d->cv);
        pthread_mutex_unlock(&d->mu);
        pthread_join(d->ckpt_th, NULL);
        sqlite3_close(d->ckpt_db);
    }
    sqlite3_finalize(d->begin); sqlite3_finalize(d->commit); sqlite3_finalize(d->ev);
    sqlite3_finalize(d->ins); sqlite3_finalize(d->upd);
    if (sqlite3_close(d->db)) die("close");
}

// The chain: hash = SHA-256(previous hash || body). The body carries the event's fields.
static inline int64_t chain(struct db *d, const struct event *e) {
    int64_t at = (int64_t)now_ns();
    memcpy(d->body + 32, &d->seq, 8);
    memcpy(d->body + 40, e, sizeof *e);
    memcpy(d->body + 80, &at, 8);
    memcpy(d->body, d->head, 32);
    // The low-level calls: OpenSSL 3's one-shot SHA256() takes locks and allocates.
    SHA256_CTX c;
    SHA256_Init(&c);
    SHA256_Update(&c, d->body, sizeof d->body);
    SHA256_Final(d->head, &c);
    d->seq++;
    return at;
}

static void sql_event(void *c, const struct event *e) {
    struct db *d = c;
    if (!d->open) { step(d, d->begin); d->open = 1; }
    int64_t at = chain(d, e);
    sqlite3_bind_int64(d->ev, 1, d->seq);
    sqlite3_bind_int64(d->ev, 2, (int64_t)e->id);
    sqlite3_bind_int(d->ev, 3, e->kind);
    sqlite3_bind_int64(d->ev, 4, at);
    sqlite3_bind_blob(d->ev, 5, d->body + 32, BODY, SQLITE_STATIC);
    sqlite3_bind_blob(d->ev, 6, d->head, 32, SQLITE_STATIC);
    step(d, d->ev);
    if (e->kind == K_ISSUE) {
        sqlite3_bind_int64(d->ins, 1, (int64_t)e->id);
        sqlite3_bind_int64(d->ins, 2, e->source_pid);
        sqlite3_bind_int64(d->ins, 3, e->target_pid);
        sqlite3_bind_blob(d->ins, 4, e->nonce, 32, SQLITE_STATIC);
        sqlite3_bind_int64(d->ins, 5, at);
        step(d, d->ins);
    } else {
        sqlite3_bind_int64(d->upd, 1, (int64_t)e->id);
        sqlite3_bind_int(d->upd, 2, e->kind);
        sqlite3_bind_int64(d->upd, 3, at);
        step(d, d->upd);
    }
}
static void sql_commit(void *c) {
    struct db *d = c;
    if (!d->open) return;
    step(d, d->commit);
    d->open = 0;
    if (d->bg) ckpt_after_commit(d);
}

// After a run: every event is there, the chain recomputes, every handoff ended closed.
static void db_verify(struct db *d, uint64_t events, uint64_t closed) {
    uint8_t head[32] = {0};
    uint64_t n = 0;
    sqlite3_stmt *s = prep(d, "SELECT body, hash FROM events ORDER BY seq");
    while (sqlite3_step(s) == SQLITE_ROW) {
        SHA256_CTX c;
        SHA256_Init(&c);
        SHA256_Update(&c, head, 32);
        SHA256_Update(&c, sqlite3_column_blob(s, 0), BODY);
        SHA256_Final(head, &c);
        if (memcmp(head, sqlite3_column_blob(s, 1), 32)) die("chain broken after %llu", (unsigned long long)n);
        n++;
    }
    sqlite3_finalize(s);
    if (n != events) die("%llu events stored, %llu handled", (unsigned long long)n, (unsigned long long)events);
    s = prep(d, "SELECT count(*) FROM handoffs WHERE state = 3");
    sqlite3_step(s);
    if ((uint64_t)sqlite3_column_int64(s, 0) != closed) die("handoffs not closed");
    sqlite3_finalize(s);
}

// Flat log: 432 bytes per event (32-byte hash + 400-byte body), one write + one fdatasync per group,
// into a file preallocated and zero-filled so that fdatasync needs no metadata.
enum { LOG_BYTES = 64 << 20 };
static void log_open(struct db *d, const char *path) {
    memset(d, 0, sizeof *d);
    unlink(path);
    d->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    d->buf = calloc(1, 4 << 20);
    if (d->fd < 0 || !d->buf) die("log open");
    for (off_t o = 0; o < LOG_BYTES; o += 4 << 20)
        if (pwrite(d->fd, d->buf, 4 << 20, o) != 4 << 20) die("prealloc");
    if (fsync(d->fd)) die("fsync");
}
static void log_event(void *c, const struct event *e) {
    struct db *d = c;
    chain(d, e);
    memcpy(d->buf + d->at, d->head, 32);
    memcpy(d->buf + d->at + 32, d->body + 32, BODY);
    d->at += 32 + BODY;
}
static void log_commit(void *c) {
    struct db *d = c;
    if (!d->at) return;
    if (d->off + (off_t)d->at > LOG_BYTES) d->off = 0; // only a measure: wrap
    if (pwrite(d->fd, d->buf, d->at, d->off) != (ssize_t)d->at || fdatasync(d->fd)) die("log write");
    d->off += (off_t)d->at;
    d->at = 0;
}
