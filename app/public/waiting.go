package public

import (
	"errors"
	"net/url"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// waitingPage is the visitor's side of the waiting list: what was offered, what
// they wait for, or what they could wait for.
type waitingPage struct {
	frame
	Waiting store.Ref // "" while they wait for nothing
	Number  string    // by which a visitor without a booking comes back; "" for others
	Version int
	Place   place
	Days    string
	Before  int // how many wait for the same before them
	Offer   *offerText
	Join    *joinText
	Change  *visitText // the booking that they have
}

// offerText is a place that is held for the visitor.
type offerText struct {
	Visit visitText
	Until string
}

// joinText is what the form to join sends.
type joinText struct {
	Venue       store.Ref
	From, Until string
}

// waitHref leads to where one can wait for a day at a place, or, without a day,
// for any; "" for who cannot wait.
func (f frame) waitHref(v visitor, venue booking.Venue, on jp.Date) string {
	if v.stage != free && v.stage != booked && v.stage != newcomer || v.waits {
		return ""
	}
	if v.stage == booked && !on.IsZero() && !on.Before(v.visit.Slot.HeldOn) {
		return ""
	}
	to := "/waiting?venue=" + url.QueryEscape(string(venue.Ref))
	if !on.IsZero() {
		to += "&day=" + on.String()
	}
	return f.way(to)
}

func (s *Site) waiting(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	page := waitingPage{frame: s.frame(c, v, "waiting.title"), Change: nil}
	if v.stage == booked || v.stage == fixed {
		text := page.visitText(v.visit.Slot, v.visit.Venue)
		page.Change = &text
	}
	var err error
	if v.waits {
		err = page.entry(tx, v)
	} else {
		err = page.join(tx, v, store.Ref(c.Query("venue")), c.Query("day"))
	}
	return reply{template: "public/waiting.html", page: page}, err
}

// entry shows what the visitor waits for, or was offered.
func (p *waitingPage) entry(tx *store.Tx, v visitor) error {
	w := v.waiting
	p.Waiting, p.Version, p.Number = w.Ref, w.Version, w.Number.String()
	p.Days = p.days(w.FromOn, w.UntilOn)
	before, venue, err := booking.Queue(tx, w)
	if err != nil {
		return err
	}
	p.Place, p.Before = p.place(venue), before
	held, ok, err := booking.OfferOf(tx, w)
	if err != nil || !ok {
		return err
	}
	until := jp.DateOf(held.HeldUntil)
	p.Offer = &offerText{p.visitText(held.Slot, held.Venue), p.when.day(until) + " " + p.when.clock(jp.ClockOf(held.HeldUntil))}
	p.Title = p.T("waiting.title.offer")
	return nil
}

// join shows what can be waited for: one day of a place, or all that can be
// booked there.
func (p *waitingPage) join(tx *store.Tx, v visitor, ref store.Ref, day string) error {
	if ref == "" {
		return nil
	}
	venue, err := booking.VenueByRef(tx, ref)
	if err != nil {
		return err
	}
	period, err := booking.Bookable(tx, venue.ID, v.service.ID)
	if err != nil {
		return err
	}
	if days, err := booking.FreeDays(tx, venue.ID, v.service.ID, period, booking.ResidentSeat); err != nil {
		return err
	} else if len(days) > 0 {
		period.To = days[len(days)-1].HeldOn
	}
	if v.stage == booked {
		period.To = before(v.visit.Slot.HeldOn, period)
	}
	if on, err := jp.ParseDate(day); err == nil {
		period.From, period.To = on, on
	}
	p.Place, p.Days = p.place(venue), p.days(period.From, period.To)
	p.Join = &joinText{venue.Ref, period.From.String(), period.To.String()}
	return nil
}

// before is the last day of a period that comes before a day; the day itself
// when none does: then a sooner time is waited for.
func before(on jp.Date, period booking.Period) jp.Date {
	switch last := on.AddDays(-1); {
	case last.Before(period.From):
		return on
	case last.Before(period.To):
		return last
	}
	return period.To
}

// sooner leads to where one can wait for a day before the booking: only where
// none is free, because a free one can be booked.
func (f frame) sooner(v visitor, venue booking.Venue, o openings) string {
	if v.stage != booked || v.visit.Slot.VenueID != venue.ID || !o.period.From.Before(v.visit.Slot.HeldOn) {
		return ""
	}
	for _, day := range o.days {
		if day.Remaining > 0 && day.HeldOn.Before(v.visit.Slot.HeldOn) {
			return ""
		}
	}
	return f.waitHref(v, venue, jp.Date{})
}

func (f frame) days(from, until jp.Date) string {
	if from == until {
		return f.when.day(from)
	}
	return f.T("hours.span", "from", f.when.day(from), "to", f.when.day(until))
}

// joinWaiting puts the visitor on the list.
func (s *Site) joinWaiting(c *gin.Context) error {
	form := web.ReadForm(c, "venue", "from", "until")
	return s.toWaiting(c, "waiting_joined", func(tx *store.Tx, v visitor) (string, error) {
		venue, err := booking.VenueByRef(tx, store.Ref(form.Value("venue")))
		if err != nil {
			return "", err
		}
		from, wrong := jp.ParseDate(form.Value("from"))
		until, alsoWrong := jp.ParseDate(form.Value("until"))
		if wrong != nil || alsoWrong != nil {
			return "", booking.OutsidePeriod
		}
		wish := booking.WaitingWish{Card: v.record.ID, Venue: venue.ID, Service: v.service.ID, From: from, Until: until}
		if v.hasCard() {
			_, err = booking.Join(tx, v.actor(c), wish)
		} else {
			_, err = booking.JoinSooner(tx, v.actor(c), v.visit, wish)
		}
		return "/waiting", err
	})
}

// leaveWaiting, takeOffer and declineOffer answer what the page shows.
func (s *Site) leaveWaiting(c *gin.Context) error {
	return s.toEntry(c, "waiting_left", func(tx *store.Tx, v visitor, ref store.Ref, version int) (string, error) {
		return v.afterwards(), booking.Leave(tx, v.actor(c), ref, version)
	})
}

// afterwards is where somebody goes on who waits no more.
func (v visitor) afterwards() string {
	if v.stage == inLine {
		return over.home()
	}
	return v.stage.home()
}

func (s *Site) takeOffer(c *gin.Context) error {
	return s.toEntry(c, flashBooked, func(tx *store.Tx, v visitor, ref store.Ref, version int) (string, error) {
		_, err := booking.TakeOffer(tx, v.actor(c), ref, version)
		return "/booking", err
	})
}

func (s *Site) declineOffer(c *gin.Context) error {
	return s.toEntry(c, "waiting_declined", func(tx *store.Tx, v visitor, ref store.Ref, version int) (string, error) {
		return v.afterwards(), booking.Decline(tx, v.actor(c), ref, version)
	})
}

func (s *Site) toEntry(c *gin.Context, flash string, do func(*store.Tx, visitor, store.Ref, int) (string, error)) error {
	form := web.ReadForm(c, "waiting", "version")
	return s.toWaiting(c, flash, func(tx *store.Tx, v visitor) (string, error) {
		if !v.waits || string(v.waiting.Ref) != form.Value("waiting") {
			// The Ref of someone else's entry, or of one that is over.
			return "", booking.WaitingOver
		}
		return do(tx, v, v.waiting.Ref, version(form))
	})
}

// toWaiting carries a form of the waiting list out once, and says why not.
func (s *Site) toWaiting(c *gin.Context, flash string, do func(*store.Tx, visitor) (string, error)) error {
	var to string
	err := s.store.Write(c, func(tx *store.Tx) (err error) {
		to, err = web.Once(tx, c, func() (string, error) {
			v, err := s.visitor(c, tx)
			switch {
			case err != nil:
				return "", err
			case v.stage == unknown:
				return "", web.SignInNeeded
			case v.stage == issued:
				return "", booking.CardIssued
			case v.stage == over:
				return "", booking.WaitingOver
			}
			return do(tx, v)
		})
		return err
	})
	if err == nil {
		s.web.Session(c).Flash(flash)
		return web.To(c, to)
	}
	for _, p := range waitingProblems() {
		if errors.Is(err, p) {
			s.web.Session(c).Flash(p.Code)
			return web.To(c, "/waiting")
		}
	}
	return s.overtaken(c, err)
}

// waitingProblems are the refusals that the page of the waiting list explains.
func waitingProblems() []*problem.Problem {
	return []*problem.Problem{
		booking.AlreadyWaiting, booking.PlacesFree, booking.NotSooner, booking.WaitingStale, booking.WaitingOver,
		booking.NotOffered, booking.OutsidePeriod, booking.SlotClosed,
	}
}
