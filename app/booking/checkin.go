package booking

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// Problems of the day at the counter.
var (
	NotToday       = problem.Define(problem.Conflict, "booking_not_today")
	StepNotAllowed = problem.Define(problem.Conflict, "booking_step_not_allowed")
	NotLateYet     = problem.Define(problem.Conflict, "booking_not_late_yet")
	VisitNotFound  = problem.Define(problem.NotFound, "visit_not_found")
	NothingScanned = problem.Define(problem.Invalid, "visit_nothing_scanned")
	ScannedWithIME = problem.Define(problem.Invalid, "visit_scanned_with_ime")
	NobodyWaits    = problem.Define(problem.Conflict, "nobody_waits")
	CounterTooLong = problem.Define(problem.Invalid, "counter_too_long")
)

// from are the states that a step may begin in. Small offices skip steps: who
// is called need not have checked in.
var from = map[State][]State{
	CheckedIn:     {Booked},
	Called:        {Booked, CheckedIn, Called},
	Done:          {Booked, CheckedIn, Called},
	PapersMissing: {Booked, CheckedIn, Called},
	NoShow:        {Booked, CheckedIn, Called},
}

var stepActions = map[State]audit.Action{
	CheckedIn: audit.CheckedIn, Called: audit.BookingCalled, Done: audit.BookingDone,
	PapersMissing: audit.PapersMissing, NoShow: audit.NoShow,
}

// FindVisit finds the booking of who stands at the counter: by what a scanner
// read from the booking's QR code (its address or number) or from the delivery
// notice's (its number, alone or in an address), or by either number typed in.
// Problems: NothingScanned, ScannedWithIME, VisitNotFound; NotLive for a notice
// without a live booking, and then CardID is set.
func FindVisit(tx *store.Tx, scanned string) (Visit, error) {
	words := scannedWords(scanned)
	if len(words) == 0 {
		return Visit{}, NothingScanned.On("scanned")
	}
	for _, word := range words {
		v, err := visitOf(tx, word)
		if !errors.Is(err, VisitNotFound) {
			return v, err
		}
	}
	if jp.TypedWithIME(scanned) {
		return Visit{}, ScannedWithIME.On("scanned")
	}
	return Visit{}, VisitNotFound.On("scanned")
}

// scannedWords are the parts of a scanned text that may be a number or Ref: of
// an address the last part first, of a line of values the first alone, because
// the others of a recipient list are dates and numbers of other kinds.
func scannedWords(scanned string) []string {
	text := strings.TrimSpace(jp.Narrow(scanned))
	if i := strings.IndexAny(text, ",\t"); i >= 0 {
		text = text[:i]
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("/?&=#", r) })
	slices.Reverse(words)
	return words
}

func visitOf(tx *store.Tx, word string) (Visit, error) {
	if n, err := ParseNumber(word); err == nil {
		v, err := ByNumber(tx, n)
		if err == nil && v.State != Held && v.State != Expired {
			return v, nil
		}
		if err != nil && !errors.Is(err, NotFound) {
			return v, err
		}
	}
	if n, err := card.ParseNoticeNumber(word); err == nil {
		r, err := card.ByNoticeNumber(tx, n)
		if err == nil {
			return ofNotice(tx, r)
		}
		if !errors.Is(err, card.NotFound) {
			return Visit{}, err
		}
	}
	v, err := ByRef(tx, store.Ref(strings.ToLower(word)))
	if errors.Is(err, NotFound) || err == nil && (v.State == Held || v.State == Expired) {
		return Visit{}, VisitNotFound
	}
	return v, err
}

// ofNotice is the card's live booking, or what became of today's.
func ofNotice(tx *store.Tx, r card.Record) (Visit, error) {
	v, booked, err := Live(tx, r.Card.ID)
	if err != nil || booked {
		return v, err
	}
	v, err = one(tx, `booking.card_id = ? AND slot.held_on = ? AND booking.state IN ('done', 'papers_missing', 'no_show')
		ORDER BY booking.id DESC`, r.Card.ID, jp.DateOf(tx.Now))
	if errors.Is(err, NotFound) {
		v.CardID = r.Card.ID
		return v, NotLive
	}
	return v, err
}

// CheckIn marks that someone has come (来庁受付). Problems: NotFound, Stale,
// NotToday, StepNotAllowed.
func CheckIn(tx *store.Tx, by audit.Actor, ref store.Ref, version int) (Visit, error) {
	return step(tx, by, ref, version, CheckedIn, "")
}

// counterLength is the most characters of a counter's name.
const counterLength = 40

// Call marks that someone is called to a counter (呼出し), named in the words of
// the board; called again, they go to the counter named last. Problems: as
// CheckIn's, and CounterTooLong.
func Call(tx *store.Tx, by audit.Actor, ref store.Ref, version int, counter string) (Visit, error) {
	counter = strings.TrimSpace(counter)
	if utf8.RuneCountInString(counter) > counterLength {
		return Visit{}, CounterTooLong.On("counter").With("most", fmt.Sprint(counterLength))
	}
	return step(tx, by, ref, version, Called, counter)
}

// CallNext calls who is first in line to a counter: of those who wait at its
// place for a service that it serves, by the order of the board. Who else calls
// at the same time gets the next one. Problems: NobodyWaits, and Call's.
func CallNext(tx *store.Tx, by audit.Actor, c VenueCounter) (Visit, error) {
	board, err := BoardOf(tx, c.VenueID, jp.DateOf(tx.Now))
	if err != nil {
		return Visit{}, err
	}
	serves, err := Serves(tx, c)
	if err != nil {
		return Visit{}, err
	}
	for _, l := range board.Waiting {
		if serves(l.Visit.Slot.ServiceID) {
			return Call(tx, by, l.Visit.Booking.Ref, l.Visit.Version, c.Name)
		}
	}
	return Visit{}, NobodyWaits
}

