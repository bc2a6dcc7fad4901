package booking

import (
	"errors"
	"fmt"
	"time"

	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/mail"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// Letter is what a mail about a booking would say at tx.Now, and why it would
// not be sent any more. A mail tells how things stand when it is sent, not how
// they stood when it was queued.
func Letter(tx *store.Tx, r mail.Row) (mail.Content, error) {
	town, err := settings.Get(tx)
	if err != nil {
		return mail.Content{}, err
	}
	c := mail.Content{Facts: mail.Facts{
		Town: town.TownName, Site: town.ServiceName, Telephone: town.OfficeTelephone, Cause: r.Cause,
	}}
	if r.Kind == mail.Confirm {
		return proposalLetter(tx, r, c)
	}
	v, err := ByRef(tx, r.BookingRef)
	if errors.Is(err, NotFound) {
		c.Drop = mail.WhyStale
		return c, nil
	}
	if err != nil {
		return c, err
	}
	c.Until = v.Slot.At()
	if !v.wanted(tx.Now, r, &c) {
		c.Drop = mail.WhyStale
		return c, nil
	}
	w := jp.Writing(r.Lang)
	c.Number = v.Number.String()
	if r.Kind == mail.Offered && r.CardID == 0 {
		// Who waits for a sooner time comes back by the number of what they have.
		if now, booked, err := LiveOfVisitor(tx, r.PersonID); err != nil {
			return c, err
		} else if booked {
			c.Number = now.Number.String()
		}
	}
	c.Day, c.Starts, c.Ends = w.FullDay(v.Slot.HeldOn), w.Clock(v.Slot.Starts), w.Clock(v.Slot.Ends)
	c.PlaceAddress, c.PlaceTelephone = v.Venue.Address, v.Venue.Telephone
	if c.Place, err = bothNames(tx, r.Lang, v.Venue.Name); err != nil {
		return c, err
	}
	if !v.HeldUntil.IsZero() {
		c.OfferUntil = w.Instant(v.HeldUntil)
	}
	service, err := ServiceByID(tx, v.Slot.ServiceID)
	if err != nil {
		return c, err
	}
	if c.Service, _, err = translated(tx, r.Lang, service.Name); err != nil {
		return c, err
	}
	if err := bringForVisit(tx, v, r.Lang, &c); err != nil {
		return c, err
	}
	if r.Kind == mail.Reminder {
		can, err := CanChange(tx, v)
		if err != nil {
			return c, err
		}
		if can {
			c.Cancel = v.Booking.Ref
		}
	}
	return c, nil
}

// wanted reports whether a mail is still true of its booking.
func (v Visit) wanted(now time.Time, r mail.Row, c *mail.Content) bool {
	switch r.Kind {
	case mail.Cancelled, mail.CalledOff:
		return v.State == Cancelled
	case mail.Offered:
		c.Until = v.HeldUntil
		return v.State == Held
	case mail.Reminder:
		return v.State == Booked && v.Slot.HeldOn == r.AboutOn
	}
	return v.Live()
}

func bringForVisit(tx *store.Tx, v Visit, lang string, c *mail.Content) error {
	var who card.Record // empty for a visitor, of whom nothing is on record
	if v.CardID != 0 {
		var err error
		if who, err = card.GetByID(tx, v.CardID); err != nil {
			return err
		}
	}
	lines, err := BringToVisit(tx, v, who)
	if err != nil {
		return err
	}
	for _, l := range lines {
		text, ok, err := translated(tx, lang, l)
		if err != nil {
			return err
		}
		c.Bring, c.BringJapanese = append(c.Bring, text), c.BringJapanese || !ok
	}
	return nil
}

// translated says the town's words in the mail's language; ok is false where
// they stay in Japanese.
func translated(tx *store.Tx, lang, original string) (text string, ok bool, err error) {
	if lang == mail.Japanese || lang == "ja-furigana" {
		return original, true, nil
	}
	text, err = settings.TranslationIn(tx, lang, original)
	if err != nil || text == "" {
		return original, false, err
	}
	return text, true, nil
}

// bothNames is a place's name as the sign says it, with its name in the mail's
// language if somebody has translated it.
func bothNames(tx *store.Tx, lang, name string) (string, error) {
	text, ok, err := translated(tx, lang, name)
	if err != nil || !ok || text == name {
		return name, err
	}
	return name + " (" + text + ")", nil
}

// proposalLetter asks whether an address that someone gave is theirs.
func proposalLetter(tx *store.Tx, r mail.Row, c mail.Content) (mail.Content, error) {
	p, ok, err := card.MailProposed(tx, r.PersonID)
	if err != nil || !ok {
		c.Drop = mail.WhyStale
		return c, err
	}
	c.Confirm, c.Until, c.Hours = p.Ref, p.ExpiresAt, int(card.ProposalTime.Hours())
	return c, nil
}

// RemindOf queues the reminders of tomorrow's visits, each once, from the town's
// hour for them on. Who has booked, or changed the booking, after that hour
// knows of it already. For the timetable.
func RemindOf(tx *store.Tx) (int, error) {
	town, err := settings.Get(tx)
	if err != nil || !town.Reminders {
		return 0, err
	}
	today := jp.DateOf(tx.Now)
	from := today.At(town.RemindAt)
	if tx.Now.Before(from) {
		return 0, nil
	}
	type visit struct {
		CardID, Visitor int64
		Ref             store.Ref
	}
	tomorrow := today.AddDays(1)
	all, err := store.All[visit](tx, `SELECT booking.card_id, booking.recipient_id AS visitor, booking.ref FROM booking
		JOIN slot ON slot.id = booking.slot_id LEFT JOIN card ON card.id = booking.card_id
		JOIN recipient ON recipient.id = coalesce(card.recipient_id, booking.recipient_id)
		WHERE slot.held_on = ? AND booking.state = 'booked' AND recipient.mail <> '' AND coalesce(booking.changed_at, booking.booked_at) < ?
		AND NOT EXISTS (SELECT 1 FROM mail WHERE mail.booking_ref = booking.ref AND mail.kind = 'reminder' AND mail.about_on = slot.held_on)
		ORDER BY slot.starts, booking.id`, tomorrow, from)
	if err != nil {
		return 0, fmt.Errorf("find visits to remind of: %w", err)
	}
	queued := 0
	for _, v := range all {
		did, err := mail.Queue(tx, timetable, mail.Message{Kind: mail.Reminder, Card: v.CardID, Visitor: v.Visitor, BookingRef: v.Ref, AboutOn: tomorrow})
		if err != nil {
			return queued, err
		}
		if did {
			queued++
		}
	}
	return queued, nil
}
