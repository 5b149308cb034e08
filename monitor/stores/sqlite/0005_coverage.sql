-- What an account may not ask yet, for a flood lasts longer than a process; and when we could not see.

CREATE TABLE pauses (
    account TEXT NOT NULL,
    method  TEXT NOT NULL,
    until   INTEGER NOT NULL,
    PRIMARY KEY (account, method)
) STRICT, WITHOUT ROWID;

-- Projected from the records, as the tables of the first layout.
CREATE TABLE blind (
    seq     INTEGER PRIMARY KEY,
    number  INTEGER NOT NULL, -- 0: nothing could be seen
    since   INTEGER NOT NULL,
    until   INTEGER NOT NULL
) STRICT;
CREATE INDEX blind_by_channel ON blind (number, until);
