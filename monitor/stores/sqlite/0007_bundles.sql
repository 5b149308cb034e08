-- Alerts that are told together, and what the people who run it were told of.

ALTER TABLE outbox ADD COLUMN bundle TEXT NOT NULL DEFAULT '';    -- what it may be told with
ALTER TABLE outbox ADD COLUMN held INTEGER NOT NULL DEFAULT 0;    -- 1 while it waits for others of its bundle
ALTER TABLE outbox ADD COLUMN within TEXT NOT NULL DEFAULT '';    -- the key of the alert whose message tells of it

DROP INDEX outbox_waiting;
CREATE INDEX outbox_waiting ON outbox (lane, number) WHERE state = 'waiting' AND held = 0 AND within = '';
CREATE INDEX outbox_held ON outbox (bundle, due_at) WHERE held = 1;
CREATE INDEX outbox_of_bundle ON outbox (bundle) WHERE bundle <> '';
CREATE INDEX outbox_within ON outbox (within) WHERE within <> '';

-- What is red, since when, and when that was told; NULL where it has not been.
CREATE TABLE troubles (
    part    TEXT NOT NULL,
    subject TEXT NOT NULL,
    trouble BLOB NOT NULL,
    PRIMARY KEY (part, subject)
) STRICT, WITHOUT ROWID;

-- When a notice was filed: there are only so many an hour.
CREATE TABLE noticed (
    alert TEXT PRIMARY KEY,
    at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
