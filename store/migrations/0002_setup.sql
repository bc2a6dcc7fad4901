-- Set-up (設定): what the town says about its places, services, hours and
-- closings. Slots are made from it by the slot plan, and stay as they are until
-- the next one.

-- Staff may be limited to places; no row means all of them.
CREATE TABLE staff_venue (
  staff_id INTEGER NOT NULL REFERENCES staff (id),
  venue_id INTEGER NOT NULL REFERENCES venue (id),
  PRIMARY KEY (staff_id, venue_id)
) STRICT, WITHOUT ROWID;

-- Map pictures, named by what is in them: one row for the same file everywhere.
CREATE TABLE map_picture (
  hash       TEXT PRIMARY KEY CHECK (length(hash) = 64),
  media_type TEXT NOT NULL CHECK (media_type IN ('image/png', 'image/jpeg')),
  width      INTEGER NOT NULL CHECK (width > 0),
  height     INTEGER NOT NULL CHECK (height > 0),
  body       BLOB NOT NULL CHECK (length(body) BETWEEN 1 AND 307200)
) STRICT;

ALTER TABLE venue ADD COLUMN postal_code TEXT NOT NULL DEFAULT '';
ALTER TABLE venue ADD COLUMN map_hash TEXT REFERENCES map_picture (hash);
ALTER TABLE venue ADD COLUMN retired_at TEXT;

ALTER TABLE service ADD COLUMN code TEXT NOT NULL DEFAULT '';
ALTER TABLE service ADD COLUMN without_notice INTEGER NOT NULL DEFAULT 0 CHECK (without_notice IN (0, 1));
ALTER TABLE service ADD COLUMN staff_only INTEGER NOT NULL DEFAULT 0 CHECK (staff_only IN (0, 1));
ALTER TABLE service ADD COLUMN announcement TEXT NOT NULL DEFAULT '';
ALTER TABLE service ADD COLUMN fee TEXT NOT NULL DEFAULT '';
ALTER TABLE service ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
ALTER TABLE service ADD COLUMN retired_at TEXT;
CREATE UNIQUE INDEX service_code ON service (code) WHERE code <> '';
-- The one service there was until now is the issue of cards.
UPDATE service SET code = 'card_issuance' WHERE id = (SELECT min(id) FROM service);
UPDATE service SET position = id;

-- What to bring (持ち物), line by line, each for everyone or under a condition.
CREATE TABLE bring (
  id         INTEGER PRIMARY KEY,
  service_id INTEGER NOT NULL REFERENCES service (id),
  condition  TEXT NOT NULL CHECK (condition IN ('always', 'issue_kind', 'age', 'comer')),
  value      TEXT NOT NULL,
  text       TEXT NOT NULL CHECK (text <> ''),
  position   INTEGER NOT NULL,
  CHECK ((condition = 'always') = (value = '')),
  UNIQUE (service_id, position)
) STRICT;

-- Counters (窓口) and what they serve.
CREATE TABLE counter (
  id         INTEGER PRIMARY KEY,
  ref        TEXT NOT NULL UNIQUE,
  venue_id   INTEGER NOT NULL REFERENCES venue (id),
  name       TEXT NOT NULL CHECK (name <> ''),
  position   INTEGER NOT NULL,
  retired_at TEXT,
  version    INTEGER NOT NULL DEFAULT 1,
  UNIQUE (venue_id, name)
) STRICT;
CREATE TABLE counter_service (
  counter_id INTEGER NOT NULL REFERENCES counter (id),
  service_id INTEGER NOT NULL REFERENCES service (id),
  PRIMARY KEY (counter_id, service_id)
) STRICT, WITHOUT ROWID;

