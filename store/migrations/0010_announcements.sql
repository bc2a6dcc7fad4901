-- What the town announces on the resident site, and what it answers before it is
-- asked.

-- Announcements (お知らせ) on the resident site, plain text.
--   venue_id  the place that it is about; NULL: all
--   until_on  its last day; NULL: until somebody ends it
CREATE TABLE announcement (
  id         INTEGER PRIMARY KEY,
  ref        TEXT NOT NULL UNIQUE,
  title      TEXT NOT NULL CHECK (title <> ''),
  body       TEXT NOT NULL,
  importance TEXT NOT NULL CHECK (importance IN ('usual', 'important', 'urgent')),
  venue_id   INTEGER REFERENCES venue (id),
  from_on    TEXT NOT NULL CHECK (from_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  until_on   TEXT CHECK (until_on >= from_on AND until_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  changed_at TEXT NOT NULL,
  version    INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX announcement_from_on ON announcement (from_on);

-- Questions and answers (よくある質問), plain text, in the town's order.
CREATE TABLE question (
  id         INTEGER PRIMARY KEY,
  ref        TEXT NOT NULL UNIQUE,
  question   TEXT NOT NULL CHECK (question <> ''),
  answer     TEXT NOT NULL CHECK (answer <> ''),
  position   INTEGER NOT NULL,
  changed_at TEXT NOT NULL,
  version    INTEGER NOT NULL DEFAULT 1
) STRICT;
