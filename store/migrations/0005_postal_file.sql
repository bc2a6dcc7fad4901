-- Postal dictionary (郵便番号辞書): Japan Post's files as received, in the
-- database so that every copy and standby has them too. Only a file on offer
-- and the files in use keep their bytes (at most some 2 MB each, zipped).
--   report  what the file changes, for the person who takes it (JSON)
CREATE TABLE postal_file (
  id         INTEGER PRIMARY KEY,
  ref        TEXT NOT NULL UNIQUE,
  family     TEXT NOT NULL CHECK (family IN ('towns', 'offices')),
  kind       TEXT NOT NULL CHECK (kind <> ''),
  name       TEXT NOT NULL,
  dated_on   TEXT,
  sha256     TEXT NOT NULL CHECK (length(sha256) = 64),
  line_count INTEGER NOT NULL,
  row_count  INTEGER NOT NULL,
  report     TEXT NOT NULL CHECK (json_valid(report)),
  body       BLOB,
  state      TEXT NOT NULL CHECK (state IN ('offered', 'current', 'past')),
  offered_at TEXT NOT NULL,
  taken_at   TEXT,
  CHECK ((state = 'past') = (body IS NULL)),
  CHECK ((state = 'current') <= (taken_at IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX postal_file_current ON postal_file (family) WHERE state = 'current';
