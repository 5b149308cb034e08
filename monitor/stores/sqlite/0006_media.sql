-- Media: which are to be fetched, and what became of them. The bytes are files beside this one.

CREATE TABLE wanted (
    number INTEGER NOT NULL,
    post   INTEGER NOT NULL,
    file   INTEGER NOT NULL, -- Telegram's number of it
    record INTEGER NOT NULL, -- the record that tells of it
    rank   INTEGER NOT NULL, -- 0 is fetched before 1
    size   INTEGER NOT NULL,
    since  INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    tries  INTEGER NOT NULL,
    PRIMARY KEY (number, post, file)
) STRICT, WITHOUT ROWID;
CREATE INDEX wanted_by_turn ON wanted (rank, due_at, size);

-- Projected from the records of the kind media, as the tables of the first layout.
CREATE TABLE media (
    number   INTEGER NOT NULL,
    post     INTEGER NOT NULL,
    file     INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    standing TEXT NOT NULL,
    sha256   TEXT NOT NULL,
    bytes    INTEGER NOT NULL, -- that came
    at       INTEGER NOT NULL, -- when it was recorded
    rank     INTEGER NOT NULL, -- how urgent it was then; known to nobody else
    key      BLOB NOT NULL,    -- equal where two records say the same
    PRIMARY KEY (number, post, file, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX media_of_file ON media (file, seq) WHERE standing = 'held';
CREATE INDEX media_of_channel ON media (number, at);

-- Each file that is held, once, and how many there are of everything.
CREATE TABLE files (
    sha256 TEXT PRIMARY KEY,
    size   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tallies (
    what  TEXT PRIMARY KEY, -- a standing, or files
    count INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was recorded by a program that fetched no media is history: nothing of it is fetched now.
INSERT INTO positions SELECT 'media', size FROM tree WHERE size > 0;
