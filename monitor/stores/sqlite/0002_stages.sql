-- What the stages keep beside the ledger.

CREATE TABLE positions (
    stage TEXT PRIMARY KEY,
    upto  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE matches (
    story  TEXT NOT NULL,
    record INTEGER NOT NULL, -- the record that was matched
    seq    INTEGER NOT NULL, -- the record that says so
    PRIMARY KEY (story, record, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX matches_of_record ON matches (record, seq);

CREATE TABLE outbox (
    number     INTEGER PRIMARY KEY, -- the order in which they were owed
    key        TEXT NOT NULL UNIQUE,
    subscriber TEXT NOT NULL,
    lane       TEXT NOT NULL,
    channel    INTEGER NOT NULL,
    post       INTEGER NOT NULL,
    state      TEXT NOT NULL,
    due_at     INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    alert      BLOB NOT NULL        -- as it was filed; the columns above say how it stands
) STRICT;
CREATE INDEX outbox_waiting ON outbox (lane, number) WHERE state = 'waiting';
CREATE INDEX outbox_by_state ON outbox (subscriber, state);
CREATE INDEX outbox_of_post ON outbox (channel, post);

CREATE TABLE peers (
    account     TEXT NOT NULL,
    id          INTEGER NOT NULL,
    username    TEXT,
    access_hash INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE contacts (
    channel  TEXT PRIMARY KEY,  -- the id, or the username in lower case where no id is known
    id       INTEGER,
    username TEXT,
    at       INTEGER NOT NULL,
    contact  BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE agenda (
    channel INTEGER NOT NULL,
    post    INTEGER NOT NULL,
    tier    INTEGER NOT NULL,
    due_at  INTEGER NOT NULL,
    PRIMARY KEY (channel, post, tier)
) STRICT, WITHOUT ROWID;
CREATE INDEX agenda_by_time ON agenda (due_at);

CREATE TABLE health (
    part    TEXT NOT NULL,
    subject TEXT NOT NULL,
    at      INTEGER NOT NULL,
    fact    BLOB NOT NULL,
    PRIMARY KEY (part, subject)
) STRICT, WITHOUT ROWID;
