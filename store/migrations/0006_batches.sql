-- Deliveries (便) of cards with their printed list, how each card came on
-- record, and pictures of list pages that are being read.

--   expected  how many cards the delivery should have; NULL while nobody knows
CREATE TABLE batch (
  id         INTEGER PRIMARY KEY,
  ref        TEXT NOT NULL UNIQUE,
  arrived_on TEXT NOT NULL CHECK (arrived_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  number     INTEGER NOT NULL CHECK (number > 0), -- of the day, from 1
  venue_id   INTEGER NOT NULL REFERENCES venue (id),
  expected   INTEGER CHECK (expected BETWEEN 1 AND 100000),
  remarks    TEXT NOT NULL DEFAULT '',
  opened_at  TEXT NOT NULL,
  opened_by  INTEGER NOT NULL REFERENCES staff (id),
  closed_at  TEXT,
  closed_by  INTEGER REFERENCES staff (id),
  version    INTEGER NOT NULL DEFAULT 1,
  UNIQUE (arrived_on, number),
  CHECK ((closed_at IS NULL) = (closed_by IS NULL))
) STRICT;
CREATE INDEX batch_open ON batch (arrived_on) WHERE closed_at IS NULL;
CREATE TRIGGER batch_is_kept BEFORE DELETE ON batch BEGIN SELECT RAISE(ABORT, 'batch_is_kept'); END;

-- How a card came on record (登録の経路).
--   way       scanner, picture; hand and csv have no payload; correction is a
--             further reading of a card that was on record
--   payload   the code's text in UTF-8, which makes the same code recognisable
--             whichever way it is read
--   raw       the code's bytes, where the way knows them
--   position  shelf or box where the card lies; '' while it is nowhere yet
ALTER TABLE reading RENAME TO old_reading;
CREATE TABLE reading (
  id             INTEGER PRIMARY KEY,
  card_id        INTEGER NOT NULL REFERENCES card (id),
  batch_id       INTEGER REFERENCES batch (id),
  way            TEXT NOT NULL DEFAULT 'scanner' CHECK (way IN ('scanner', 'picture', 'hand', 'csv', 'correction')),
  payload        BLOB,
  payload_sha256 TEXT UNIQUE,
  raw            BLOB,
  profile_id     INTEGER REFERENCES payload_profile (id),
  position       TEXT NOT NULL DEFAULT '',
  read_at        TEXT NOT NULL,
  read_by        INTEGER NOT NULL REFERENCES staff (id),
  CHECK ((payload IS NULL) = (way IN ('hand', 'csv'))),
  CHECK ((payload IS NULL) = (payload_sha256 IS NULL) AND (payload IS NULL) = (profile_id IS NULL)),
  CHECK (raw IS NULL OR payload IS NOT NULL)
) STRICT;
INSERT INTO reading (id, card_id, payload, payload_sha256, profile_id, read_at, read_by)
  SELECT id, card_id, payload, payload_sha256, profile_id, read_at, read_by FROM old_reading;
DROP TABLE old_reading;
CREATE INDEX reading_read_at ON reading (read_at);
CREATE INDEX reading_card ON reading (card_id);
CREATE INDEX reading_batch ON reading (batch_id) WHERE batch_id IS NOT NULL;
-- A card comes on record once; what is read of it later corrects.
CREATE UNIQUE INDEX reading_first ON reading (card_id) WHERE way <> 'correction';
CREATE TRIGGER reading_needs_open_batch BEFORE INSERT ON reading
WHEN (SELECT closed_at FROM batch WHERE id = NEW.batch_id) IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'batch_is_closed'); END;

-- Codes in several symbols (連結), read one by one with a scanner, until the
-- last of them has come.
CREATE TABLE reading_part (
  staff_id  INTEGER NOT NULL REFERENCES staff (id),
  part      INTEGER NOT NULL CHECK (part BETWEEN 1 AND 16),
  parts     INTEGER NOT NULL CHECK (parts BETWEEN 2 AND 16 AND part <= parts),
  payload   TEXT NOT NULL,
  read_at   TEXT NOT NULL,
  PRIMARY KEY (staff_id, part)
) STRICT, WITHOUT ROWID;