// Finish marks that a visit has served its purpose (来庁済み). A card's issue
// does so by itself: MarkDone. Problems: as CheckIn's.
func Finish(tx *store.Tx, by audit.Actor, ref store.Ref, version int) (Visit, error) {
	return step(tx, by, ref, version, Done, "")
}

// MissPapers marks that someone came and had not brought what is needed
// (書類不足); the card can be booked again at once. Problems: as CheckIn's.
func MissPapers(tx *store.Tx, by audit.Actor, ref store.Ref, version int) (Visit, error) {
	return step(tx, by, ref, version, PapersMissing, "")
}

// MissVisit marks that nobody came (無断欠席), once the visit counts as late;
// the card can be booked again at once. Problems: as CheckIn's, NotLateYet.
func MissVisit(tx *store.Tx, by audit.Actor, ref store.Ref, version int) (Visit, error) {
	return step(tx, by, ref, version, NoShow, "")
}

func step(tx *store.Tx, by audit.Actor, ref store.Ref, version int, to State, counter string) (Visit, error) {
	if err := ExpireHolds(tx); err != nil {
		return Visit{}, err
	}
	v, err := ByRef(tx, ref)
	switch today := jp.DateOf(tx.Now); {
	case err != nil:
		return v, err
	case v.Version != version:
		return v, Stale
	case !slices.Contains(from[to], v.State):
		return v, StepNotAllowed
	case v.Slot.HeldOn != today && to != NoShow:
		return v, NotToday.With("on", v.Slot.HeldOn.Short())
	}
	if to == NoShow {
		after, err := LateFrom(tx, v.Slot)
		if err != nil || tx.Now.Before(after) {
			return v, orProblem(err, NotLateYet.With("at", jp.ClockOf(after).String()))
		}
	}
	switch to {
	case CheckedIn:
		_, err = tx.Exec(`UPDATE booking SET state = ?, checked_in_at = ?, version = version + 1 WHERE id = ?`, to, tx.Now, v.ID)
	case Called:
		_, err = tx.Exec(`UPDATE booking SET state = ?, called_at = ?, called_to = ?, version = version + 1 WHERE id = ?`, to, tx.Now, counter, v.ID)
	default:
		_, err = tx.Exec(`UPDATE booking SET state = ?, ended_at = ?, version = version + 1 WHERE id = ?`, to, tx.Now, v.ID)
	}
	if err != nil {
		return v, fmt.Errorf("mark visit: %w", err)
	}
	if err := audit.Record(tx, by, stepActions[to], v.Subject(), audit.Detail{"was": v.State}); err != nil {
		return v, err
	}
	return ByRef(tx, ref)
}

// LateMinutes is how many minutes after a slot's start a visit counts as late.
func LateMinutes(tx *store.Tx) (int, error) {
	town, err := settings.Get(tx)
	return town.LateMinutes, err
}

// LateFrom is the instant from which who has not come is late for a slot.
func LateFrom(tx *store.Tx, s Slot) (time.Time, error) {
	minutes, err := LateMinutes(tx)
	return s.At().Add(time.Duration(minutes) * time.Minute), err
}

// before is the state that a wrong step is taken back to.
func (b Booking) before() (State, bool) {
	switch {
	case b.State == CheckedIn:
		return Booked, true
	case b.State == Called && b.CheckedInAt.IsZero():
		return Booked, true
	case b.State == Called:
		return CheckedIn, true
	case b.State != Done && b.State != PapersMissing && b.State != NoShow:
		return "", false
	case !b.CalledAt.IsZero():
		return Called, true
	case !b.CheckedInAt.IsZero():
		return CheckedIn, true
	}
	return Booked, true
}

// CanUndo reports whether the booking's last step can be taken back on a day.
func (v Visit) CanUndo(today jp.Date) bool {
	_, ok := v.before()
	return ok && v.Slot.HeldOn == today
}

// Undo takes the last step of a visit back, on the day itself. Problems:
// NotFound, Stale, NotToday, StepNotAllowed, AlreadyBooked when the card has
// been booked again, CardIssued.
func Undo(tx *store.Tx, by audit.Actor, ref store.Ref, version int) (Visit, error) {
	if err := ExpireHolds(tx); err != nil {
		return Visit{}, err
	}
	v, err := ByRef(tx, ref)
	if err != nil {
		return v, err
	}
	to, ok := v.before()
	switch {
	case v.Version != version:
		return v, Stale
	case !ok:
		return v, StepNotAllowed
	case v.Slot.HeldOn != jp.DateOf(tx.Now):
		return v, NotToday.With("on", v.Slot.HeldOn.Short())
	}
	if v.CardID != 0 && !v.Live() {
		if err := Release(tx, by, v.CardID); err != nil {
			return v, err
		}
	}
	_, err = tx.Exec(`UPDATE booking SET state = ?, ended_at = NULL, version = version + 1,
		checked_in_at = iif(? = 'booked', NULL, checked_in_at),
		called_at = iif(? = 'called', called_at, NULL), called_to = iif(? = 'called', called_to, '') WHERE id = ?`, to, to, to, to, v.ID)
	if err != nil {
		return v, fmt.Errorf("take step back: %w", meaning(err))
	}
	if err := audit.Record(tx, by, audit.StepUndone, v.Subject(), audit.Detail{"was": v.State, "is": to}); err != nil {
		return v, err
	}
	return ByRef(tx, ref)
}
