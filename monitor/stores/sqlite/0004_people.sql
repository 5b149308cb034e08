-- Who may sign in to the pages, who has, and which verdicts they gave.

CREATE TABLE people (
    name        TEXT PRIMARY KEY,
    role        TEXT NOT NULL,
    password    TEXT NOT NULL,   -- Argon2id, never the password
    time_zone   TEXT NOT NULL,
    made_at     INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE tickets (
    digest  BLOB PRIMARY KEY,    -- SHA-256 of what the browser or program shows
    person  TEXT NOT NULL REFERENCES people (name),
    kind    TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    until   INTEGER NOT NULL,
    note    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tickets_of_person ON tickets (person);

-- Projected from the records, as the tables of the first layout.
CREATE TABLE reviews (
    number INTEGER NOT NULL,
    post   INTEGER NOT NULL,
    story  TEXT NOT NULL,
    seq    INTEGER NOT NULL,
    PRIMARY KEY (number, post, story, seq)
) STRICT, WITHOUT ROWID;
