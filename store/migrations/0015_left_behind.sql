-- What a machine answered as provisional and its successor does not have (引き継ぎで残った仮受付).
CREATE TABLE left_behind (
  id           INTEGER PRIMARY KEY,
  ref          TEXT NOT NULL UNIQUE,
  epoch        TEXT NOT NULL,
  what         TEXT NOT NULL CHECK (what IN ('booked', 'changed', 'cancelled')),
  booking_ref  TEXT NOT NULL,
  number       TEXT NOT NULL,
  card_id      INTEGER REFERENCES card (id),
  recipient_id INTEGER REFERENCES recipient (id),
  slot_id      INTEGER REFERENCES slot (id),
  place        TEXT NOT NULL,
  seat         TEXT NOT NULL CHECK (seat IN ('resident', 'staff', 'over')),
  channel      TEXT NOT NULL CHECK (channel IN ('web', 'telephone', 'counter')),
  reason       TEXT NOT NULL DEFAULT '',
  lang         TEXT NOT NULL DEFAULT '',
  written_at   TEXT NOT NULL,
  taken_in_at  TEXT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('open', 'redone', 'settled')),
  why          TEXT NOT NULL DEFAULT '',
  note         TEXT NOT NULL DEFAULT '',
  settled_at   TEXT,
  settled_by   INTEGER REFERENCES staff (id),
  version      INTEGER NOT NULL DEFAULT 1,
  UNIQUE (epoch, booking_ref),
  CHECK ((state = 'open') = (settled_at IS NULL)),
  CHECK (state <> 'settled' OR note <> '')
) STRICT;
CREATE INDEX left_behind_open ON left_behind (id) WHERE state = 'open';
CREATE TRIGGER left_behind_ends_once BEFORE UPDATE OF state ON left_behind WHEN OLD.state <> 'open' AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'left_behind_is_over'); END;
CREATE TRIGGER left_behind_is_kept BEFORE DELETE ON left_behind BEGIN SELECT RAISE(ABORT, 'left_behind_is_kept'); END;
