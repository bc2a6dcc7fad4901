-- Mail and the waiting list for people without a card on record. Both tables are
-- made anew, because a column is no longer needed in every row: each row is about
-- a card, or about a visitor's row of the table recipient.

CREATE TABLE mail_new (
  id           INTEGER PRIMARY KEY,
  ref          TEXT NOT NULL UNIQUE,
  kind         TEXT NOT NULL CHECK (kind <> ''),
  card_id      INTEGER REFERENCES card (id),
  recipient_id INTEGER REFERENCES recipient (id),
  lang         TEXT NOT NULL CHECK (lang <> ''),
  booking_ref  TEXT NOT NULL DEFAULT '',
  cause        TEXT NOT NULL DEFAULT '',
  queued_at    TEXT NOT NULL,
  state        TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'dropped')),
  about_on     TEXT,
  attempts     INTEGER NOT NULL DEFAULT 0,
  retry_from   TEXT,
  next_at      TEXT,
  ended_at     TEXT,
  why          TEXT NOT NULL DEFAULT '',
  told_at      TEXT,
  CHECK ((card_id IS NULL) <> (recipient_id IS NULL))
) STRICT;
CREATE TABLE mail_attempt_new (
  id         INTEGER PRIMARY KEY,
  mail_id    INTEGER NOT NULL REFERENCES mail_new (id),
  started_at TEXT NOT NULL,
  ended_at   TEXT,
  outcome    TEXT NOT NULL DEFAULT '' CHECK (outcome IN ('', 'sent', 'later', 'refused', 'interrupted')),
  why        TEXT NOT NULL DEFAULT '',
  code       INTEGER NOT NULL DEFAULT 0,
  CHECK ((outcome = '') = (ended_at IS NULL))
) STRICT;
CREATE TABLE mail_link_new (
  token_hash TEXT PRIMARY KEY CHECK (length(token_hash) = 64),
  mail_id    INTEGER NOT NULL REFERENCES mail_new (id),
  purpose    TEXT NOT NULL CHECK (purpose IN ('confirm', 'cancel')),
  about      TEXT NOT NULL CHECK (about <> ''),
  expires_at TEXT NOT NULL,
  used_at    TEXT
) STRICT, WITHOUT ROWID;

INSERT INTO mail_new (id, ref, kind, card_id, lang, booking_ref, cause, queued_at, state, about_on, attempts, retry_from, next_at, ended_at, why, told_at)
SELECT id, ref, kind, card_id, lang, booking_ref, cause, queued_at, state, about_on, attempts, retry_from, next_at, ended_at, why, told_at FROM mail;
INSERT INTO mail_attempt_new (id, mail_id, started_at, ended_at, outcome, why, code)
SELECT id, mail_id, started_at, ended_at, outcome, why, code FROM mail_attempt;
INSERT INTO mail_link_new (token_hash, mail_id, purpose, about, expires_at, used_at)
SELECT token_hash, mail_id, purpose, about, expires_at, used_at FROM mail_link;

DROP TABLE mail_link;
DROP TABLE mail_attempt;
DROP TABLE mail;
ALTER TABLE mail_new RENAME TO mail;
ALTER TABLE mail_attempt_new RENAME TO mail_attempt;
ALTER TABLE mail_link_new RENAME TO mail_link;

CREATE INDEX mail_booking ON mail (booking_ref);
CREATE INDEX mail_card ON mail (card_id) WHERE card_id IS NOT NULL;
CREATE INDEX mail_recipient ON mail (recipient_id) WHERE recipient_id IS NOT NULL;
CREATE INDEX mail_due ON mail (state, next_at, id);
CREATE UNIQUE INDEX mail_reminder_once ON mail (booking_ref, about_on) WHERE kind = 'reminder';
CREATE TRIGGER mail_is_sent_once BEFORE UPDATE OF state ON mail WHEN OLD.state = 'sent' AND NEW.state <> 'sent'
BEGIN SELECT RAISE(ABORT, 'mail_is_sent_once'); END;
CREATE INDEX mail_attempt_mail ON mail_attempt (mail_id);
CREATE INDEX mail_link_expires_at ON mail_link (expires_at);

--   recipient_id  the visitor who waits
--   number        what a visitor without a booking finds the entry by; the
--                 booking that comes of it gets this number
CREATE TABLE waiting_new (
  id            INTEGER PRIMARY KEY,
  ref           TEXT NOT NULL UNIQUE,
  card_id       INTEGER REFERENCES card (id),
  recipient_id  INTEGER REFERENCES recipient (id),
  number        TEXT UNIQUE CHECK (length(number) = 8),
  venue_id      INTEGER NOT NULL REFERENCES venue (id),
  service_id    INTEGER NOT NULL REFERENCES service (id),
  from_on       TEXT NOT NULL CHECK (from_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  until_on      TEXT NOT NULL CHECK (until_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]' AND until_on >= from_on),
  place         INTEGER NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('waiting', 'offered', 'taken', 'declined', 'expired', 'left', 'removed')),
  joined_at     TEXT NOT NULL,
  offered_at    TEXT,
  ended_at      TEXT,
  booking_id    INTEGER REFERENCES booking (id),
  version       INTEGER NOT NULL DEFAULT 1,
  CHECK ((card_id IS NULL) <> (recipient_id IS NULL)),
  CHECK (state <> 'offered' OR booking_id IS NOT NULL AND offered_at IS NOT NULL),
  CHECK ((state IN ('waiting', 'offered')) = (ended_at IS NULL))
) STRICT;
INSERT INTO waiting_new (id, ref, card_id, venue_id, service_id, from_on, until_on, place, state, joined_at, offered_at, ended_at, booking_id, version)
SELECT id, ref, card_id, venue_id, service_id, from_on, until_on, place, state, joined_at, offered_at, ended_at, booking_id, version FROM waiting;
DROP TABLE waiting;
ALTER TABLE waiting_new RENAME TO waiting;
CREATE UNIQUE INDEX waiting_offer ON waiting (booking_id) WHERE booking_id IS NOT NULL;
CREATE UNIQUE INDEX waiting_once_per_card ON waiting (card_id) WHERE state IN ('waiting', 'offered');
CREATE UNIQUE INDEX waiting_once_per_visitor ON waiting (recipient_id) WHERE state IN ('waiting', 'offered');
CREATE UNIQUE INDEX waiting_place ON waiting (venue_id, service_id, place) WHERE state IN ('waiting', 'offered');
CREATE TRIGGER waiting_ends_once BEFORE UPDATE OF state ON waiting
WHEN OLD.state NOT IN ('waiting', 'offered') AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'waiting_is_over'); END;
CREATE TRIGGER waiting_is_kept BEFORE DELETE ON waiting BEGIN SELECT RAISE(ABORT, 'waiting_is_kept'); END;
