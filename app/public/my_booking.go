package public

import (
	"slices"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/qr/draw"
	"madoguchi/store"
)

// What the page of the booking says once after something was done; the words
// are the page's own heading.
const (
	flashBooked    = "booked"
	flashChanged   = "changed"
	flashCancelled = "cancelled"
)

// myBookingPage shows the live booking; it is what people print.
type myBookingPage struct {
	frame
	Done         bool // it was booked or changed just now
	Number       string
	NoticeNumber string // "" for a booking without a card
	Service      *said  // nil for the receipt of a card
	Visit        visitText
	CanChange    bool
	Past         bool // its time is over
	Provisional  bool // the second place does not have it yet
	Here         bool // the person has come: nothing can be changed any more
	Bring        bringing
	QR           draw.Symbol // the booking number, for check-in
	Map          *mapImage
	PlaceHref    string
	Cutoff       string
	Companions   []companion // who comes along, as signed in here
	Others       int         // further bookings of the same visit
	CanAdd       bool        // further people can be booked beside it
	Offer        bool        // a sooner place that was waited for is held
	Waits        bool
}

// noBookingPage is where someone without a live booking begins again.
type noBookingPage struct {
	frame
	NoticeNumber string // "" after a booking without a card
	Again        string
}

func (s *Site) myBooking(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	title := s.takeTitle(c, v)
	if v.stage == free || v.stage == over {
		page := noBookingPage{frame: s.frame(c, v, title), NoticeNumber: v.record.NoticeNumber.String()}
		page.Again = page.Path("/venues")
		if v.stage == over {
			page.Again = page.Path("/")
		}
		return reply{template: "public/no_booking.html", page: page}, nil
	}
	page := myBookingPage{
		frame: s.frame(c, v, title), Done: title != "booking.title",
		Number: v.visit.Number.String(), NoticeNumber: v.record.NoticeNumber.String(),
		CanChange: v.stage == booked, Past: !tx.Now.Before(v.visit.Slot.At()), Here: v.visit.State != booking.Booked,
		CanAdd:    v.hasCard(),
		PlaceHref: "/places/" + string(v.visit.Venue.Ref),
		Waits:     v.waits, Offer: v.waits && v.waiting.State == booking.Offered,
	}
	page.Provisional = !tx.Confirmed(v.visit.Booking.LastChange())
	page.Service = page.otherService(v)
	page.Visit = page.visitText(v.visit.Slot, v.visit.Venue)
	var err error
	page.PlaceHref = page.Path(page.PlaceHref)
	if page.QR, err = draw.QR(v.visit.Number.String()); err != nil {
		return reply{}, err
	}
	if page.Bring, err = page.bringing(tx, v); err != nil {
		return reply{}, err
	}
	if page.Map, err = page.mapOf(tx, v.visit.Venue); err != nil {
		return reply{}, err
	}
	if page.Cutoff, err = page.cutoff(tx, v); err != nil {
		return reply{}, err
	}
	return reply{template: "public/my_booking.html", page: page}, page.group(tx, v)
}

// group fills in who else comes: by number only those who signed in here.
func (p *myBookingPage) group(tx *store.Tx, v visitor) error {
	known := map[card.ID]bool{}
	for _, r := range v.family {
		person := companion{Card: r.Ref, NoticeNumber: r.NoticeNumber.String()}
		visit, live, err := booking.Live(tx, r.ID)
		if err != nil {
			return err
		}
		if live {
			person.Booked = p.when.day(visit.Slot.HeldOn) + " " + p.span(visit.Slot.Starts, visit.Slot.Ends)
			person.Number = visit.Number.String()
		}
		known[r.ID] = true
		p.Companions = append(p.Companions, person)
	}
	if v.visit.GroupRef == "" {
		return nil
	}
	all, err := booking.OfGroup(tx, v.visit.GroupRef)
	for _, e := range all {
		if e.Visit.Live() && e.Visit.ID != v.visit.ID && !known[e.Visit.CardID] {
			p.Others++
		}
	}
	return err
}

// takeTitle is the key of the page's heading: what was done just now, or how
// things stand.
func (s *Site) takeTitle(c *gin.Context, v visitor) string {
	session, title, says := s.web.Session(c), "booking.title", []string{flashBooked, flashChanged}
	if v.stage == free || v.stage == over {
		title, says = "booking.title.none", []string{flashCancelled}
	}
	if done := session.Get("flash"); slices.Contains(says, done) {
		return "booking.title." + session.TakeFlash()
	}
	return title
}

// cutoff says until when a booking can be changed here.
func (f frame) cutoff(tx *store.Tx, v visitor) (string, error) {
	rules, err := booking.RulesOf(tx, v.visit.Slot.ServiceID)
	if err != nil {
		return "", err
	}
	k := rules.Change
	switch {
	case k.Unit == booking.CutoffHours && k.Count == 0:
		return f.T("booking.cutoff.start"), nil
	case k.Unit == booking.CutoffHours:
		return f.T("booking.cutoff.hours", "hours", k.Count), nil
	case k.Unit == booking.CutoffDays:
		return f.T("booking.cutoff.days", "days", k.Count, "time", f.when.clock(k.At)), nil
	}
	return f.T("booking.cutoff.working_days", "days", k.Count, "time", f.when.clock(k.At)), nil
}
