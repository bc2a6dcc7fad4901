-- Schema version 1, as it stands after all migrations.

CREATE TABLE audit (
  id           INTEGER PRIMARY KEY,
  at           TEXT NOT NULL,
  actor_kind   TEXT NOT NULL CHECK (actor_kind IN ('resident', 'staff', 'system')),
  actor        TEXT NOT NULL,
  request      TEXT NOT NULL,
  action       TEXT NOT NULL,
  subject_kind TEXT NOT NULL,
  subject      TEXT NOT NULL,
  detail       TEXT NOT NULL CHECK (json_valid(detail))
) STRICT;

CREATE INDEX audit_at ON audit (at);

CREATE INDEX audit_subject ON audit (subject_kind, subject, id);

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit_is_append_only'); END;

CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit_is_append_only'); END;

CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'audit_is_append_only'); END;

CREATE TABLE booking (
  id           INTEGER PRIMARY KEY,
  ref          TEXT NOT NULL UNIQUE,
  number       TEXT NOT NULL UNIQUE CHECK (length(number) = 8),
  slot_id      INTEGER NOT NULL REFERENCES slot (id),
  card_id      INTEGER REFERENCES card (id),
  seat         TEXT NOT NULL CHECK (seat IN ('resident', 'staff', 'over')),
  reason       TEXT NOT NULL DEFAULT '',
  channel      TEXT NOT NULL CHECK (channel IN ('web', 'telephone', 'counter')),
  state        TEXT NOT NULL CHECK (state IN ('held', 'booked', 'checked_in', 'called', 'done', 'papers_missing', 'no_show', 'cancelled', 'expired')),
  booked_at    TEXT NOT NULL,
  changed_at   TEXT,
  cancelled_at TEXT,
  held_until   TEXT,
  version      INTEGER NOT NULL DEFAULT 1,
  CHECK (seat <> 'over' OR reason <> ''),
  CHECK ((state = 'cancelled') = (cancelled_at IS NOT NULL)),
  CHECK ((state IN ('held', 'expired')) = (held_until IS NOT NULL))
) STRICT;

CREATE INDEX booking_card ON booking (card_id);

CREATE UNIQUE INDEX booking_one_live_per_card ON booking (card_id) WHERE state IN ('held', 'booked', 'checked_in', 'called');

CREATE INDEX booking_slot ON booking (slot_id);

CREATE TRIGGER booking_is_kept BEFORE DELETE ON booking BEGIN SELECT RAISE(ABORT, 'booking_is_kept'); END;

CREATE TRIGGER booking_moves_place AFTER UPDATE OF slot_id, seat, state ON booking BEGIN
  SELECT RAISE(ABORT, 'booking_is_over') WHERE OLD.state IN ('cancelled', 'expired') AND NEW.state <> OLD.state;
  SELECT RAISE(ABORT, 'slot_closed') WHERE NEW.state NOT IN ('cancelled', 'expired') AND NEW.seat <> 'over' AND NEW.slot_id <> OLD.slot_id
     AND (SELECT open FROM slot WHERE id = NEW.slot_id) = 0;
  UPDATE slot SET taken       = taken       - (OLD.seat = 'resident'),
                  staff_taken = staff_taken - (OLD.seat = 'staff'),
                  over        = over        - (OLD.seat = 'over')
   WHERE id = OLD.slot_id AND OLD.state NOT IN ('cancelled', 'expired');
  UPDATE slot SET taken       = taken       + (NEW.seat = 'resident'),
                  staff_taken = staff_taken + (NEW.seat = 'staff'),
                  over        = over        + (NEW.seat = 'over')
   WHERE id = NEW.slot_id AND NEW.state NOT IN ('cancelled', 'expired');
END;

CREATE TRIGGER booking_needs_card_unissued BEFORE INSERT ON booking
WHEN NEW.state IN ('held', 'booked', 'checked_in', 'called') AND NEW.card_id IS NOT NULL AND (SELECT issued_at FROM card WHERE id = NEW.card_id) IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'card_is_issued'); END;

