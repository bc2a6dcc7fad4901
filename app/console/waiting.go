package console

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

func (d *Desk) waitingRoutes() []guarded {
	return []guarded{
		d.need(staff.MayBook, web.GET("/waiting-list", d.waitingList)),
		d.need(staff.MayBook, web.GET("/waiting-list/:ref", d.askQuit)),
		d.need(staff.MayBook, web.GET("/waiting-list/:ref/up", toWaiting)),
		d.need(staff.MayBook, web.POST("/waiting-list/:ref/up", d.steer("waiting_moved_up", booking.MoveUp))),
		d.need(staff.MayBook, web.GET("/waiting-list/:ref/take", toWaiting)),
		d.need(staff.MayBook, web.POST("/waiting-list/:ref/take", d.steer("booked", takeOffer))),
		d.need(staff.MayBook, web.GET("/waiting-list/:ref/decline", toWaiting)),
		d.need(staff.MayBook, web.POST("/waiting-list/:ref/decline", d.steer("waiting_declined", booking.Decline))),
		d.need(staff.MayBook, web.GET("/waiting-list/:ref/remove", toWaiting)),
		d.need(staff.MayBook, web.POST("/waiting-list/:ref/remove", d.steer("waiting_removed", booking.Remove))),
		d.need(staff.MayBook, web.GET("/recipients/:ref/waiting", d.askJoin)),
		d.need(staff.MayBook, web.POST("/recipients/:ref/waiting", d.join)),
	}
}

func toWaiting(c *gin.Context) error { return web.To(c, "/waiting-list") }

// waitingPage is who waits for a place, in order (キャンセル待ち).
type waitingPage struct {
	page
	Venues []link
	Groups []waitingGroup
	Total  int
	Notice string // why something could not be done
}

// waitingGroup are those who wait for one service at one place.
type waitingGroup struct {
	Venue, Service string
	Rows           []waitingRow
}

type waitingRow struct {
	person
	standing
	Order    int
	Number   string // by which a visitor without a booking finds the entry, in words
	Days     string
	JoinedAt string
	Offer    string // what is held for them, and until when
	Record   string // address of the person's record; "" for a visitor without a booking
	Path     string // of the entry
	First    bool   // nobody can be passed
	Take, Up waitingStep
}

// waitingStep is a form with one button that does something with an entry.
type waitingStep struct {
	Action, Label, Who, Style string
	Version                   int
	CSRF                      string
}

// Once is the form's own token.
func (waitingStep) Once() string { return web.NewOnce() }

func (d *Desk) waitingList(c *gin.Context) error { return d.showWaiting(c, http.StatusOK, "") }

func (d *Desk) showWaiting(c *gin.Context, status int, notice string) error {
	p := waitingPage{Notice: notice}
	err := d.store.Read(c, func(tx *store.Tx) error {
		venues, err := ourVenues(tx, c)
		if err != nil {
			return err
		}
		var chosen booking.Venue
		for _, v := range venues {
			if string(v.Ref) == c.Query("venue") {
				chosen = v
			}
		}
		if len(venues) > 1 {
			p.Venues = append(p.Venues, link{Path: "/waiting-list", Label: "すべて", Here: chosen.ID == 0})
			for _, v := range venues {
				p.Venues = append(p.Venues, link{Path: "/waiting-list?" + url.Values{"venue": {string(v.Ref)}}.Encode(), Label: v.Name, Here: v.ID == chosen.ID})
			}
		}
		entries, err := booking.WaitingList(tx, chosen.ID)
		if err != nil {
			return err
		}
		return p.fill(tx, c, entries, d.site.Session(c).CSRF())
	})
	if err != nil {
		return err
	}
	return d.show(c, status, "waiting", "キャンセル待ち", &p)
}

func (p *waitingPage) fill(tx *store.Tx, c *gin.Context, entries []booking.WaitingEntry, csrf string) error {
	var last booking.Waiting
	canPass := false // somebody before them in the group waits without an offer
	for _, e := range entries {
		w := e.Waiting
		if !worksAt(c, w.VenueID) {
			continue
		}
		if len(p.Groups) == 0 || w.VenueID != last.VenueID || w.ServiceID != last.ServiceID {
			s, err := booking.ServiceByID(tx, w.ServiceID)
			if err != nil {
				return err
			}
			p.Groups = append(p.Groups, waitingGroup{Venue: e.Venue.Name, Service: s.Name})
			canPass = false
		}
		last = w
		g := &p.Groups[len(p.Groups)-1]
		row := waitingRow{
			person: personOfWaiting(e), standing: waitingStanding(w), Order: len(g.Rows) + 1, Days: daySpan(w.FromOn, w.UntilOn),
			JoinedAt: recently(w.JoinedAt), Path: waitingPath(w),
			First: !canPass || w.State == booking.Offered,
		}
		if w.Number != "" {
			row.Number = "空き待ちの番号 " + w.Number.String()
		}
		who := row.Name + "　" + row.NoticeNumber + row.Number
		row.Take = waitingStep{Action: row.Path + "/take", Label: "案内した枠を予約する", Who: who, Version: w.Version, CSRF: csrf}
		row.Up = waitingStep{Action: row.Path + "/up", Label: "1つ前へ", Who: who, Style: "second", Version: w.Version, CSRF: csrf}
		row.Telephone = orNone(e.Record.Telephone)
		v, held, err := booking.OfferOf(tx, w)
		if err == nil {
			row.Record, err = recordPath(tx, e)
		}
		if err != nil {
			return err
		}
		if held {
			row.Offer = slotTime(v.Slot) + "を、" + recently(v.HeldUntil) + "まで"
		}
		canPass = canPass || w.State == booking.InLine
		g.Rows = append(g.Rows, row)
		p.Total++
	}
	return nil
}

