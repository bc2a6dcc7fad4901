-- Why somebody may come in the holder's place (代理人の理由). Which reasons are
-- accepted, and with which papers, is the town's data.
--   code    names a reason that every town has, for its translations; '' for others
--   papers  what shows the reason, one paper a line
CREATE TABLE proxy_reason (
  id         INTEGER PRIMARY KEY,
  ref        TEXT NOT NULL UNIQUE,
  code       TEXT NOT NULL DEFAULT '',
  name       TEXT NOT NULL UNIQUE CHECK (name <> ''),
  papers     TEXT NOT NULL CHECK (papers <> ''),
  position   INTEGER NOT NULL,
  retired_at TEXT,
  version    INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE UNIQUE INDEX proxy_reason_code ON proxy_reason (code) WHERE code <> '';
CREATE TRIGGER proxy_reason_is_kept BEFORE DELETE ON proxy_reason BEGIN SELECT RAISE(ABORT, 'proxy_reason_is_kept'); END;

-- Only who sends a proxy has a reason for it; NULL while none was said.
ALTER TABLE booking ADD COLUMN proxy_reason_id INTEGER REFERENCES proxy_reason (id) CHECK (proxy_reason_id IS NULL OR comer = 'proxy');