CREATE TRIGGER booking_takes_place AFTER INSERT ON booking WHEN NEW.state NOT IN ('cancelled', 'expired') BEGIN
  SELECT RAISE(ABORT, 'slot_closed') WHERE NEW.seat <> 'over' AND (SELECT open FROM slot WHERE id = NEW.slot_id) = 0;
  UPDATE slot SET taken       = taken       + (NEW.seat = 'resident'),
                  staff_taken = staff_taken + (NEW.seat = 'staff'),
                  over        = over        + (NEW.seat = 'over')
   WHERE id = NEW.slot_id;
END;

CREATE TABLE card (
  id             INTEGER PRIMARY KEY,
  ref            TEXT NOT NULL UNIQUE,
  recipient_id   INTEGER NOT NULL REFERENCES recipient (id),
  notice_number  TEXT UNIQUE CHECK (notice_number GLOB '[0-9A-Z][0-9A-Z][0-9A-Z][0-9][0-9][0-9][0-9][0-9][0-9]'),
  application_id TEXT UNIQUE CHECK (length(application_id) = 23),
  issue_kind     TEXT NOT NULL,
  made_on        TEXT,
  expires_on     TEXT,
  issued_at      TEXT,
  issued_by      INTEGER REFERENCES staff (id),
  version        INTEGER NOT NULL DEFAULT 1,
  CHECK ((issued_at IS NULL) = (issued_by IS NULL))
) STRICT;

CREATE INDEX card_recipient ON card (recipient_id);

CREATE TRIGGER card_is_issued_once BEFORE UPDATE OF issued_at ON card
WHEN OLD.issued_at IS NOT NULL AND NEW.issued_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'card_is_issued_once'); END;