-- Pictures of list pages (一覧の画像). They show personal data: the file goes as
-- soon as its pages are read, the pages' pictures when the file is put away.
--   state    waiting, reading: for the reader; read: for a person; refused: could
--            not be opened; done: put away, nothing but counts is left
--   starts   how often the reader has begun since the last page it finished
CREATE TABLE list_file (
  id          INTEGER PRIMARY KEY,
  ref         TEXT NOT NULL UNIQUE,
  batch_id    INTEGER NOT NULL REFERENCES batch (id),
  name        TEXT NOT NULL,
  format      TEXT NOT NULL DEFAULT '',
  state       TEXT NOT NULL CHECK (state IN ('waiting', 'reading', 'read', 'refused', 'done')),
  refusal     TEXT NOT NULL DEFAULT '',
  pages       INTEGER NOT NULL DEFAULT 0,
  body        BLOB,
  starts      INTEGER NOT NULL DEFAULT 0,
  uploaded_at TEXT NOT NULL,
  uploaded_by INTEGER NOT NULL REFERENCES staff (id),
  read_at     TEXT,
  version     INTEGER NOT NULL DEFAULT 1,
  CHECK (body IS NOT NULL OR state NOT IN ('waiting', 'reading')),
  CHECK (body IS NULL OR state IN ('waiting', 'reading')),
  CHECK ((refusal <> '') = (state = 'refused') OR state = 'done')
) STRICT;
CREATE INDEX list_file_batch ON list_file (batch_id);
CREATE INDEX list_file_state ON list_file (state) WHERE state <> 'done';
CREATE TABLE list_page (
  file_id INTEGER NOT NULL REFERENCES list_file (id),
  number   INTEGER NOT NULL CHECK (number > 0),
  width    INTEGER NOT NULL,
  height   INTEGER NOT NULL,
  refusal  TEXT NOT NULL DEFAULT '',
  stated   INTEGER CHECK (stated BETWEEN 0 AND 200), -- codes that the page itself says it has
  found    BLOB,                                     -- what the readers saw, until the file is put away
  picture  BLOB,
  PRIMARY KEY (file_id, number)
) STRICT, WITHOUT ROWID;
-- Places on a page: a code, a part of one (lead is where the whole stands), or
-- what looks like a code and was not read.
--   outcome  '' until a person has decided; registered, typed: on record;
--            before: was on record; refused: not by this profile; no_code: a
--            person says that there is none
CREATE TABLE list_code (
  id       INTEGER PRIMARY KEY,
  file_id INTEGER NOT NULL REFERENCES list_file (id),
  page     INTEGER NOT NULL,
  number   INTEGER NOT NULL CHECK (number > 0), -- on the page, as shown
  role     TEXT NOT NULL CHECK (role IN ('code', 'part', 'unread')),
  corners  TEXT NOT NULL CHECK (json_valid(corners)),
  agree    TEXT NOT NULL DEFAULT '',
  raw      BLOB,
  payload  BLOB,
  second   BLOB,
  charset  TEXT NOT NULL DEFAULT '',
  unmapped INTEGER NOT NULL DEFAULT 0,
  parts    INTEGER NOT NULL DEFAULT 1,
  lacking  INTEGER NOT NULL DEFAULT 0, -- parts of it that were not read
  outcome  TEXT NOT NULL DEFAULT '' CHECK (outcome IN ('', 'registered', 'typed', 'before', 'refused', 'no_code')),
  card_id  INTEGER REFERENCES card (id),
  UNIQUE (file_id, page, number)
) STRICT;
CREATE INDEX list_code_card ON list_code (card_id) WHERE card_id IS NOT NULL;

-- Profiles have an author and versions.
ALTER TABLE payload_profile ADD COLUMN ref TEXT;
ALTER TABLE payload_profile ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE payload_profile ADD COLUMN made_by INTEGER REFERENCES staff (id);
ALTER TABLE payload_profile ADD COLUMN switched_on_at TEXT;
UPDATE payload_profile SET ref = lower(hex(randomblob(13))), version = (SELECT count(*) FROM payload_profile AS p WHERE p.name = payload_profile.name AND p.id <= payload_profile.id),
  switched_on_at = CASE active WHEN 1 THEN made_at END;
CREATE UNIQUE INDEX payload_profile_ref ON payload_profile (ref);
CREATE UNIQUE INDEX payload_profile_version ON payload_profile (name, version);
CREATE TRIGGER payload_profile_is_kept BEFORE DELETE ON payload_profile BEGIN SELECT RAISE(ABORT, 'payload_profile_is_kept'); END;
CREATE TRIGGER payload_profile_is_not_changed BEFORE UPDATE OF name, definition, made_at, version ON payload_profile
BEGIN SELECT RAISE(ABORT, 'payload_profile_is_kept'); END;
