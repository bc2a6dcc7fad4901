package booking

import (
	"errors"
	"fmt"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// Problems of the waiting list.
var (
	AlreadyWaiting  = problem.Define(problem.Conflict, "waiting_already")
	PlacesFree      = problem.Define(problem.Conflict, "waiting_places_free")
	NotSooner       = problem.Define(problem.Conflict, "waiting_not_sooner")
	WaitingNotFound = problem.Define(problem.NotFound, "waiting_not_found")
	WaitingStale    = problem.Define(problem.Conflict, "waiting_stale")
	WaitingOver     = problem.Define(problem.Conflict, "waiting_over")
	NotOffered      = problem.Define(problem.Conflict, "waiting_not_offered")
	WaitingFirst    = problem.Define(problem.Conflict, "waiting_first")
)

// WaitingState is what became of an entry of the waiting list.
type WaitingState string

// The states; the entry counts while it is InLine or Offered.
const (
	InLine       WaitingState = "waiting"
	Offered      WaitingState = "offered"
	Taken        WaitingState = "taken"
	Declined     WaitingState = "declined"
	OfferExpired WaitingState = "expired"
	Left         WaitingState = "left"
	Removed      WaitingState = "removed"
)

// Label is the state's name on the screen.
func (s WaitingState) Label() string {
	return map[WaitingState]string{
		InLine: "待っています", Offered: "案内中", Taken: "予約しました", Declined: "辞退", OfferExpired: "期限切れ",
		Left: "取りやめ", Removed: "職員が削除",
	}[s]
}

// Waiting is someone's wish for a place on days that are full (キャンセル待ち).
type Waiting struct {
	ID     int64
	Ref    store.Ref
	CardID card.ID // 0 for a visitor
	// RecipientID is the row of a visitor; Number, by which one without a booking
	// finds the entry, becomes that of the booking.
	RecipientID int64
	Number      Number
	VenueID     int64
	ServiceID   int64
	FromOn      jp.Date
	UntilOn     jp.Date
	Place       int // order among those who wait for the same; gaps are usual
	State       WaitingState
	JoinedAt    time.Time
	OfferedAt   time.Time
	EndedAt     time.Time
	BookingID   ID // the hold that is or was offered; 0 before
	Version     int
}

// Subject names the entry in the audit log.
func (w Waiting) Subject() audit.Subject { return audit.Subject{Kind: "waiting", Ref: w.Ref} }

// Live reports whether the entry still counts.
func (w Waiting) Live() bool { return w.State == InLine || w.State == Offered }

const waitingColumns = `waiting.id, waiting.ref, waiting.card_id, waiting.recipient_id, waiting.number, waiting.venue_id, waiting.service_id, waiting.from_on, waiting.until_on,
	waiting.place, waiting.state, waiting.joined_at, waiting.offered_at, waiting.ended_at, waiting.booking_id, waiting.version`

func oneWaiting(tx *store.Tx, where string, args ...any) (Waiting, error) {
	w, err := store.One[Waiting](tx, `SELECT `+waitingColumns+` FROM waiting WHERE `+where, args...)
	if errors.Is(err, store.ErrNotFound) {
		return w, WaitingNotFound
	}
	return w, err
}

// WaitingByRef finds an entry by the Ref in an address. Problem: WaitingNotFound.
func WaitingByRef(tx *store.Tx, ref store.Ref) (Waiting, error) {
	return oneWaiting(tx, `ref = ?`, ref)
}

// WaitingOf finds the card's live entry; ok is false when it has none.
func WaitingOf(tx *store.Tx, id card.ID) (Waiting, bool, error) { return waiter{card: id}.entry(tx) }

// WaitingOfVisitor finds the live entry of a visitor's row; ok is false when
// they have none.
func WaitingOfVisitor(tx *store.Tx, recipientID int64) (Waiting, bool, error) {
	return waiter{visitor: recipientID}.entry(tx)
}

// waiter is who waits: a card or a visitor.
type waiter struct {
	card    card.ID
	visitor int64
}

func (w Waiting) who() waiter { return waiter{w.CardID, w.RecipientID} }

func (v Visit) who() waiter { return waiter{v.CardID, v.RecipientID} }

func (who waiter) entry(tx *store.Tx) (w Waiting, ok bool, err error) {
	w, err = oneWaiting(tx, `(card_id = nullif(?, 0) OR recipient_id = nullif(?, 0)) AND state IN ('waiting', 'offered')`, who.card, who.visitor)
	if errors.Is(err, WaitingNotFound) {
		return w, false, nil
	}
	return w, err == nil, err
}

// WaitingEntry is one line of the waiting list as staff see it.
type WaitingEntry struct {
	Waiting Waiting
	Record  card.Record
	Venue   Venue
}

var selectWaiting = `SELECT ` + store.Prefixed("waiting", waitingColumns) + `, ` + store.Prefixed("record", card.Columns) + `,
	` + store.Prefixed("venue", venueColumns) + `
	FROM waiting LEFT JOIN card ON card.id = waiting.card_id
	JOIN recipient ON recipient.id = coalesce(card.recipient_id, waiting.recipient_id)
	JOIN venue ON venue.id = waiting.venue_id `

// WaitingEntryByRef is an entry as staff see it. Problem: WaitingNotFound.
func WaitingEntryByRef(tx *store.Tx, ref store.Ref) (WaitingEntry, error) {
	e, err := store.One[WaitingEntry](tx, selectWaiting+`WHERE waiting.ref = ?`, ref)
	if errors.Is(err, store.ErrNotFound) {
		return e, WaitingNotFound
	}
	return e, err
}

// WaitingList lists who waits, at one place or (venueID 0) at all, in the
// order in which places are offered.
func WaitingList(tx *store.Tx, venueID int64) ([]WaitingEntry, error) {
	return store.All[WaitingEntry](tx, selectWaiting+`WHERE waiting.state IN ('waiting', 'offered') AND (? = 0 OR waiting.venue_id = ?)
		ORDER BY venue.position, waiting.venue_id, waiting.service_id, waiting.place`, venueID, venueID)
}

// WaitingWish is what someone waits for: any day of a span, at one place.
type WaitingWish struct {
	Card           card.ID // 0 for a visitor; see JoinVisitor
	Venue, Service int64
	From, Until    jp.Date // both included; one full day, or all days up to a later booking

	visitor int64
	number  Number
}

// Join puts a card at the end of the waiting list. With a live booking, only
// sooner days are waited for. Problems: card.NotFound, CardIssued,
// OutsidePeriod, NotSooner, PlacesFree, AlreadyWaiting.
func Join(tx *store.Tx, by audit.Actor, wish WaitingWish) (Waiting, error) {
	if err := ExpireHolds(tx); err != nil {
		return Waiting{}, err
	}
	r, err := card.GetByID(tx, wish.Card)
	switch {
	case err != nil:
		return Waiting{}, err
	case r.Issued():
		return Waiting{}, CardIssued
	}
	return join(tx, by, wish, audit.Detail{"card": r.Ref})
}

// JoinVisitor is Join for someone without a card and without a booking, for a
// service that needs no notice; the entry's Number is what they find it by.
// Problems: as Join's, those of card.AddVisitor, NoticeNeeded, TooManyLive.
func JoinVisitor(tx *store.Tx, by audit.Actor, wish WaitingWish, who card.Visitor) (Waiting, error) {
	if err := ExpireHolds(tx); err != nil {
		return Waiting{}, err
	}
	left, err := releaseVisitor(tx, by, who)
	if err != nil {
		return Waiting{}, err
	}
	s, err := ServiceByID(tx, wish.Service)
	if err != nil {
		return Waiting{}, err
	}
	if !s.WithoutNotice {
		return Waiting{}, NoticeNeeded
	}
	if wish.visitor, err = card.AddVisitor(tx, by, who); err != nil {
		return Waiting{}, err
	}
	rules, err := RulesOf(tx, s.ID)
	if err != nil {
		return Waiting{}, err
	}
	if err := mayHaveMore(tx, rules, wish.visitor); err != nil {
		return Waiting{}, err
	}
	if wish.number, err = drawNumber(tx); err != nil {
		return Waiting{}, err
	}
	w, err := join(tx, by, wish, audit.Detail{"without_card": true})
	if err != nil {
		return w, err
	}
	return w, offer(tx, by, left)
}

// JoinSooner is Join for a booking, with or without a card: a sooner day than it
// has is waited for. Problems: as Join's, NotLive.
func JoinSooner(tx *store.Tx, by audit.Actor, v Visit, wish WaitingWish) (Waiting, error) {
	if v.CardID != 0 {
		wish.Card = v.CardID
		return Join(tx, by, wish)
	}
	if err := ExpireHolds(tx); err != nil {
		return Waiting{}, err
	}
	if !v.Live() {
		return Waiting{}, NotLive
	}
	wish.visitor = v.RecipientID
	return join(tx, by, wish, audit.Detail{"booking": v.Booking.Ref})
}

func join(tx *store.Tx, by audit.Actor, wish WaitingWish, detail audit.Detail) (Waiting, error) {
	p, err := narrowed(tx, wish)
	if err != nil {
		return Waiting{}, err
	}
	free, err := FreeDays(tx, wish.Venue, wish.Service, p, ResidentSeat)
	if err != nil {
		return Waiting{}, err
	}
	for _, d := range free {
		if d.Remaining > 0 {
			return Waiting{}, PlacesFree
		}
	}
	ref := store.NewRef()
	_, err = tx.Insert(`INSERT INTO waiting (ref, card_id, recipient_id, number, venue_id, service_id, from_on, until_on, state, joined_at, place)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, (SELECT coalesce(max(place), 0) + 1 FROM waiting WHERE venue_id = ? AND service_id = ?))`,
		ref, store.Opt(wish.Card), store.Opt(wish.visitor), store.Opt(string(wish.number)), wish.Venue, wish.Service, p.From, p.To, tx.Now,
		wish.Venue, wish.Service)
	if store.Broke(err, store.Unique, "waiting.card_id") || store.Broke(err, store.Unique, "waiting.recipient_id") {
		return Waiting{}, AlreadyWaiting
	}
	if err != nil {
		return Waiting{}, fmt.Errorf("join waiting list: %w", err)
	}
	w, err := WaitingByRef(tx, ref)
	if err != nil {
		return w, err
	}
	detail["from"], detail["until"] = p.From, p.To
	return w, audit.Record(tx, by, audit.WaitingJoined, w.Subject(), detail)
}

// narrowed is a wish's days as far as they can be booked and are not later than
// what the card has.
func narrowed(tx *store.Tx, wish WaitingWish) (Period, error) {
	p, err := Bookable(tx, wish.Venue, wish.Service)
	if err != nil {
		return p, err
	}
	if wish.From.After(p.From) {
		p.From = wish.From
	}
	if wish.Until.Before(p.To) {
		p.To = wish.Until
	}
	if p.Empty() {
		return p, OutsidePeriod
	}
	v, booked, err := liveOf(tx, waiter{wish.Card, wish.visitor})
	if err != nil || !booked {
		return p, err
	}
	if p.To.After(v.Slot.HeldOn) {
		p.To = v.Slot.HeldOn
	}
	if p.Empty() {
		return p, NotSooner
	}
	return p, nil
}

// Leave ends a person's waiting; a place that was offered goes to the next.
// Problems: WaitingNotFound, WaitingStale, WaitingOver.
func Leave(tx *store.Tx, by audit.Actor, ref store.Ref, version int) error {
	return quit(tx, by, ref, version, Left)
}

// Remove takes someone off the list, for staff. Problems: as Leave's.
func Remove(tx *store.Tx, by audit.Actor, ref store.Ref, version int) error {
	return quit(tx, by, ref, version, Removed)
}

// Decline gives an offered place to the next and ends the person's waiting.
// Problems: as Leave's, and NotOffered.
func Decline(tx *store.Tx, by audit.Actor, ref store.Ref, version int) error {
	return quit(tx, by, ref, version, Declined)
}

func quit(tx *store.Tx, by audit.Actor, ref store.Ref, version int, as WaitingState) error {
	w, err := waitingNow(tx, ref, version)
	if err != nil {
		return err
	}
	if as == Declined && w.State != Offered {
		return NotOffered
	}
	return end(tx, by, w, as)
}

// waitingNow finds a live entry that is still as the caller saw it, after what
// was due has run out.
func waitingNow(tx *store.Tx, ref store.Ref, version int) (Waiting, error) {
	if err := ExpireHolds(tx); err != nil {
		return Waiting{}, err
	}
	w, err := WaitingByRef(tx, ref)
	switch {
	case err != nil:
		return w, err
	case !w.Live():
		return w, WaitingOver
	case w.Version != version:
		return w, WaitingStale
	}
	return w, nil
}

var waitingActions = map[WaitingState]audit.Action{
	Taken: audit.WaitingTaken, Declined: audit.WaitingDeclined, OfferExpired: audit.WaitingExpired,
	Left: audit.WaitingLeft, Removed: audit.WaitingRemoved,
}

// end ends an entry. The place it was offered, if it was, is offered further.
func end(tx *store.Tx, by audit.Actor, w Waiting, as WaitingState) error {
	slotID, err := endQuietly(tx, by, w, as)
	if err != nil {
		return err
	}
	return offer(tx, by, slotID)
}

// endQuietly ends an entry, gives back the place it was offered and returns
// that place's slot; 0 for none.
func endQuietly(tx *store.Tx, by audit.Actor, w Waiting, as WaitingState) (slotID int64, err error) {
	_, err = tx.Exec(`UPDATE waiting SET state = ?, ended_at = ?, version = version + 1 WHERE id = ?`, as, tx.Now, w.ID)
	if err != nil {
		return 0, fmt.Errorf("end waiting: %w", err)
	}
	if err := audit.Record(tx, by, waitingActions[as], w.Subject(), nil); err != nil || w.State != Offered {
		return 0, err
	}
	v, err := one(tx, `booking.id = ?`, w.BookingID)
	if err != nil || v.State != Held {
		return 0, err
	}
	return v.SlotID, endHold(tx, by, v.Booking, audit.HoldReleased)
}

// endOffer ends the entry whose offered hold is over.
func endOffer(tx *store.Tx, by audit.Actor, hold ID, as WaitingState) error {
	w, err := oneWaiting(tx, `booking_id = ? AND state = 'offered'`, hold)
	if errors.Is(err, WaitingNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = endQuietly(tx, by, w, as)
	return err
}

// MoveUp lets someone change places with whoever waits before them, for staff.
// Problems: WaitingNotFound, WaitingStale, WaitingOver, WaitingFirst.
func MoveUp(tx *store.Tx, by audit.Actor, ref store.Ref, version int) error {
	w, err := waitingNow(tx, ref, version)
	if err != nil {
		return err
	}
	before, err := oneWaiting(tx, `venue_id = ? AND service_id = ? AND state = 'waiting' AND place < ? ORDER BY place DESC`,
		w.VenueID, w.ServiceID, w.Place)
	switch {
	case errors.Is(err, WaitingNotFound) || w.State == Offered:
		return WaitingFirst
	case err != nil:
		return err
	}
	// By way of a number that nobody has: no two may have one at any moment.
	for _, step := range []struct {
		id    int64
		place int
	}{{w.ID, -w.Place}, {before.ID, w.Place}, {w.ID, before.Place}} {
		if _, err := tx.Exec(`UPDATE waiting SET place = ?, version = version + 1 WHERE id = ?`, step.place, step.id); err != nil {
			return fmt.Errorf("move up: %w", err)
		}
	}
	return audit.Record(tx, by, audit.WaitingMovedUp, w.Subject(), audit.Detail{"before": before.Ref})
}

// stopWaiting ends someone's waiting, if they wait.
func stopWaiting(tx *store.Tx, by audit.Actor, who waiter) error {
	w, waiting, err := who.entry(tx)
	if err != nil || !waiting {
		return err
	}
	return end(tx, by, w, Left)
}

// reached ends someone's waiting for what a booking has given it, and
// returns the slot of the place they had been offered; 0 for none.
func reached(tx *store.Tx, by audit.Actor, v Visit) (left int64, err error) {
	w, waiting, err := v.who().entry(tx)
	span := Period{From: w.FromOn, To: w.UntilOn}
	if err != nil || !waiting || w.VenueID != v.Slot.VenueID || w.ServiceID != v.Slot.ServiceID || !span.Holds(v.Slot.HeldOn) {
		return 0, err
	}
	return endQuietly(tx, by, w, Taken)
}

// leastTime is what someone who is offered a place must have: time to decide,
// and after that to come.
const leastTime = time.Hour

// offerUntil is until when a place may be offered at tx.Now; ok is false when
// there is no time left for it.
func offerUntil(tx *store.Tx, s Slot) (until time.Time, ok bool, err error) {
	town, err := settings.Get(tx)
	if err != nil {
		return until, false, err
	}
	until = tx.Now.Add(time.Duration(town.OfferHours) * time.Hour)
	if last := s.At().Add(-leastTime); last.Before(until) {
		until = last
	}
	return until, until.Sub(tx.Now) >= leastTime, nil
}

// Queue tells how many wait before an entry for the same service at the same
// place, and where.
func Queue(tx *store.Tx, w Waiting) (before int, at Venue, err error) {
	before, err = store.One[int](tx, `SELECT count(*) FROM waiting
		WHERE venue_id = ? AND service_id = ? AND state = 'waiting' AND place < ?`, w.VenueID, w.ServiceID, w.Place)
	if err != nil {
		return 0, at, err
	}
	at, err = store.One[Venue](tx, `SELECT `+venueColumns+` FROM venue WHERE id = ?`, w.VenueID)
	return before, at, err
}
