-- The log. A row's evidence is its body; every other column can be derived from it.
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    time_us INTEGER NOT NULL,
    mono_us INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    reason TEXT,
    handoff INTEGER,
    actor INTEGER,
    target INTEGER,
    socket INTEGER,
    body BLOB NOT NULL
) STRICT;

-- These stop accidents, not attackers: whoever may write the file can drop them.
CREATE TRIGGER event_no_update BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'append-only: events are never changed'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'append-only: events are never deleted'); END;

-- One row: which log this is.
CREATE TABLE log (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL CHECK (length(id) = 16),
    origin TEXT NOT NULL
) STRICT;

-- The state at a seq, so that a start need not fold the whole past.
CREATE TABLE snapshot (
    seq INTEGER PRIMARY KEY,
    format INTEGER NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    state BLOB NOT NULL
) STRICT;

-- Names of the numbers in event.kind and event.outcome.
CREATE TABLE kind (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE outcome (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- Projections: the present state, rebuilt from the events when dropped.
CREATE TABLE process (
    number INTEGER PRIMARY KEY,
    boot TEXT NOT NULL,
    instance TEXT NOT NULL,
    pid INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    euid INTEGER NOT NULL,
    exe TEXT,
    cgroup TEXT,
    seen_us INTEGER NOT NULL,
    exited_us INTEGER,
    status INTEGER
) STRICT;
CREATE INDEX process_pid ON process (pid);

CREATE TABLE socket (
    number INTEGER PRIMARY KEY,
    boot TEXT NOT NULL,
    cookie TEXT NOT NULL,
    inode TEXT NOT NULL,
    family INTEGER NOT NULL,
    type INTEGER NOT NULL,
    protocol INTEGER NOT NULL,
    local TEXT,
    remote TEXT,
    qos TEXT,
    seen_us INTEGER NOT NULL,
    released_us INTEGER
) STRICT;

CREATE TABLE handoff (
    number INTEGER PRIMARY KEY,
    state TEXT NOT NULL,
    source INTEGER NOT NULL,
    target INTEGER NOT NULL,
    socket INTEGER NOT NULL,
    form TEXT NOT NULL,
    source_flags INTEGER NOT NULL,
    target_flags INTEGER,
    issued_us INTEGER NOT NULL,
    expires_mono_us INTEGER,
    changed_us INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    program TEXT,
    reason TEXT,
    -- When it was delivered, revoked, expired or voided; null while it is open.
    ended_us INTEGER,
    -- When the target closed the descriptor.
    closed_us INTEGER,
    last_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX handoff_open ON handoff (number) WHERE ended_us IS NULL;

CREATE TABLE descriptor (
    process INTEGER NOT NULL,
    socket INTEGER NOT NULL,
    handoff INTEGER NOT NULL,
    opened_us INTEGER NOT NULL,
    PRIMARY KEY (process, socket, handoff)
) STRICT, WITHOUT ROWID;

-- For people who open the file with sqlite3 -readonly or Datasette.
CREATE VIEW v_events AS
SELECT e.seq,
    strftime('%Y-%m-%dT%H:%M:%S', e.time_us / 1000000, 'unixepoch')
        || printf('.%06dZ', e.time_us % 1000000) AS time,
    k.name AS event, o.name AS outcome, e.reason, e.handoff,
    a.pid AS pid, a.exe AS exe, t.pid AS target_pid, t.exe AS target_exe, e.socket,
    CAST(e.body AS TEXT) AS body
FROM event e
JOIN kind k ON k.number = e.kind
JOIN outcome o ON o.number = e.outcome
LEFT JOIN process a ON a.number = e.actor
LEFT JOIN process t ON t.number = e.target;

CREATE VIEW v_handoffs AS
SELECT h.number AS handoff, h.state, s.pid AS pid, s.exe AS exe,
    t.pid AS target_pid, t.exe AS target_exe,
    h.socket, k.local, k.remote,
    strftime('%Y-%m-%dT%H:%M:%S', h.issued_us / 1000000, 'unixepoch')
        || printf('.%06dZ', h.issued_us % 1000000) AS issued,
    strftime('%Y-%m-%dT%H:%M:%S', h.changed_us / 1000000, 'unixepoch')
        || printf('.%06dZ', h.changed_us % 1000000) AS changed,
    strftime('%Y-%m-%dT%H:%M:%S', h.ended_us / 1000000, 'unixepoch')
        || printf('.%06dZ', h.ended_us % 1000000) AS ended,
    strftime('%Y-%m-%dT%H:%M:%S', h.closed_us / 1000000, 'unixepoch')
        || printf('.%06dZ', h.closed_us % 1000000) AS closed,
    h.attempts, h.program, h.reason, h.last_seq
FROM handoff h
JOIN process s ON s.number = h.source
JOIN process t ON t.number = h.target
JOIN socket k ON k.number = h.socket;

CREATE VIEW v_open AS 
SELECT * FROM v_handoffs WHERE handoff IN (SELECT number FROM handoff WHERE ended_us IS NULL);