// personOfWaiting is who waits.
func personOfWaiting(e booking.WaitingEntry) person {
	p := personOf(e.Record)
	if e.Waiting.CardID == 0 {
		p.Telephone = e.Record.Telephone
		p.NoticeNumber, p.IssueKind = "", "カードの記録なし"
	}
	return p
}

// recordPath is where there is more about who waits: a visitor's booking, if they
// have one; "" where there is nothing more.
func recordPath(tx *store.Tx, e booking.WaitingEntry) (string, error) {
	if e.Waiting.CardID != 0 {
		return recipientPath(e.Record), nil
	}
	v, booked, err := booking.LiveOfVisitor(tx, e.Waiting.RecipientID)
	if err != nil || !booked {
		return "", err
	}
	return bookingPath(v.Booking.Ref), nil
}

func waitingPath(w booking.Waiting) string { return "/waiting-list/" + string(w.Ref) }

func waitingStanding(w booking.Waiting) standing {
	if w.State == booking.Offered {
		return standing{w.State.Label(), "called"}
	}
	return standing{w.State.Label(), "none"}
}

// daySpan is one day, or the first and the last of several.
func daySpan(from, until jp.Date) string {
	if from == until {
		return from.Short()
	}
	return from.Short() + "～" + until.Short()
}

// ourWaiting finds the entry in the address, at a place of ours.
func ourWaiting(tx *store.Tx, c *gin.Context) (booking.Waiting, error) {
	w, err := booking.WaitingByRef(tx, refOf(c))
	if err != nil {
		return w, err
	}
	return w, here(c, w.VenueID)
}

func takeOffer(tx *store.Tx, by audit.Actor, ref store.Ref, version int) error {
	_, err := booking.TakeOffer(tx, by, ref, version)
	return err
}

// steer does one thing with an entry and leads back to the list.
func (d *Desk) steer(flash string, do func(*store.Tx, audit.Actor, store.Ref, int) error) web.Handler {
	return func(c *gin.Context) error {
		err := d.write(c, flash, func(tx *store.Tx) (string, error) {
			if _, err := ourWaiting(tx, c); err != nil {
				return "", err
			}
			return "/waiting-list", do(tx, actor(c), refOf(c), version(c))
		})
		if refused, ok := problem.As(err); ok && refused.Kind == problem.Conflict {
			return d.showWaiting(c, http.StatusConflict, d.sentence(c, refused))
		}
		return err
	}
}

// quitPage asks how someone's waiting is to end.
type quitPage struct {
	page
	Person  person
	Path    string
	Version int
	Number  string // by which a visitor without a booking finds the entry
	Where   string
	Days    string
	Offer   string
}

func (d *Desk) askQuit(c *gin.Context) error {
	var p quitPage
	over := false
	err := d.store.Read(c, func(tx *store.Tx) error {
		w, err := ourWaiting(tx, c)
		if err != nil {
			return err
		}
		e, err := booking.WaitingEntryByRef(tx, w.Ref)
		if err != nil {
			return err
		}
		v, held, err := booking.OfferOf(tx, w)
		if held {
			p.Offer = slotTime(v.Slot) + "を、" + recently(v.HeldUntil) + "まで案内中"
		}
		over = !w.Live()
		p.Person, p.Path, p.Version, p.Number, p.Days = personOfWaiting(e), waitingPath(w), w.Version, w.Number.String(), daySpan(w.FromOn, w.UntilOn)
		if err == nil {
			p.Where, err = placeAndService(tx, w.VenueID, w.ServiceID)
		}
		return err
	})
	if err != nil {
		return err
	}
	if over {
		return d.showWaiting(c, http.StatusConflict, d.sentence(c, booking.WaitingOver))
	}
	return d.show(c, http.StatusOK, "waiting_quit", "キャンセル待ちを終える", &p)
}

func placeAndService(tx *store.Tx, venueID, serviceID int64) (string, error) {
	venues, err := booking.AllVenues(tx)
	if err != nil {
		return "", err
	}
	s, err := booking.ServiceByID(tx, serviceID)
	for _, v := range venues {
		if v.ID == venueID {
			return v.Name + "　" + s.Name, err
		}
	}
	return s.Name, err
}

