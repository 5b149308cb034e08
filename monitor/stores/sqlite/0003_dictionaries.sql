-- What contents are compressed with is kept beside them: a file can be read by every later program.

CREATE TABLE dictionaries (
    codec      INTEGER PRIMARY KEY, -- from 2: what `content.codec` says of a body that needs it
    dictionary BLOB NOT NULL        -- for zstd; holds nothing that was ever published
) STRICT;

CREATE TRIGGER dictionaries_are_not_updated BEFORE UPDATE ON dictionaries
BEGIN SELECT raise(ABORT, 'a dictionary is kept as long as the contents that need it'); END;

CREATE TRIGGER dictionaries_are_not_deleted BEFORE DELETE ON dictionaries
BEGIN SELECT raise(ABORT, 'a dictionary is kept as long as the contents that need it'); END;
