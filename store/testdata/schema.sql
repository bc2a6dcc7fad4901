-- Schema version 17, as it stands after all migrations.

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
  version      INTEGER NOT NULL DEFAULT 1, group_ref TEXT, recipient_id INTEGER REFERENCES recipient (id), checked_in_at TEXT, called_at TEXT, called_to TEXT NOT NULL DEFAULT '', ended_at TEXT, comer TEXT NOT NULL DEFAULT '' CHECK (comer IN ('', 'holder', 'guardian', 'proxy')), proxy_reason_id INTEGER REFERENCES proxy_reason (id) CHECK (proxy_reason_id IS NULL OR comer = 'proxy'),
  CHECK (seat <> 'over' OR reason <> ''),
  CHECK ((state = 'cancelled') = (cancelled_at IS NOT NULL)),
  CHECK ((state IN ('held', 'expired')) = (held_until IS NOT NULL))
) STRICT;

CREATE INDEX booking_card ON booking (card_id);

CREATE INDEX booking_group ON booking (group_ref) WHERE group_ref IS NOT NULL;

CREATE INDEX booking_held_until ON booking (held_until) WHERE state = 'held';

CREATE UNIQUE INDEX booking_one_live_per_card ON booking (card_id) WHERE state IN ('held', 'booked', 'checked_in', 'called');

CREATE INDEX booking_recipient ON booking (recipient_id) WHERE recipient_id IS NOT NULL;

CREATE INDEX booking_slot ON booking (slot_id);

CREATE TRIGGER booking_hold_ends_once BEFORE UPDATE OF state ON booking
WHEN NEW.state <> OLD.state AND (NEW.state = 'held' OR OLD.state = 'held' AND NEW.state NOT IN ('booked', 'expired')
  OR NEW.state = 'expired' AND OLD.state <> 'held')
BEGIN SELECT RAISE(ABORT, 'booking_step'); END;

CREATE TRIGGER booking_hold_needs_open BEFORE UPDATE OF state ON booking
WHEN OLD.state = 'held' AND NEW.state = 'booked' AND NEW.seat <> 'over' AND (SELECT open FROM slot WHERE id = NEW.slot_id) = 0
BEGIN SELECT RAISE(ABORT, 'slot_closed'); END;

CREATE TRIGGER booking_is_kept BEFORE DELETE ON booking BEGIN SELECT RAISE(ABORT, 'booking_is_kept'); END;

CREATE TRIGGER booking_keeps_card BEFORE UPDATE OF card_id ON booking
WHEN OLD.card_id IS NOT NULL AND NEW.card_id IS NOT OLD.card_id
BEGIN SELECT RAISE(ABORT, 'booking_keeps_card'); END;

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

CREATE TRIGGER booking_stays_with_card_unissued BEFORE UPDATE OF card_id, state ON booking
WHEN NEW.state IN ('held', 'booked', 'checked_in', 'called') AND NEW.card_id IS NOT NULL
 AND (OLD.card_id IS NOT NEW.card_id OR OLD.state NOT IN ('booked', 'checked_in', 'called'))
 AND (SELECT issued_at FROM card WHERE id = NEW.card_id) IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'card_is_issued'); END;

CREATE TRIGGER booking_takes_place AFTER INSERT ON booking WHEN NEW.state NOT IN ('cancelled', 'expired') BEGIN
  SELECT RAISE(ABORT, 'slot_closed') WHERE NEW.seat <> 'over' AND (SELECT open FROM slot WHERE id = NEW.slot_id) = 0;
  UPDATE slot SET taken       = taken       + (NEW.seat = 'resident'),
                  staff_taken = staff_taken + (NEW.seat = 'staff'),
                  over        = over        + (NEW.seat = 'over')
   WHERE id = NEW.slot_id;
END;

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

CREATE TRIGGER card_issue_kind_known BEFORE INSERT ON card WHEN NOT EXISTS (SELECT 1 FROM issue_kind WHERE code = NEW.issue_kind)
BEGIN SELECT RAISE(ABORT, 'issue_kind_unknown'); END;

CREATE TRIGGER card_issue_kind_stays_known BEFORE UPDATE OF issue_kind ON card WHEN NOT EXISTS (SELECT 1 FROM issue_kind WHERE code = NEW.issue_kind)
BEGIN SELECT RAISE(ABORT, 'issue_kind_unknown'); END;

