-- Where in the log to look. A chunk is 1,024 events, seq >> 10; an index over every event would
-- cost more than all the rest of writing it.

-- Chunks that are complete, with the earliest and the latest time in them.
CREATE TABLE chunk (
    number INTEGER PRIMARY KEY,
    first_us INTEGER NOT NULL,
    last_us INTEGER NOT NULL
) STRICT;

-- That an event of the chunk is about a process, socket or handoff (its number), or of a kind (its
-- number, negative) that is not one of the four of every delivered handoff. What was introduced in
-- a chunk has no row for that one. An event about a handoff is also about the processes and the
-- socket of the handoff.
CREATE TABLE chunk_key (
    chunk INTEGER NOT NULL,
    key INTEGER NOT NULL,
    PRIMARY KEY (chunk, key)
) STRICT, WITHOUT ROWID;

INSERT INTO chunk
SELECT seq >> 10, min(time_us), max(time_us) FROM event
GROUP BY seq >> 10 HAVING count(*) = 1024;

INSERT INTO chunk_key
SELECT DISTINCT chunk, key FROM (
    SELECT seq >> 10 AS chunk, actor AS key FROM event
    UNION ALL SELECT seq >> 10, target FROM event
    UNION ALL SELECT seq >> 10, socket FROM event
    UNION ALL SELECT seq >> 10, handoff FROM event
    UNION ALL SELECT e.seq >> 10, h.source FROM event e JOIN handoff h ON h.number = e.handoff
    UNION ALL SELECT e.seq >> 10, h.target FROM event e JOIN handoff h ON h.number = e.handoff
    UNION ALL SELECT e.seq >> 10, h.socket FROM event e JOIN handoff h ON h.number = e.handoff
    UNION ALL SELECT seq >> 10, -kind FROM event WHERE kind NOT IN (13, 15, 17, 22)
)
WHERE key IS NOT NULL AND key >> 10 <> chunk
ORDER BY chunk, key;