-- Hours (受付時間): for a service at a place from a day on, until a newer set.
CREATE TABLE hours (
  id             INTEGER PRIMARY KEY,
  ref            TEXT NOT NULL UNIQUE,
  venue_id       INTEGER NOT NULL REFERENCES venue (id),
  service_id     INTEGER NOT NULL REFERENCES service (id),
  effective_from TEXT NOT NULL CHECK (effective_from GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  version        INTEGER NOT NULL DEFAULT 1,
  UNIQUE (venue_id, service_id, effective_from)
) STRICT;
CREATE TABLE hours_window (
  hours_id INTEGER NOT NULL REFERENCES hours (id) ON DELETE CASCADE,
  weekday  INTEGER NOT NULL CHECK (weekday BETWEEN 0 AND 6), -- 0 = Sunday
  starts   TEXT NOT NULL CHECK (starts GLOB '[0-9][0-9]:[0-9][0-9]'),
  ends     TEXT NOT NULL CHECK (ends GLOB '[0-9][0-9]:[0-9][0-9]' AND ends > starts),
  minutes  INTEGER NOT NULL CHECK (minutes BETWEEN 5 AND 480), -- of one slot
  capacity INTEGER NOT NULL CHECK (capacity BETWEEN 0 AND 999),
  reserve  INTEGER NOT NULL CHECK (reserve BETWEEN 0 AND 999),
  PRIMARY KEY (hours_id, weekday, starts),
  CHECK (capacity + reserve > 0)
) STRICT, WITHOUT ROWID;

-- Closed days (閉庁日) of the town's own; venue_id NULL is every place.
CREATE TABLE closed_day (
  id        INTEGER PRIMARY KEY,
  ref       TEXT NOT NULL UNIQUE,
  venue_id  INTEGER REFERENCES venue (id),
  closed_on TEXT NOT NULL CHECK (closed_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  reason    TEXT NOT NULL CHECK (reason <> '')
) STRICT;
CREATE UNIQUE INDEX closed_day_once ON closed_day (closed_on, coalesce(venue_id, 0));

-- Extra openings (臨時の受付), which win over every closing.
CREATE TABLE extra_opening (
  id         INTEGER PRIMARY KEY,
  ref        TEXT NOT NULL UNIQUE,
  venue_id   INTEGER NOT NULL REFERENCES venue (id),
  service_id INTEGER NOT NULL REFERENCES service (id),
  opens_on   TEXT NOT NULL CHECK (opens_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  starts     TEXT NOT NULL CHECK (starts GLOB '[0-9][0-9]:[0-9][0-9]'),
  ends       TEXT NOT NULL CHECK (ends GLOB '[0-9][0-9]:[0-9][0-9]' AND ends > starts),
  minutes    INTEGER NOT NULL CHECK (minutes BETWEEN 5 AND 480),
  capacity   INTEGER NOT NULL CHECK (capacity BETWEEN 0 AND 999),
  reserve    INTEGER NOT NULL CHECK (reserve BETWEEN 0 AND 999),
  CHECK (capacity + reserve > 0),
  UNIQUE (venue_id, service_id, opens_on, starts)
) STRICT;

-- From when until when residents may book, change and cancel; a service
-- without a row follows the town's settings.
--   days_ahead  NULL: as far as slots are made
--   opens_on    not before this day; NULL: no such day
--   …_unit      what the cut-off counts: hours before the slot starts, or days
--               or working days before its day, until …_at
CREATE TABLE booking_rule (
  service_id     INTEGER PRIMARY KEY REFERENCES service (id),
  opens_on       TEXT,
  opens_at       TEXT NOT NULL,
  days_ahead     INTEGER CHECK (days_ahead BETWEEN 0 AND 400),
  close_unit     TEXT NOT NULL CHECK (close_unit IN ('hours', 'days', 'working_days')),
  close_count    INTEGER NOT NULL CHECK (close_count BETWEEN 0 AND 720),
  close_at       TEXT NOT NULL,
  change_unit    TEXT NOT NULL CHECK (change_unit IN ('hours', 'days', 'working_days')),
  change_count   INTEGER NOT NULL CHECK (change_count BETWEEN 0 AND 720),
  change_at      TEXT NOT NULL,
  together_most  INTEGER NOT NULL CHECK (together_most BETWEEN 1 AND 20),
  contact_most   INTEGER NOT NULL CHECK (contact_most BETWEEN 1 AND 20),
  version        INTEGER NOT NULL DEFAULT 1
) STRICT;

-- Stops (受付停止): days or hours over some places closed in one go.
CREATE TABLE stop (
  id       INTEGER PRIMARY KEY,
  ref      TEXT NOT NULL UNIQUE,
  kind     TEXT NOT NULL CHECK (kind IN ('jlis', 'weather', 'other')),
  reason   TEXT NOT NULL CHECK (reason <> ''),
  from_on  TEXT NOT NULL CHECK (from_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  to_on    TEXT NOT NULL CHECK (to_on >= from_on AND to_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  starts   TEXT NOT NULL CHECK (starts GLOB '[0-9][0-9]:[0-9][0-9]'),
  ends     TEXT NOT NULL CHECK (ends GLOB '[0-9][0-9]:[0-9][0-9]' AND ends > starts),
  made_at  TEXT NOT NULL,
  ended_at TEXT,
  version  INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX stop_to_on ON stop (to_on);
CREATE TABLE stop_venue (
  stop_id  INTEGER NOT NULL REFERENCES stop (id),
  venue_id INTEGER NOT NULL REFERENCES venue (id),
  PRIMARY KEY (stop_id, venue_id)
) STRICT, WITHOUT ROWID;

--   by_hand  somebody has set this slot; plans leave it alone
--   stop_id  closed by this stop, and open again when it ends
ALTER TABLE slot ADD COLUMN by_hand INTEGER NOT NULL DEFAULT 0 CHECK (by_hand IN (0, 1));
ALTER TABLE slot ADD COLUMN stop_id INTEGER REFERENCES stop (id) CHECK (stop_id IS NULL OR open = 0);
CREATE INDEX slot_stop ON slot (stop_id) WHERE stop_id IS NOT NULL;