// joinPage puts someone on the waiting list.
type joinPage struct {
	page
	Person   person
	Current  string // the live booking: only sooner days are waited for
	Venues   []option
	Services []option
	From     *control
	Until    *control
}

func readJoin(c *gin.Context) *web.Form {
	return web.ReadForm(c, "venue", "service", "from", "until")
}

func (d *Desk) askJoin(c *gin.Context) error { return d.showJoin(c, http.StatusOK, readJoin(c)) }

func (d *Desk) showJoin(c *gin.Context, status int, form *web.Form) error {
	var p joinPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		r, live, err := cardAndBooking(tx, c)
		if err != nil {
			return err
		}
		p.Person = personOf(r)
		if live.Booking.ID != 0 {
			p.Current = slotTime(live.Slot) + "　" + live.Venue.Name
			if c.Request.Method != http.MethodPost && form.Value("until") == "" {
				form.Set("from", typedDay(jp.DateOf(tx.Now).AddDays(1)))
				form.Set("until", typedDay(live.Slot.HeldOn))
			}
		}
		venues, err := ourVenues(tx, c)
		if err != nil {
			return err
		}
		for _, v := range venues {
			p.Venues = append(p.Venues, option{Value: string(v.Ref), Label: v.Name, Chosen: string(v.Ref) == form.Value("venue")})
		}
		services, err := booking.Services(tx)
		for _, s := range services {
			p.Services = append(p.Services, option{Value: string(s.Ref), Label: s.Name, Chosen: string(s.Ref) == form.Value("service")})
		}
		return err
	})
	if refused, ok := problem.As(err); ok && refused.Kind == problem.Conflict {
		return d.bookingConflict(c, refused, conflictPage{Heading: "キャンセル待ちに入れられません"})
	}
	if err != nil {
		return err
	}
	words := web.WordsOf(c)
	p.From = &control{Field: *form.Field("from"), Type: "text", Class: "code short", Autocomplete: "off"}
	p.From.Label, p.From.Hint = words.T("field.wait_from.label"), words.T("field.wait_from.hint")
	p.Until = &control{Field: *form.Field("until"), Type: "text", Class: "code short", Autocomplete: "off"}
	p.Until.Label, p.Until.Hint = words.T("field.wait_until.label"), words.T("field.wait_until.hint")
	p.failed(form)
	return d.show(c, status, "waiting_join", "キャンセル待ちに入れる", &p)
}

// join puts the card at the end of the list.
func (d *Desk) join(c *gin.Context) error {
	form := readJoin(c)
	err := d.write(c, "waiting_joined", func(tx *store.Tx) (string, error) {
		r, _, err := cardAndBooking(tx, c)
		if err != nil {
			return "", err
		}
		wish, err := wishToWait(tx, c, form)
		if err != nil {
			return "", err
		}
		wish.Card = r.Card.ID
		_, err = booking.Join(tx, actor(c), wish)
		return recipientPath(r), err
	})
	refused, ok := problem.As(err)
	switch {
	case !ok || refused.Kind == problem.NotFound || refused.Kind == problem.Forbidden:
		return err
	case errors.Is(refused, dayUnreadable):
		return d.showJoin(c, http.StatusUnprocessableEntity, form)
	case errors.Is(refused, booking.CardIssued):
		return d.bookingConflict(c, refused, conflictPage{Heading: "キャンセル待ちに入れられません"})
	}
	form.Apply(refused)
	return d.showJoin(c, http.StatusConflict, form)
}

// dayUnreadable says that a day was typed that is none.
var dayUnreadable = problem.Define(problem.Invalid, "move_day_unreadable")

// wishToWait reads the form; one day alone is that day. Problems: dayUnreadable,
// said at its field; booking.VenueNotFound, booking.ServiceNotFound, NotHere.
func wishToWait(tx *store.Tx, c *gin.Context, form *web.Form) (wish booking.WaitingWish, err error) {
	venue, err := booking.VenueByRef(tx, store.Ref(form.Value("venue")))
	if err != nil {
		return wish, err
	}
	service, err := booking.ServiceByRef(tx, store.Ref(form.Value("service")))
	if err != nil {
		return wish, err
	}
	today := jp.DateOf(tx.Now)
	day := func(name string) jp.Date {
		on, ok := writtenDay(form.Value(name), today)
		if !ok || form.Value(name) == "" {
			form.Fail(name, dayUnreadable.Code)
		}
		return on
	}
	from := day("from")
	until := from
	if form.Value("until") != "" {
		until = day("until")
	}
	if !form.OK() {
		return wish, dayUnreadable
	}
	return booking.WaitingWish{Venue: venue.ID, Service: service.ID, From: from, Until: until}, here(c, venue.ID)
}

// waitingLink leads from the slots of a place to the list of who waits for one.
func waitingLink(p person, ch choice) link {
	q := url.Values{"venue": {string(ch.venue.Ref)}, "service": {string(ch.service.Ref)}}
	return link{Path: p.Path + "/waiting?" + q.Encode(), Label: "満席の日のキャンセル待ちに入れる"}
}