CREATE TABLE closed_day (
  id        INTEGER PRIMARY KEY,
  ref       TEXT NOT NULL UNIQUE,
  venue_id  INTEGER REFERENCES venue (id),
  closed_on TEXT NOT NULL CHECK (closed_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  reason    TEXT NOT NULL CHECK (reason <> '')
) STRICT;

CREATE UNIQUE INDEX closed_day_once ON closed_day (closed_on, coalesce(venue_id, 0));

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

CREATE TABLE held_file (
  id      INTEGER PRIMARY KEY,
  name    TEXT NOT NULL,
  body    BLOB NOT NULL,
  held_at TEXT NOT NULL
) STRICT;

CREATE INDEX held_file_held_at ON held_file (held_at);

CREATE TABLE held_row (
  file_id      INTEGER NOT NULL REFERENCES held_file (id) ON DELETE CASCADE,
  number       INTEGER NOT NULL,
  cells        TEXT NOT NULL CHECK (json_valid(cells)),
  postal_code  TEXT NOT NULL DEFAULT '',
  postal_codes TEXT NOT NULL DEFAULT '',
  before       TEXT CHECK (before IS NULL OR json_valid(before)),
  PRIMARY KEY (file_id, number)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE issue_kind (
  code          TEXT PRIMARY KEY CHECK (code <> '' AND code NOT GLOB '*[^a-z0-9_]*'),
  name          TEXT NOT NULL UNIQUE CHECK (name <> ''),
  needs_booking INTEGER NOT NULL DEFAULT 1 CHECK (needs_booking IN (0, 1)),
  renewal       INTEGER NOT NULL DEFAULT 0 CHECK (renewal IN (0, 1)),
  fee           TEXT NOT NULL DEFAULT '',
  wording       TEXT NOT NULL DEFAULT '',
  position      INTEGER NOT NULL,
  retired_at    TEXT,
  version       INTEGER NOT NULL DEFAULT 1,
  -- What no list says must have a kind too.
  CHECK (code <> 'unknown' OR retired_at IS NULL)
) STRICT;

CREATE TRIGGER issue_kind_is_kept BEFORE DELETE ON issue_kind BEGIN SELECT RAISE(ABORT, 'issue_kind_is_kept'); END;

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

CREATE TABLE logo (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  hash TEXT NOT NULL CHECK (length(hash) = 64),
  body BLOB NOT NULL CHECK (length(body) BETWEEN 1 AND 8192)
) STRICT;

CREATE TABLE "mail" (
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

CREATE INDEX mail_booking ON mail (booking_ref);

CREATE INDEX mail_card ON mail (card_id) WHERE card_id IS NOT NULL;

CREATE INDEX mail_due ON mail (state, next_at, id);

CREATE INDEX mail_recipient ON mail (recipient_id) WHERE recipient_id IS NOT NULL;

CREATE UNIQUE INDEX mail_reminder_once ON mail (booking_ref, about_on) WHERE kind = 'reminder';

CREATE TRIGGER mail_is_sent_once BEFORE UPDATE OF state ON mail WHEN OLD.state = 'sent' AND NEW.state <> 'sent'
BEGIN SELECT RAISE(ABORT, 'mail_is_sent_once'); END;

CREATE TABLE "mail_attempt" (
  id         INTEGER PRIMARY KEY,
  mail_id    INTEGER NOT NULL REFERENCES "mail" (id),
  started_at TEXT NOT NULL,
  ended_at   TEXT,
  outcome    TEXT NOT NULL DEFAULT '' CHECK (outcome IN ('', 'sent', 'later', 'refused', 'interrupted')),
  why        TEXT NOT NULL DEFAULT '',
  code       INTEGER NOT NULL DEFAULT 0,
  CHECK ((outcome = '') = (ended_at IS NULL))
) STRICT;

CREATE INDEX mail_attempt_mail ON mail_attempt (mail_id);

CREATE TABLE "mail_link" (
  token_hash TEXT PRIMARY KEY CHECK (length(token_hash) = 64),
  mail_id    INTEGER NOT NULL REFERENCES "mail" (id),
  purpose    TEXT NOT NULL CHECK (purpose IN ('confirm', 'cancel')),
  about      TEXT NOT NULL CHECK (about <> ''),
  expires_at TEXT NOT NULL,
  used_at    TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX mail_link_expires_at ON mail_link (expires_at);

CREATE TABLE mail_proposal (
  recipient_id INTEGER PRIMARY KEY REFERENCES recipient (id),
  ref          TEXT NOT NULL UNIQUE,
  mail         TEXT NOT NULL CHECK (mail <> ''),
  lang         TEXT NOT NULL CHECK (lang <> ''),
  expires_at   TEXT NOT NULL
) STRICT;

CREATE TABLE map_picture (
  hash       TEXT PRIMARY KEY CHECK (length(hash) = 64),
  media_type TEXT NOT NULL CHECK (media_type IN ('image/png', 'image/jpeg')),
  width      INTEGER NOT NULL CHECK (width > 0),
  height     INTEGER NOT NULL CHECK (height > 0),
  body       BLOB NOT NULL CHECK (length(body) BETWEEN 1 AND 307200)
) STRICT;

CREATE TABLE payload_profile (
  id         INTEGER PRIMARY KEY,
  name       TEXT NOT NULL,
  definition TEXT NOT NULL CHECK (json_valid(definition)),
  active     INTEGER NOT NULL CHECK (active IN (0, 1)),
  made_at    TEXT NOT NULL
, ref TEXT, version INTEGER NOT NULL DEFAULT 1, made_by INTEGER REFERENCES staff (id), switched_on_at TEXT) STRICT;

CREATE UNIQUE INDEX payload_profile_active ON payload_profile (active) WHERE active = 1;

CREATE UNIQUE INDEX payload_profile_ref ON payload_profile (ref);

CREATE UNIQUE INDEX payload_profile_version ON payload_profile (name, version);

CREATE TRIGGER payload_profile_is_kept BEFORE DELETE ON payload_profile BEGIN SELECT RAISE(ABORT, 'payload_profile_is_kept'); END;

CREATE TRIGGER payload_profile_is_not_changed BEFORE UPDATE OF name, definition, made_at, version ON payload_profile
BEGIN SELECT RAISE(ABORT, 'payload_profile_is_kept'); END;

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

CREATE TABLE question (
  id         INTEGER PRIMARY KEY,
  ref        TEXT NOT NULL UNIQUE,
  question   TEXT NOT NULL CHECK (question <> ''),
  answer     TEXT NOT NULL CHECK (answer <> ''),
  position   INTEGER NOT NULL,
  changed_at TEXT NOT NULL,
  version    INTEGER NOT NULL DEFAULT 1
) STRICT;

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

CREATE INDEX reading_batch ON reading (batch_id) WHERE batch_id IS NOT NULL;

CREATE INDEX reading_card ON reading (card_id);

CREATE UNIQUE INDEX reading_first ON reading (card_id) WHERE way <> 'correction';

CREATE INDEX reading_read_at ON reading (read_at);

CREATE TRIGGER reading_needs_open_batch BEFORE INSERT ON reading
WHEN (SELECT closed_at FROM batch WHERE id = NEW.batch_id) IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'batch_is_closed'); END;

CREATE TABLE reading_part (
  staff_id  INTEGER NOT NULL REFERENCES staff (id),
  part      INTEGER NOT NULL CHECK (part BETWEEN 1 AND 16),
  parts     INTEGER NOT NULL CHECK (parts BETWEEN 2 AND 16 AND part <= parts),
  payload   TEXT NOT NULL,
  read_at   TEXT NOT NULL,
  PRIMARY KEY (staff_id, part)
) STRICT, WITHOUT ROWID;

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
, visitor_key TEXT, mail_lang TEXT NOT NULL DEFAULT '', building TEXT NOT NULL DEFAULT '') STRICT;

CREATE INDEX recipient_birth ON recipient (birth);

CREATE INDEX recipient_kana_key ON recipient (kana_key);

CREATE INDEX recipient_visitor_key ON recipient (visitor_key) WHERE visitor_key IS NOT NULL;

CREATE TABLE renewal_mark (
  subject    TEXT PRIMARY KEY CHECK (subject <> ''),
  note       TEXT NOT NULL,
  handled_at TEXT NOT NULL,
  handled_by INTEGER NOT NULL REFERENCES staff (id)
) STRICT, WITHOUT ROWID;

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
  version       INTEGER NOT NULL DEFAULT 1, batch_id INTEGER REFERENCES batch (id),
  CHECK ((state IN ('applied', 'taken_back')) = (applied_at IS NOT NULL)),
  CHECK ((state = 'taken_back') = (taken_back_at IS NOT NULL))
) STRICT;

CREATE INDEX roll_file_batch ON roll_file (batch_id) WHERE batch_id IS NOT NULL;

CREATE INDEX roll_file_list ON roll_file (list, id);

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

CREATE INDEX roll_row_outcome ON roll_row (file_id, outcome);

CREATE INDEX roll_row_subject ON roll_row (subject_id) WHERE result = 'applied';

CREATE TABLE roll_template (
  list      TEXT NOT NULL,
  signature TEXT NOT NULL,
  mapping   TEXT NOT NULL CHECK (json_valid(mapping)),
  used_at   TEXT NOT NULL,
  PRIMARY KEY (list, signature)
) STRICT, WITHOUT ROWID;

CREATE TABLE service (
  id      INTEGER PRIMARY KEY,
  ref     TEXT NOT NULL UNIQUE,
  name    TEXT NOT NULL UNIQUE CHECK (name <> ''),
  minutes INTEGER NOT NULL CHECK (minutes BETWEEN 1 AND 480),
  version INTEGER NOT NULL DEFAULT 1
, code TEXT NOT NULL DEFAULT '', without_notice INTEGER NOT NULL DEFAULT 0 CHECK (without_notice IN (0, 1)), staff_only INTEGER NOT NULL DEFAULT 0 CHECK (staff_only IN (0, 1)), announcement TEXT NOT NULL DEFAULT '', fee TEXT NOT NULL DEFAULT '', position INTEGER NOT NULL DEFAULT 0, retired_at TEXT) STRICT;

CREATE UNIQUE INDEX service_code ON service (code) WHERE code <> '';

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
  version     INTEGER NOT NULL DEFAULT 1, by_hand INTEGER NOT NULL DEFAULT 0 CHECK (by_hand IN (0, 1)), stop_id INTEGER REFERENCES stop (id) CHECK (stop_id IS NULL OR open = 0),
  UNIQUE (venue_id, service_id, held_on, starts),
  CONSTRAINT slot_full CHECK (taken <= capacity AND taken + staff_taken <= capacity + reserve)
) STRICT;

