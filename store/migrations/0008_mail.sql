-- Mail: addresses that their owners confirm, an outbox that is sent and every
-- attempt at it, links that mails carry.

-- The language that a person reads: a code of the resident site, '' for none chosen.
ALTER TABLE recipient ADD COLUMN mail_lang TEXT NOT NULL DEFAULT '';

-- An address that someone has given and not confirmed yet; the newest one only.
CREATE TABLE mail_proposal (
  recipient_id INTEGER PRIMARY KEY REFERENCES recipient (id),
  ref          TEXT NOT NULL UNIQUE,
  mail         TEXT NOT NULL CHECK (mail <> ''),
  lang         TEXT NOT NULL CHECK (lang <> ''),
  expires_at   TEXT NOT NULL
) STRICT;

-- next_at NULL: at once. why says what became of the last attempt, or why the
-- mail was dropped. told_at: staff have told the person otherwise.
ALTER TABLE mail ADD COLUMN state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'dropped'));
ALTER TABLE mail ADD COLUMN about_on TEXT;
ALTER TABLE mail ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mail ADD COLUMN retry_from TEXT;
UPDATE mail SET retry_from = queued_at;
ALTER TABLE mail ADD COLUMN next_at TEXT;
ALTER TABLE mail ADD COLUMN ended_at TEXT;
ALTER TABLE mail ADD COLUMN why TEXT NOT NULL DEFAULT '';
ALTER TABLE mail ADD COLUMN told_at TEXT;
CREATE INDEX mail_due ON mail (state, next_at, id);
CREATE UNIQUE INDEX mail_reminder_once ON mail (booking_ref, about_on) WHERE kind = 'reminder';
CREATE TRIGGER mail_is_sent_once BEFORE UPDATE OF state ON mail WHEN OLD.state = 'sent' AND NEW.state <> 'sent'
BEGIN SELECT RAISE(ABORT, 'mail_is_sent_once'); END;

CREATE TABLE mail_attempt (
  id         INTEGER PRIMARY KEY,
  mail_id    INTEGER NOT NULL REFERENCES mail (id),
  started_at TEXT NOT NULL,
  ended_at   TEXT,
  outcome    TEXT NOT NULL DEFAULT '' CHECK (outcome IN ('', 'sent', 'later', 'refused', 'interrupted')),
  why        TEXT NOT NULL DEFAULT '',
  code       INTEGER NOT NULL DEFAULT 0,
  CHECK ((outcome = '') = (ended_at IS NULL))
) STRICT;
CREATE INDEX mail_attempt_mail ON mail_attempt (mail_id);

-- Links in mails. Only the hash of what stands in the address is kept.
CREATE TABLE mail_link (
  token_hash TEXT PRIMARY KEY CHECK (length(token_hash) = 64),
  mail_id    INTEGER NOT NULL REFERENCES mail (id),
  purpose    TEXT NOT NULL CHECK (purpose IN ('confirm', 'cancel')),
  about      TEXT NOT NULL CHECK (about <> ''),
  expires_at TEXT NOT NULL,
  used_at    TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_link_expires_at ON mail_link (expires_at);
