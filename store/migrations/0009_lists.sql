-- Lists (名簿) that are taken in as files.

-- Building (方書): what follows the lot number, such as an apartment or c/o.
ALTER TABLE recipient ADD COLUMN building TEXT NOT NULL DEFAULT '';

-- What is held of a file until it is old: personal data, as it came. The
-- timetable deletes it; what stays of a file is in roll_file and roll_row.
CREATE TABLE held_file (
  id      INTEGER PRIMARY KEY,
  name    TEXT NOT NULL,
  body    BLOB NOT NULL,
  held_at TEXT NOT NULL
) STRICT;
CREATE INDEX held_file_held_at ON held_file (held_at);
--   postal_code   found for the address, or chosen by a person; '' when unclear
--   postal_codes  the candidates, parted by spaces
--   before        the record before the row was applied (JSON)
CREATE TABLE held_row (
  file_id      INTEGER NOT NULL REFERENCES held_file (id) ON DELETE CASCADE,
  number       INTEGER NOT NULL,
  cells        TEXT NOT NULL CHECK (json_valid(cells)),
  postal_code  TEXT NOT NULL DEFAULT '',
  postal_codes TEXT NOT NULL DEFAULT '',
  before       TEXT CHECK (before IS NULL OR json_valid(before)),
  PRIMARY KEY (file_id, number)
) STRICT, WITHOUT ROWID;

-- Files (取込ファイル): found and decided, without anything personal. The row
-- has the id of its held_file.
--   mapping  which column is what (JSON)
--   counts   rows by outcome (JSON); done of total rows are matched
CREATE TABLE roll_file (
  id            INTEGER PRIMARY KEY,
  ref           TEXT NOT NULL UNIQUE,
  list          TEXT NOT NULL CHECK (list IN ('address', 'renewal', 'card')),
  sha256        TEXT NOT NULL CHECK (length(sha256) = 64),
  found         TEXT NOT NULL CHECK (json_valid(found)),
  header        INTEGER NOT NULL CHECK (header IN (0, 1)),
  mapping       TEXT NOT NULL CHECK (json_valid(mapping)),
  state         TEXT NOT NULL CHECK (state IN ('uploaded', 'matching', 'matched', 'failed', 'applied', 'taken_back', 'dropped')),
  failure       TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(failure)),
  total         INTEGER NOT NULL,
  done          INTEGER NOT NULL DEFAULT 0,
  counts        TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(counts)),
  uploaded_at   TEXT NOT NULL,
  uploaded_by   INTEGER REFERENCES staff (id),
  applied_at    TEXT,
  taken_back_at TEXT,
  forgotten_at  TEXT,
  version       INTEGER NOT NULL DEFAULT 1,
  CHECK ((state IN ('applied', 'taken_back')) = (applied_at IS NOT NULL)),
  CHECK ((state = 'taken_back') = (taken_back_at IS NOT NULL))
) STRICT;
CREATE INDEX roll_file_list ON roll_file (list, id);
--   tied        by what the row was tied to its card
--   candidates  cards that it could belong to, parted by spaces
--   fields      what differs from the record, parted by spaces
--   marks       what else a person should know, parted by spaces
--   decision    of a person: apply or skip; '' is none
--   result      of applying: applied, changed (meanwhile), kept (when taken back)
CREATE TABLE roll_row (
  file_id        INTEGER NOT NULL REFERENCES roll_file (id) ON DELETE CASCADE,
  number         INTEGER NOT NULL,
  outcome        TEXT NOT NULL CHECK (outcome IN ('new', 'same', 'differs', 'duplicate', 'ambiguous', 'absent', 'defect')),
  reason         TEXT NOT NULL DEFAULT '',
  cell           INTEGER NOT NULL DEFAULT 0,
  other_row      INTEGER NOT NULL DEFAULT 0,
  subject_id     INTEGER,
  tied           TEXT NOT NULL DEFAULT '',
  candidates     TEXT NOT NULL DEFAULT '',
  fields         TEXT NOT NULL DEFAULT '',
  marks          TEXT NOT NULL DEFAULT '',
  private        INTEGER NOT NULL DEFAULT 0,
  decision       TEXT NOT NULL DEFAULT '' CHECK (decision IN ('', 'apply', 'skip')),
  result         TEXT NOT NULL DEFAULT '' CHECK (result IN ('', 'applied', 'changed', 'kept', 'taken_back')),
  version_before INTEGER NOT NULL DEFAULT 0,
  version_after  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (file_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX roll_row_subject ON roll_row (subject_id) WHERE result = 'applied';
CREATE INDEX roll_row_outcome ON roll_row (file_id, outcome);
-- Which column is what, as it was told last for a file of this form.
CREATE TABLE roll_template (
  list      TEXT NOT NULL,
  signature TEXT NOT NULL,
  mapping   TEXT NOT NULL CHECK (json_valid(mapping)),
  used_at   TEXT NOT NULL,
  PRIMARY KEY (list, signature)
) STRICT, WITHOUT ROWID;

-- Who is on a renewal list (更新対象者), compared with the cards of the QR list.
CREATE TABLE renewal_target (
  id             INTEGER PRIMARY KEY,
  ref            TEXT NOT NULL UNIQUE,
  notice_number  TEXT NOT NULL DEFAULT '',
  application_id TEXT NOT NULL DEFAULT '',
  name           TEXT NOT NULL,
  name_key       TEXT NOT NULL,
  kana_name      TEXT NOT NULL,
  kana_key       TEXT NOT NULL,
  birth          TEXT,
  address        TEXT NOT NULL DEFAULT '',
  expires_on     TEXT,
  file_id        INTEGER NOT NULL,
  added_at       TEXT NOT NULL,
  version        INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX renewal_target_birth ON renewal_target (birth);
-- What was found by comparing and has been dealt with (対応済み).
CREATE TABLE renewal_mark (
  subject    TEXT PRIMARY KEY CHECK (subject <> ''),
  note       TEXT NOT NULL,
  handled_at TEXT NOT NULL,
  handled_by INTEGER NOT NULL REFERENCES staff (id)
) STRICT, WITHOUT ROWID;