CREATE INDEX slot_held_on ON slot (held_on);

CREATE INDEX slot_stop ON slot (stop_id) WHERE stop_id IS NOT NULL;

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

CREATE TABLE staff_venue (
  staff_id INTEGER NOT NULL REFERENCES staff (id),
  venue_id INTEGER NOT NULL REFERENCES venue (id),
  PRIMARY KEY (staff_id, venue_id)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE store_state (
  id           INTEGER PRIMARY KEY CHECK (id = 1),
  commit_seq   INTEGER NOT NULL,
  committed_at TEXT
, readable_from INTEGER NOT NULL DEFAULT 14) STRICT;

CREATE TABLE translation (
  original TEXT NOT NULL CHECK (original <> ''),
  lang     TEXT NOT NULL CHECK (lang IN ('ja-easy', 'en', 'vi', 'id')),
  text     TEXT NOT NULL CHECK (text <> ''),
  PRIMARY KEY (original, lang)
) STRICT, WITHOUT ROWID;

CREATE INDEX translation_lang ON translation (lang);

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
, postal_code TEXT NOT NULL DEFAULT '', map_hash TEXT REFERENCES map_picture (hash), retired_at TEXT) STRICT;

CREATE TABLE "waiting" (
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

CREATE UNIQUE INDEX waiting_offer ON waiting (booking_id) WHERE booking_id IS NOT NULL;

CREATE UNIQUE INDEX waiting_once_per_card ON waiting (card_id) WHERE state IN ('waiting', 'offered');

CREATE UNIQUE INDEX waiting_once_per_visitor ON waiting (recipient_id) WHERE state IN ('waiting', 'offered');

CREATE UNIQUE INDEX waiting_place ON waiting (venue_id, service_id, place) WHERE state IN ('waiting', 'offered');

CREATE TRIGGER waiting_ends_once BEFORE UPDATE OF state ON waiting
WHEN OLD.state NOT IN ('waiting', 'offered') AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'waiting_is_over'); END;

CREATE TRIGGER waiting_is_kept BEFORE DELETE ON waiting BEGIN SELECT RAISE(ABORT, 'waiting_is_kept'); END;
