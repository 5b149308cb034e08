-- What was taken away for a legal reason or by rule, and what must not be.

-- Projected from the records, as the tables of the first layout.
CREATE TABLE erasures (
    number INTEGER NOT NULL,
    post   INTEGER NOT NULL,
    seq    INTEGER NOT NULL, -- the record that says so
    words  INTEGER NOT NULL, -- 1: all that the post said; 0: only what was beside it, media or what others had of it
    PRIMARY KEY (number, post, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX media_of_bytes ON media (sha256) WHERE standing = 'held';

CREATE TABLE holds (
    seq      INTEGER PRIMARY KEY,
    number   INTEGER NOT NULL, -- 0: it is of a story
    post     INTEGER NOT NULL, -- 0: of the whole channel
    story    TEXT NOT NULL,
    standing TEXT NOT NULL     -- placed, released; the newest of a subject counts
) STRICT;
