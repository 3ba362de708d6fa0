-- Evidence over the bodies of the events: an RFC 6962 tree, of which full tiles are kept, and
-- signed notes of its root. What is not in a full tile is hashed from the bodies again.
CREATE TABLE tile (
    -- 0 over the events, n + 1 over the tiles of level n.
    level INTEGER NOT NULL,
    number INTEGER NOT NULL,
    -- 256 hashes of 32 bytes.
    hashes BLOB NOT NULL CHECK (length(hashes) = 8192),
    PRIMARY KEY (level, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
    -- Dense from 0, so that one that is missing is missed.
    number INTEGER PRIMARY KEY,
    -- How many events it covers.
    size INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT;

-- The public keys that sign or signed the checkpoints, in their order.
CREATE TABLE signing_key (number INTEGER PRIMARY KEY, key TEXT NOT NULL) STRICT;
