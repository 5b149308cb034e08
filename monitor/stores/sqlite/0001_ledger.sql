-- The ledger: what is hashed, what may be taken away, and the tree over it.

CREATE TABLE log (
    seq    INTEGER PRIMARY KEY, -- the record's index, from 0
    header BLOB NOT NULL,       -- the exact bytes that are hashed
    leaf   BLOB NOT NULL        -- SHA-256(0x00 || header): names the record that was tampered with
) STRICT;

CREATE TRIGGER log_is_not_updated BEFORE UPDATE ON log
BEGIN SELECT raise(ABORT, 'the ledger is only ever added to'); END;

CREATE TRIGGER log_is_not_deleted BEFORE DELETE ON log
BEGIN SELECT raise(ABORT, 'the ledger is only ever added to'); END;

-- INSERT OR REPLACE would get past the two above: only the next record goes in.
CREATE TRIGGER log_grows_by_the_next BEFORE INSERT ON log
WHEN NEW.seq IS NOT (SELECT ifnull(max(seq) + 1, 0) FROM log)
BEGIN SELECT raise(ABORT, 'the ledger is only ever added to'); END;

CREATE TABLE content (
    seq   INTEGER PRIMARY KEY,
    codec INTEGER, -- how body is compressed: 0 not at all, 1 zstd
    salt  BLOB,
    body  BLOB     -- NULL, with codec and salt, where it was erased
) STRICT;

CREATE TRIGGER content_is_only_erased BEFORE UPDATE ON content
WHEN NEW.seq IS NOT OLD.seq OR NEW.codec IS NOT NULL OR NEW.salt IS NOT NULL OR NEW.body IS NOT NULL
BEGIN SELECT raise(ABORT, 'content can be erased, not changed'); END;

CREATE TRIGGER content_keeps_its_place BEFORE DELETE ON content
BEGIN SELECT raise(ABORT, 'content can be erased, not changed'); END;

CREATE TRIGGER content_grows_by_the_next BEFORE INSERT ON content
WHEN NEW.seq IS NOT (SELECT ifnull(max(seq) + 1, 0) FROM content)
BEGIN SELECT raise(ABORT, 'content can be erased, not changed'); END;

-- One row: where the tree goes on.
CREATE TABLE tree (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    size       INTEGER NOT NULL,
    peaks      BLOB NOT NULL,    -- the frontier: 32 bytes a peak, largest first
    identified INTEGER NOT NULL  -- index of the newest identity record, -1 for none: when to read identities again
) STRICT;
INSERT INTO tree VALUES (1, 0, x'', -1);

-- Roots of complete subtrees from 256 leaves up, so that proofs and old roots read a few rows.
CREATE TABLE nodes (
    level    INTEGER NOT NULL,
    position INTEGER NOT NULL,
    hash     BLOB NOT NULL,
    PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;

-- What follows is projected from the records, so that questions are answered quickly.

CREATE TABLE identities (
    seq      INTEGER PRIMARY KEY,
    number   INTEGER NOT NULL, -- the ledger's own number of the channel, from 1
    identity BLOB NOT NULL     -- what it is known as from this record on
) STRICT;

CREATE TABLE channels (
    number INTEGER PRIMARY KEY,
    posts  INTEGER NOT NULL,
    top    INTEGER NOT NULL
) STRICT;

CREATE TABLE revisions (
    number      INTEGER NOT NULL,
    post        INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    key         BLOB NOT NULL,   -- equal where two looks show the same; empty where the post was gone
    edited_at   INTEGER,
    observed_at INTEGER NOT NULL,
    late        INTEGER NOT NULL,
    PRIMARY KEY (number, post, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE gaps (
    number   INTEGER NOT NULL,
    first    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    standing TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (number, first, last)
) STRICT, WITHOUT ROWID;

CREATE TABLE access (
    number   INTEGER NOT NULL,
    account  BLOB NOT NULL,
    standing BLOB NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (number, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE kinds (
    kind    INTEGER PRIMARY KEY,
    records INTEGER NOT NULL
) STRICT;

CREATE TABLE checkpoints (
    seq  INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT;
