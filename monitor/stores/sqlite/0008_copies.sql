-- Which posts that somebody was told of say the same. Alerts owed before this are copies of nothing.

ALTER TABLE outbox ADD COLUMN copy TEXT NOT NULL DEFAULT '';             -- the same for posts that say the same; of others ''
ALTER TABLE outbox ADD COLUMN story TEXT NOT NULL DEFAULT '';            -- of those with a copy
ALTER TABLE outbox ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;     -- of those with a copy

CREATE INDEX outbox_copies ON outbox (copy, subscriber, story, created_at, channel) WHERE copy <> '';