CREATE TABLE form_token (
  token   TEXT PRIMARY KEY,
  result  TEXT NOT NULL,
  made_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX form_token_made_at ON form_token (made_at);

CREATE TABLE handover_note (
  id         INTEGER PRIMARY KEY,
  card_id    INTEGER NOT NULL REFERENCES card (id),
  body       TEXT NOT NULL CHECK (body <> ''),
  written_at TEXT NOT NULL,
  written_by INTEGER NOT NULL REFERENCES staff (id)
) STRICT;

CREATE INDEX handover_note_card ON handover_note (card_id);

CREATE TABLE payload_profile (
  id         INTEGER PRIMARY KEY,
  name       TEXT NOT NULL,
  definition TEXT NOT NULL CHECK (json_valid(definition)),
  active     INTEGER NOT NULL CHECK (active IN (0, 1)),
  made_at    TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX payload_profile_active ON payload_profile (active) WHERE active = 1;

CREATE TABLE reading (
  id             INTEGER PRIMARY KEY,
  card_id        INTEGER NOT NULL REFERENCES card (id),
  payload        BLOB NOT NULL,
  payload_sha256 TEXT NOT NULL UNIQUE,
  profile_id     INTEGER NOT NULL REFERENCES payload_profile (id),
  read_at        TEXT NOT NULL,
  read_by        INTEGER NOT NULL REFERENCES staff (id)
) STRICT;

CREATE INDEX reading_card ON reading (card_id);

CREATE INDEX reading_read_at ON reading (read_at);

CREATE TABLE recipient (
  id          INTEGER PRIMARY KEY,
  ref         TEXT NOT NULL UNIQUE,
  name        TEXT NOT NULL,
  name_key    TEXT NOT NULL,
  kana_name   TEXT NOT NULL,
  kana_key    TEXT NOT NULL,
  birth       TEXT,              -- YYYY-MM-DD, 00 for an unknown month or day
  postal_code TEXT NOT NULL DEFAULT '',
  address     TEXT NOT NULL DEFAULT '',
  telephone   TEXT NOT NULL DEFAULT '',
  mail        TEXT NOT NULL DEFAULT '',
  version     INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE INDEX recipient_birth ON recipient (birth);

CREATE INDEX recipient_kana_key ON recipient (kana_key);

CREATE TABLE service (
  id      INTEGER PRIMARY KEY,
  ref     TEXT NOT NULL UNIQUE,
  name    TEXT NOT NULL UNIQUE CHECK (name <> ''),
  minutes INTEGER NOT NULL CHECK (minutes BETWEEN 1 AND 480),
  version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE session (
  token_hash TEXT PRIMARY KEY,
  site       TEXT NOT NULL CHECK (site IN ('public', 'console')),
  data       TEXT NOT NULL,
  created_at TEXT NOT NULL,
  seen_at    TEXT NOT NULL,
  expires_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX session_expires_at ON session (expires_at);

CREATE TABLE setting (
  name       TEXT PRIMARY KEY,
  value      TEXT NOT NULL,
  changed_at TEXT NOT NULL
) STRICT;

CREATE TABLE sign_in_attempt (
  subject       TEXT PRIMARY KEY,
  failures      INTEGER NOT NULL,
  failed_at     TEXT NOT NULL,
  blocked_until TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX sign_in_attempt_failed_at ON sign_in_attempt (failed_at);

CREATE TABLE slot (
  id          INTEGER PRIMARY KEY,
  ref         TEXT NOT NULL UNIQUE,
  venue_id    INTEGER NOT NULL REFERENCES venue (id),
  service_id  INTEGER NOT NULL REFERENCES service (id),
  held_on     TEXT NOT NULL CHECK (held_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  starts      TEXT NOT NULL CHECK (starts GLOB '[0-9][0-9]:[0-9][0-9]'),
  ends        TEXT NOT NULL CHECK (ends GLOB '[0-9][0-9]:[0-9][0-9]' AND ends > starts),
  capacity    INTEGER NOT NULL CHECK (capacity >= 0),
  reserve     INTEGER NOT NULL DEFAULT 0 CHECK (reserve >= 0),
  taken       INTEGER NOT NULL DEFAULT 0 CHECK (taken >= 0),
  staff_taken INTEGER NOT NULL DEFAULT 0 CHECK (staff_taken >= 0),
  over        INTEGER NOT NULL DEFAULT 0 CHECK (over >= 0),
  open        INTEGER NOT NULL DEFAULT 1 CHECK (open IN (0, 1)),
  version     INTEGER NOT NULL DEFAULT 1,
  UNIQUE (venue_id, service_id, held_on, starts),
  CONSTRAINT slot_full CHECK (taken <= capacity AND taken + staff_taken <= capacity + reserve)
) STRICT;

CREATE INDEX slot_held_on ON slot (held_on);

CREATE TABLE staff (
  id            INTEGER PRIMARY KEY,
  ref           TEXT NOT NULL UNIQUE,
  staff_id      TEXT NOT NULL UNIQUE COLLATE NOCASE CHECK (length(staff_id) BETWEEN 1 AND 40),
  name          TEXT NOT NULL CHECK (name <> ''),
  role          TEXT NOT NULL CHECK (role IN ('administrator', 'clerk')),
  password_hash TEXT NOT NULL,
  must_change   INTEGER NOT NULL CHECK (must_change IN (0, 1)),
  created_at    TEXT NOT NULL,
  disabled_at   TEXT,
  version       INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TRIGGER staff_is_not_removed BEFORE DELETE ON staff BEGIN SELECT RAISE(ABORT, 'staff_is_kept'); END;

CREATE TRIGGER staff_last_administrator BEFORE UPDATE OF role, disabled_at ON staff
WHEN OLD.role = 'administrator' AND OLD.disabled_at IS NULL
 AND (NEW.role <> 'administrator' OR NEW.disabled_at IS NOT NULL)
 AND NOT EXISTS (SELECT 1 FROM staff WHERE id <> OLD.id AND role = 'administrator' AND disabled_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'last_administrator'); END;

CREATE TABLE store_state (
  id           INTEGER PRIMARY KEY CHECK (id = 1),
  commit_seq   INTEGER NOT NULL,
  committed_at TEXT
) STRICT;

CREATE TABLE venue (
  id          INTEGER PRIMARY KEY,
  ref         TEXT NOT NULL UNIQUE,
  name        TEXT NOT NULL UNIQUE CHECK (name <> ''),
  kana        TEXT NOT NULL DEFAULT '',
  address     TEXT NOT NULL DEFAULT '',
  telephone   TEXT NOT NULL DEFAULT '',
  access_note TEXT NOT NULL DEFAULT '',
  position    INTEGER NOT NULL,
  version     INTEGER NOT NULL DEFAULT 1
) STRICT;
