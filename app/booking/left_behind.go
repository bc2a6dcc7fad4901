package booking

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Problems of what was left behind.
var (
	LeftNotFound = problem.Define(problem.NotFound, "left_behind_not_found")
	LeftOver     = problem.Define(problem.Conflict, "left_behind_over")
	// ChangedSince: the booking went on after the take-over.
	ChangedSince = problem.Define(problem.Conflict, "left_behind_changed_since")
)

// Answered is a booking as a machine had it that was succeeded, with the newest
// entry about it in that machine's audit log: where the successor has the
// entry, it has everything up to it.
type Answered struct {
	Ref     store.Ref     `json:"ref"`
	Number  string        `json:"number"`
	Card    store.Ref     `json:"card,omitempty"`
	Visitor *card.Visitor `json:"visitor,omitempty"`
	Slot    store.Ref     `json:"slot"`
	Place   string        `json:"place"` // time and place in words
	Seat    Seat          `json:"seat"`
	Channel Channel       `json:"channel"`
	Reason  string        `json:"reason,omitempty"`
	State   State         `json:"state"`
	Lang    string        `json:"lang,omitempty"`
	Entry   int64         `json:"entry"`
	At      time.Time     `json:"at"`
	Action  audit.Action  `json:"action"`
}

// AnsweredSince lists the bookings that were made, changed or cancelled at an
// instant or later.
func AnsweredSince(tx *store.Tx, since time.Time) ([]Answered, error) {
	type row struct {
		Entry  int64
		At     time.Time
		Action audit.Action
		Ref    store.Ref
	}
	rows, err := store.All[row](tx, `SELECT max(id) AS entry, at, action, subject AS ref FROM audit
		WHERE subject_kind = 'booking' AND at >= ? AND action IN ('booked', 'booking_changed', 'booking_cancelled') GROUP BY subject ORDER BY entry`, since)
	if err != nil {
		return nil, err
	}
	var all []Answered
	for _, r := range rows {
		e, err := EntryByRef(tx, r.Ref)
		if err != nil {
			return nil, err
		}
		v := e.Visit
		service, err := ServiceByID(tx, v.Slot.ServiceID)
		if err != nil {
			return nil, err
		}
		a := Answered{
			Ref: r.Ref, Number: string(v.Number), Slot: v.Slot.Ref, Seat: v.Seat, Channel: v.Channel, Reason: v.Reason, State: v.State,
			Place: v.Slot.HeldOn.Short() + " " + v.Slot.Starts.String() + "　" + v.Venue.Name + "　" + service.Name,
			Entry: r.Entry, At: r.At, Action: r.Action,
		}
		if v.CardID != 0 {
			a.Card = e.Record.Card.Ref
		} else if v.RecipientID != 0 {
			a.Visitor = &card.Visitor{Name: e.Record.Name, KanaName: e.Record.KanaName, Telephone: e.Record.Telephone}
		}
		a.Lang, err = store.One[string](tx, `SELECT coalesce((SELECT lang FROM mail WHERE booking_ref = ? ORDER BY id DESC LIMIT 1), '')`, r.Ref)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// LeftKind is what had been answered.
type LeftKind string

// The kinds.
const (
	LeftBooked    LeftKind = "booked"
	LeftChanged   LeftKind = "changed"
	LeftCancelled LeftKind = "cancelled"
)

// Label is the kind's name on the screen.
func (k LeftKind) Label() string {
	return map[LeftKind]string{LeftBooked: "予約", LeftChanged: "変更", LeftCancelled: "取消"}[k]
}

// LeftState is what became of it here.
type LeftState string

// The states.
const (
	LeftOpen    LeftState = "open"
	LeftRedone  LeftState = "redone"  // carried out here as it was answered
	LeftSettled LeftState = "settled" // a person has seen to it
)

// LeftBehind is what a machine answered as provisional and its successor does
// not have (引き継ぎで残った仮受付).
type LeftBehind struct {
	ID          int64
	Ref         store.Ref
	What        LeftKind
	BookingRef  store.Ref
	Number      Number
	CardID      card.ID
	RecipientID int64 // a visitor without a card
	SlotID      int64 // 0: there is no such slot here
	Place       string
	Seat        Seat
	Channel     Channel
	Reason      string
	Lang        string
	WrittenAt   time.Time
	State       LeftState
	Why         string // code of the problem for which a person has to decide
	Note        string // what a person did about it
	SettledAt   time.Time
	SettledBy   int64
	Version     int
}

// Subject names it in the audit log.
func (l LeftBehind) Subject() audit.Subject { return audit.Subject{Kind: "left_behind", Ref: l.Ref} }

const leftColumns = `left_behind.id, left_behind.ref, left_behind.what, left_behind.booking_ref, left_behind.number, left_behind.card_id,
	left_behind.recipient_id, left_behind.slot_id, left_behind.place, left_behind.seat, left_behind.channel, left_behind.reason, left_behind.lang,
	left_behind.written_at, left_behind.state, left_behind.why, left_behind.note, left_behind.settled_at, left_behind.settled_by, left_behind.version`

// TakeIn puts on the work list what this store lacks of an answer that an
// earlier machine gave. It is safe to be called again. ok is false when there is
// nothing to do, or a person to decide.
func TakeIn(tx *store.Tx, by audit.Actor, epoch string, a Answered) (l LeftBehind, ok bool, err error) {
	has, err := store.One[bool](tx, `SELECT EXISTS (SELECT 1 FROM audit WHERE id = ? AND at = ? AND action = ? AND subject_kind = 'booking' AND subject = ?)`,
		a.Entry, a.At, a.Action, a.Ref)
	if err != nil || has {
		return l, false, err
	}
	l, err = store.One[LeftBehind](tx, `SELECT `+leftColumns+` FROM left_behind WHERE epoch = ? AND booking_ref = ?`, epoch, a.Ref)
	if err == nil || !errors.Is(err, store.ErrNotFound) {
		return l, err == nil && l.State == LeftOpen && l.Why == "", err
	}
	what, err := a.lacking(tx)
	if err != nil || what == "" {
		return l, false, err
	}
	l = LeftBehind{Ref: store.NewRef(), What: what}
	if a.Card != "" {
		if r, err := card.Get(tx, a.Card); err == nil {
			l.CardID = r.Card.ID
		} else if !errors.Is(err, card.NotFound) {
			return l, false, err
		}
	} else if a.Visitor != nil {
		if l.RecipientID, err = a.person(tx, by); err != nil {
			return l, false, err
		}
	}
	s, err := SlotByRef(tx, a.Slot)
	if err != nil && !errors.Is(err, SlotNotFound) {
		return l, false, err
	}
	_, err = tx.Exec(`INSERT INTO left_behind (ref, epoch, what, booking_ref, number, card_id, recipient_id, slot_id, place, seat, channel, reason, lang,
		written_at, taken_in_at, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open')`,
		l.Ref, epoch, what, a.Ref, a.Number, store.Opt(l.CardID), store.Opt(l.RecipientID), store.Opt(s.ID), a.Place, a.Seat, a.Channel, a.Reason, a.Lang, a.At, tx.Now)
	if err != nil {
		return l, false, fmt.Errorf("take in what was left behind: %w", err)
	}
	if err := audit.Record(tx, by, audit.LeftTakenIn, l.Subject(), audit.Detail{"epoch": epoch, "what": what, "booking": a.Ref}); err != nil {
		return l, false, err
	}
	l, err = LeftByRef(tx, l.Ref)
	return l, true, err
}

// lacking tells what of the answer this store does not have; "" for nothing
// that a booking here would differ by.
func (a Answered) lacking(tx *store.Tx) (LeftKind, error) {
	v, err := ByRef(tx, a.Ref)
	switch {
	case errors.Is(err, NotFound):
		if a.State == Cancelled || a.State == Expired || a.State == Held {
			return "", nil
		}
		return LeftBooked, nil
	case err != nil:
		return "", err
	case !v.Live():
		return "", nil // it ended here
	case a.State == Cancelled:
		return LeftCancelled, nil
	case v.Slot.Ref != a.Slot:
		return LeftChanged, nil
	}
	return "", nil
}

// person is the visitor's row: that of the booking here, or a new one.
func (a Answered) person(tx *store.Tx, by audit.Actor) (int64, error) {
	v, err := ByRef(tx, a.Ref)
	if err == nil {
		return v.RecipientID, nil
	}
	if !errors.Is(err, NotFound) {
		return 0, err
	}
	return card.AddVisitor(tx, by, *a.Visitor)
}

// Redo carries out here what was answered there: the booking with its number,
// the change or the cancellation. Problems: as Book's, Change's and Cancel's,
// card.NotFound, LeftNotFound, LeftOver, ChangedSince.
func Redo(tx *store.Tx, by audit.Actor, ref store.Ref, version int) error {
	l, err := openLeft(tx, ref, version)
	if err != nil {
		return err
	}
	if err := ExpireHolds(tx); err != nil {
		return err
	}
	w := Wish{Card: l.CardID, Channel: l.Channel, Seat: l.Seat, Reason: l.Reason, Lang: l.Lang, visitor: l.RecipientID}
	if l.What != LeftCancelled {
		s, err := slotByID(tx, l.SlotID)
		if err != nil {
			return err
		}
		w.Slot = s.Ref
	}
	switch l.What {
	case LeftBooked:
		err = l.bookAgain(tx, by, w)
	default:
		err = l.goOn(tx, by, w)
	}
	if err != nil {
		return err
	}
	return l.end(tx, by, LeftRedone, audit.LeftRedone, "")
}

// bookAgain makes the booking under its own number, which the person has.
func (l LeftBehind) bookAgain(tx *store.Tx, by audit.Actor, w Wish) error {
	taken, err := store.One[bool](tx, `SELECT EXISTS (SELECT 1 FROM booking WHERE number = ?) OR EXISTS (SELECT 1 FROM waiting WHERE number = ?)`,
		string(l.Number), string(l.Number))
	if err != nil {
		return err
	}
	w.ref = l.BookingRef
	if !taken {
		w.number = l.Number
	}
	if l.CardID != 0 {
		_, left, err := book(tx, by, w)
		if err != nil {
			return err
		}
		return offer(tx, by, left...)
	}
	if l.RecipientID == 0 {
		return card.NotFound
	}
	s, err := choose(tx, w)
	if err != nil {
		return err
	}
	_, err = bookVisitor(tx, by, w, s)
	return err
}

// goOn changes or cancels the booking, if nobody has done anything with it here.
func (l LeftBehind) goOn(tx *store.Tx, by audit.Actor, w Wish) error {
	v, err := ByRef(tx, l.BookingRef)
	if err != nil {
		return err
	}
	since, err := store.One[bool](tx, `SELECT EXISTS (SELECT 1 FROM audit WHERE subject_kind = 'booking' AND subject = ? AND at > ?)`, l.BookingRef, l.WrittenAt)
	if err != nil {
		return err
	}
	if since && by.Kind != audit.Staff { // who has seen the list knows
		return ChangedSince
	}
	if l.What == LeftCancelled {
		_, err = Cancel(tx, by, v.Booking.Ref, v.Version)
	} else {
		_, err = Change(tx, by, v.Booking.Ref, v.Version, w)
	}
	return err
}

// Undecided notes why it could not be redone: a person decides.
func Undecided(tx *store.Tx, by audit.Actor, l LeftBehind, why *problem.Problem) error {
	_, err := tx.Exec(`UPDATE left_behind SET why = ? WHERE ref = ? AND state = 'open'`, why.Code, l.Ref)
	if err != nil {
		return fmt.Errorf("note why it was left: %w", err)
	}
	return audit.Record(tx, by, audit.LeftUndecided, l.Subject(), audit.Detail{"booking": l.BookingRef, "why": why.Code})
}

// Settle ends an entry of the work list with what was done about it. Problems:
// LeftNotFound, LeftOver, ReasonMissing, ReasonTooLong.
func Settle(tx *store.Tx, by audit.Actor, ref store.Ref, version int, note string) error {
	l, err := openLeft(tx, ref, version)
	if err != nil {
		return err
	}
	note = strings.TrimSpace(note)
	switch n := utf8.RuneCountInString(note); {
	case n == 0:
		return ReasonMissing.On("reason")
	case n > reasonLength:
		return ReasonTooLong.On("reason").With("most", fmt.Sprint(reasonLength))
	}
	return l.end(tx, by, LeftSettled, audit.LeftSettled, note)
}

func (l LeftBehind) end(tx *store.Tx, by audit.Actor, as LeftState, action audit.Action, note string) error {
	_, err := tx.Exec(`UPDATE left_behind SET state = ?, note = ?, settled_at = ?, settled_by = ?, version = version + 1 WHERE id = ?`,
		as, note, tx.Now, store.Opt(by.StaffID), l.ID)
	if err != nil {
		return fmt.Errorf("end what was left behind: %w", err)
	}
	return audit.Record(tx, by, action, l.Subject(), audit.Detail{"booking": l.BookingRef, "what": l.What})
}

func openLeft(tx *store.Tx, ref store.Ref, version int) (LeftBehind, error) {
	l, err := LeftByRef(tx, ref)
	if err == nil && (l.State != LeftOpen || l.Version != version) {
		err = LeftOver
	}
	return l, err
}

// LeftByRef finds an entry of the work list. Problem: LeftNotFound.
func LeftByRef(tx *store.Tx, ref store.Ref) (LeftBehind, error) {
	l, err := store.One[LeftBehind](tx, `SELECT `+leftColumns+` FROM left_behind WHERE ref = ?`, ref)
	if errors.Is(err, store.ErrNotFound) {
		return l, LeftNotFound
	}
	return l, err
}

// LeftEntry is a line of the work list with whom it is for.
type LeftEntry struct {
	Left   LeftBehind
	Record card.Record
	Venue  int64  // of its slot; 0 for none
	By     string // name of the staff who ended it; "" for nobody
}

var selectLeft = `SELECT ` + store.Prefixed("left", leftColumns) + `, ` + store.Prefixed("record", card.Columns) + `, coalesce(slot.venue_id, 0) AS venue, coalesce(staff.name, '') AS "by"
	FROM left_behind LEFT JOIN slot ON slot.id = left_behind.slot_id LEFT JOIN card ON card.id = left_behind.card_id
	LEFT JOIN staff ON staff.id = left_behind.settled_by
	LEFT JOIN recipient ON recipient.id = coalesce(card.recipient_id, left_behind.recipient_id) `

// LeftList lists what was left behind, what is open first, then the newest; at
// most so many.
func LeftList(tx *store.Tx, most int) ([]LeftEntry, error) {
	return store.All[LeftEntry](tx, selectLeft+`ORDER BY left_behind.state = 'open' DESC, left_behind.id DESC LIMIT ?`, most)
}

// LeftEntryByRef finds an entry with whom it is for. Problem: LeftNotFound.
func LeftEntryByRef(tx *store.Tx, ref store.Ref) (LeftEntry, error) {
	e, err := store.One[LeftEntry](tx, selectLeft+`WHERE left_behind.ref = ?`, ref)
	if errors.Is(err, store.ErrNotFound) {
		return e, LeftNotFound
	}
	return e, err
}

// LeftUndecided counts what a person has to decide.
func LeftUndecided(tx *store.Tx) (int, error) {
	return store.One[int](tx, `SELECT count(*) FROM left_behind WHERE state = 'open'`)
}

// slotByID finds a slot by its row. Problem: SlotNotFound.
func slotByID(tx *store.Tx, id int64) (Slot, error) {
	s, err := store.One[Slot](tx, `SELECT `+slotColumns+` FROM slot WHERE id = ?`, id)
	if errors.Is(err, store.ErrNotFound) {
		return s, SlotNotFound
	}
	return s, err
}
