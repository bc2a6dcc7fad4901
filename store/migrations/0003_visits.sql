-- Visits: several people in one, people without a card on record, the day at
-- the counter, the waiting list, and the outbox of mails.

-- Who is on record without a card (来庁者): found again by the telephone number.
-- NULL for everyone who has a card.
ALTER TABLE recipient ADD COLUMN visitor_key TEXT;
CREATE INDEX recipient_visitor_key ON recipient (visitor_key) WHERE visitor_key IS NOT NULL;

--   group_ref      bookings made together share it
--   recipient_id   whose booking it is while no card is tied to it
--   checked_in_at  when the person came; called_at, called_to: when and to which
--                  counter they were called last; ended_at: when the visit was over
ALTER TABLE booking ADD COLUMN group_ref TEXT;
ALTER TABLE booking ADD COLUMN recipient_id INTEGER REFERENCES recipient (id);
ALTER TABLE booking ADD COLUMN checked_in_at TEXT;
ALTER TABLE booking ADD COLUMN called_at TEXT;
ALTER TABLE booking ADD COLUMN called_to TEXT NOT NULL DEFAULT '';
ALTER TABLE booking ADD COLUMN ended_at TEXT;
CREATE INDEX booking_group ON booking (group_ref) WHERE group_ref IS NOT NULL;
CREATE INDEX booking_recipient ON booking (recipient_id) WHERE recipient_id IS NOT NULL;
CREATE INDEX booking_held_until ON booking (held_until) WHERE state = 'held';

-- A hold becomes a booking or runs out; nothing becomes a hold.
CREATE TRIGGER booking_hold_ends_once BEFORE UPDATE OF state ON booking
WHEN NEW.state <> OLD.state AND (NEW.state = 'held' OR OLD.state = 'held' AND NEW.state NOT IN ('booked', 'expired')
  OR NEW.state = 'expired' AND OLD.state <> 'held')
BEGIN SELECT RAISE(ABORT, 'booking_step'); END;

-- What was held in a slot that has been closed meanwhile is not booked.
CREATE TRIGGER booking_hold_needs_open BEFORE UPDATE OF state ON booking
WHEN OLD.state = 'held' AND NEW.state = 'booked' AND NEW.seat <> 'over' AND (SELECT open FROM slot WHERE id = NEW.slot_id) = 0
BEGIN SELECT RAISE(ABORT, 'slot_closed'); END;

-- Neither is a booking for an issued card made by an update.
CREATE TRIGGER booking_stays_with_card_unissued BEFORE UPDATE OF card_id, state ON booking
WHEN NEW.state IN ('held', 'booked', 'checked_in', 'called') AND NEW.card_id IS NOT NULL
 AND (OLD.card_id IS NOT NEW.card_id OR OLD.state NOT IN ('booked', 'checked_in', 'called'))
 AND (SELECT issued_at FROM card WHERE id = NEW.card_id) IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'card_is_issued'); END;

-- A card that a booking was tied to is its card for good.
CREATE TRIGGER booking_keeps_card BEFORE UPDATE OF card_id ON booking
WHEN OLD.card_id IS NOT NULL AND NEW.card_id IS NOT OLD.card_id
BEGIN SELECT RAISE(ABORT, 'booking_keeps_card'); END;

-- Waiting list (キャンセル待ち). An offer is a seat held by a booking without a
-- card, until offered_until.
--   place  order among those who wait for the same service at the same place;
--          by time of joining unless staff moved someone up
CREATE TABLE waiting (
  id            INTEGER PRIMARY KEY,
  ref           TEXT NOT NULL UNIQUE,
  card_id       INTEGER NOT NULL REFERENCES card (id),
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
  CHECK (state <> 'offered' OR booking_id IS NOT NULL AND offered_at IS NOT NULL),
  CHECK ((state IN ('waiting', 'offered')) = (ended_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX waiting_once_per_card ON waiting (card_id) WHERE state IN ('waiting', 'offered');
CREATE UNIQUE INDEX waiting_place ON waiting (venue_id, service_id, place) WHERE state IN ('waiting', 'offered');
CREATE UNIQUE INDEX waiting_offer ON waiting (booking_id) WHERE booking_id IS NOT NULL;
CREATE TRIGGER waiting_ends_once BEFORE UPDATE OF state ON waiting
WHEN OLD.state NOT IN ('waiting', 'offered') AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'waiting_is_over'); END;
CREATE TRIGGER waiting_is_kept BEFORE DELETE ON waiting BEGIN SELECT RAISE(ABORT, 'waiting_is_kept'); END;

-- Outbox (送信待ち): which mail is due to whom, and why. The address is looked
-- up when the mail is sent, never copied.
CREATE TABLE mail (
  id          INTEGER PRIMARY KEY,
  ref         TEXT NOT NULL UNIQUE,
  kind        TEXT NOT NULL CHECK (kind <> ''),
  card_id     INTEGER NOT NULL REFERENCES card (id),
  lang        TEXT NOT NULL CHECK (lang <> ''),
  booking_ref TEXT NOT NULL DEFAULT '',
  cause       TEXT NOT NULL DEFAULT '',
  queued_at   TEXT NOT NULL
) STRICT;
CREATE INDEX mail_card ON mail (card_id);
CREATE INDEX mail_booking ON mail (booking_ref);
