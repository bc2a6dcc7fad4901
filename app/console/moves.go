package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

func (d *Desk) moveRoutes() []guarded {
	return []guarded{
		d.need(staff.MayMoveMany, web.GET("/moves", d.askMove)),
		d.need(staff.MayMoveMany, web.POST("/moves", d.moveMany)),
		d.need(staff.MayMoveMany, web.GET("/moves/done", d.moved)),
	}
}

// What can become of the bookings of a slot or day.
const (
	howDay    = "day"    // to the same time on another day
	howNext   = "next"   // each to the next free place
	howCancel = "cancel" // cancelled
)

// movesPage changes all bookings of a slot or day at once: first the slot or
// day is chosen, then what is to become of them, then the list is confirmed
// (まとめて変更).
type movesPage struct {
	page
	Day      *control
	Venues   []option
	Services []option
	Source   string // what was chosen, in words; "" for nothing yet
	Count    int    // bookings that nobody has come for yet
	Hidden   []hidden
	To       *control
	Next     string // address of the list for the next free places
	Cancel   string // and of that for cancelling
	How      string
	Heading2 string
	Lines    []moveLine
	Going    int
	Staying  int
	Key      string
	Cause    *control
	Submit   string
	Notice   string // why a list was not carried out
}

type moveLine struct {
	Visit     link
	Name      string
	KanaName  string
	Number    string
	When      string
	To        string // "" where there is no place
	Telephone string
	By        string // how the person is told
}

// moveAsk is what of the page was chosen.
type moveAsk struct {
	form *web.Form
	from booking.Source
	how  string
	to   jp.Date
	// words says which slot or day it is; "" while none is chosen.
	words string
}

func readMoves(c *gin.Context) *web.Form {
	return web.ReadForm(c, "slot", "venue", "service", "date", "how", "to", "key", "cause")
}

// askedMove reads what was asked for. A day that cannot be read is said at its
// field. Problems: booking.SlotNotFound, NotHere.
func askedMove(tx *store.Tx, c *gin.Context, form *web.Form) (moveAsk, error) {
	ask := moveAsk{form: form, how: form.Value("how")}
	today := jp.DateOf(tx.Now)
	if text := form.Value("to"); ask.how == howDay {
		to, ok := writtenDay(text, today)
		if ask.to = to; !ok || text == "" || to.Before(today) {
			form.Fail("to", dayUnreadable.Code)
		}
	}
	if ref := form.Value("slot"); ref != "" {
		place, err := booking.PlaceByRef(tx, store.Ref(ref))
		if err != nil {
			return ask, err
		}
		ask.from = booking.Source{Slot: place.Ref, Venue: place.VenueID, Service: place.ServiceID, On: place.HeldOn}
		ask.words = place.HeldOn.Era() + "　" + slotSpan(place.Slot) + "　" + place.Venue.Name
		return ask, here(c, place.VenueID)
	}
	text := form.Value("date")
	if text == "" {
		return ask, nil
	}
	on, ok := writtenDay(text, today)
	if !ok {
		form.Fail("date", dayUnreadable.Code)
		return ask, nil
	}
	if form.Value("venue") == "" || form.Value("service") == "" {
		return ask, nil // to be chosen
	}
	venue, err := booking.VenueByRef(tx, store.Ref(form.Value("venue")))
	if err != nil {
		return ask, err
	}
	service, err := booking.ServiceByRef(tx, store.Ref(form.Value("service")))
	if err != nil {
		return ask, err
	}
	ask.from = booking.Source{Venue: venue.ID, Service: service.ID, On: on}
	ask.words = on.Era() + "の1日　" + venue.Name + "　" + service.Name
	return ask, here(c, venue.ID)
}

// query is the address of the same slot or day.
func (ask moveAsk) query(pairs ...string) string {
	q := url.Values{}
	for _, name := range []string{"slot", "venue", "service", "date"} {
		if v := ask.form.Value(name); v != "" {
			q.Set(name, v)
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return q.Encode()
}

func (ask moveAsk) plan(tx *store.Tx) (booking.MovePlan, error) {
	if ask.how == howCancel {
		return booking.PlanCancel(tx, ask.from)
	}
	return booking.PlanMove(tx, ask.from, ask.to)
}

func (d *Desk) askMove(c *gin.Context) error {
	return d.showMoves(c, http.StatusOK, readMoves(c), "")
}

// showMoves shows as much as has been chosen; notice says why a list that was
// confirmed was not carried out.
func (d *Desk) showMoves(c *gin.Context, status int, form *web.Form, notice string) error {
	p := movesPage{Notice: notice}
	err := d.store.Read(c, func(tx *store.Tx) error {
		ask, err := askedMove(tx, c, form)
		if err != nil {
			return err
		}
		if err := p.choices(tx, c, form); err != nil || ask.words == "" {
			return err
		}
		return p.fill(tx, c, ask)
	})
	if err != nil {
		return err
	}
	if p.failed(form); p.Failed && status == http.StatusOK {
		status = http.StatusUnprocessableEntity
	}
	return d.show(c, status, "moves", "予約をまとめて動かす", &p)
}

func (p *movesPage) choices(tx *store.Tx, c *gin.Context, form *web.Form) error {
	p.Day = &control{Field: *form.Field("date"), Type: "text", Class: "code short", Autocomplete: "off"}
	words := web.WordsOf(c)
	p.Day.Label, p.Day.Hint = words.T("field.move_date.label"), words.T("field.move_date.hint")
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
}

func (p *movesPage) fill(tx *store.Tx, c *gin.Context, ask moveAsk) error {
	p.Source, p.How = ask.words, ask.how
	for _, name := range []string{"slot", "venue", "service", "date"} {
		if v := ask.form.Value(name); v != "" {
			p.Hidden = append(p.Hidden, hidden{name, v})
		}
	}
	words := web.WordsOf(c)
	p.To = &control{Field: *ask.form.Field("to"), Type: "text", Class: "code short", Autocomplete: "off"}
	p.To.Label, p.To.Hint = words.T("field.move_to.label"), words.T("field.move_to.hint")
	p.Next, p.Cancel = "/moves?"+ask.query("how", howNext), "/moves?"+ask.query("how", howCancel)
	all, err := booking.PlanCancel(tx, ask.from)
	if err != nil {
		return err
	}
	p.Count = len(all.Lines)
	if ask.how == "" || p.Count == 0 || ask.form.Field("to").Error != "" {
		p.How = ""
		return nil
	}
	plan, err := ask.plan(tx)
	if refused, ok := problem.As(err); ok && refused.Kind == problem.Invalid {
		ask.form.Apply(refused)
		p.To.Field.Error, p.How = ask.form.Field("to").Error, ""
		return nil
	}
	if err != nil {
		return err
	}
	p.list(ask, plan)
	p.Cause = &control{Field: *ask.form.Field("cause"), Class: "kanji"}
	return nil
}

func (p *movesPage) list(ask moveAsk, plan booking.MovePlan) {
	p.Key, p.Going, p.Staying = plan.Key, plan.Going, len(plan.Lines)-plan.Going
	p.Hidden = append(p.Hidden, hidden{"how", ask.how}, hidden{"to", ask.form.Value("to")})
	for _, l := range plan.Lines {
		line := moveLineOf(l.DayEntry)
		if l.Goes() {
			line.To = slotTime(l.To)
		}
		if ask.how != howCancel && !l.Goes() {
			line.By = "個別に相談" // no mail goes out for who stays
			if l.Record.Telephone != "" {
				line.By = "電話で相談"
			}
		}
		p.Lines = append(p.Lines, line)
	}
	switch ask.how {
	case howCancel:
		p.Heading2, p.Submit = "取り消す予約", fmt.Sprintf("この%d件を取り消す", p.Going)
	case howDay:
		p.Heading2, p.Submit = ask.to.Short()+"の同じ時間へ移す予約", fmt.Sprintf("この%d件を移す", p.Going)
	default:
		p.Heading2, p.Submit = "次に空いている時間へ移す予約", fmt.Sprintf("この%d件を移す", p.Going)
	}
}

// How a person is told.
const (
	byMail      = "メール"
	byTelephone = "電話"
	byLetter    = "手紙（電話なし）"
)

func moveLineOf(e booking.DayEntry) moveLine {
	q := personOfEntry(e)
	line := moveLine{
		Visit: link{Path: q.Path, Label: q.Name}, Name: q.Name, KanaName: q.KanaName, Number: e.Visit.Number.String(),
		When: slotTime(e.Visit.Slot), Telephone: orNone(e.Record.Telephone), By: byTelephone,
	}
	switch {
	case e.Record.Mail != "":
		line.By = byMail
	case e.Record.Telephone == "":
		line.By = byLetter
	}
	return line
}

// moveMany carries out the list that was shown.
func (d *Desk) moveMany(c *gin.Context) error {
	form := readMoves(c)
	err := d.write(c, "moved_many", func(tx *store.Tx) (string, error) {
		ask, err := askedMove(tx, c, form)
		if err != nil {
			return "", err
		}
		if ask.words == "" || !form.OK() {
			return "", booking.NothingToDo
		}
		what := booking.Notice{Key: form.Value("key"), Cause: form.Value("cause")}
		if ask.how == howCancel {
			_, err = booking.CancelAll(tx, actor(c), ask.from, what)
		} else {
			_, err = booking.ApplyMove(tx, actor(c), ask.from, ask.to, what)
		}
		at := tx.Now.UTC().Format(instantInAddress)
		return "/moves/done?" + ask.query("at", at, "request", web.RequestNumber(c)), err
	})
	refused, ok := problem.As(err)
	switch {
	case !ok || refused.Kind == problem.NotFound || refused.Kind == problem.Forbidden:
		return err
	case refused.Kind == problem.Invalid:
		form.Apply(refused)
		return d.showMoves(c, http.StatusUnprocessableEntity, form, "")
	case errors.Is(refused, booking.PlanStale), errors.Is(refused, booking.NothingToDo), errors.Is(refused, booking.SlotFull):
		return d.showMoves(c, http.StatusConflict, form, d.sentence(c, refused))
	}
	return err
}

const instantInAddress = "2006-01-02T15:04:05.000Z"

// movedPage is what was moved or cancelled at once, as a list for the
// telephone (連絡する人の一覧).
type movedPage struct {
	page
	Source    string
	PrintedAt string
	Lines     []moveLine
	Calls     int // people to be called
	Mails     int // people whose mail is queued
	Letters   int // people of whom neither is known
	Rest      link
	Left      int // bookings that stay where they were
}

// moved shows what one request has moved, from the audit log.
func (d *Desk) moved(c *gin.Context) error {
	var p movedPage
	form := readMoves(c)
	err := d.store.Read(c, func(tx *store.Tx) error {
		ask, err := askedMove(tx, c, form)
		if err != nil {
			return err
		}
		p.Source, p.PrintedAt = ask.words, instant(tx.Now)
		if err := p.fill(tx, c); err != nil {
			return err
		}
		left, err := booking.PlanCancel(tx, ask.from)
		p.Left, p.Rest = len(left.Lines), link{Path: "/moves?" + ask.query(), Label: "残りの予約を見る"}
		return err
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "moved", "連絡する人の一覧", &p)
}

func (p *movedPage) fill(tx *store.Tx, c *gin.Context) error {
	done, err := booking.ChangedBy(tx, c.Query("request"), c.Query("at"))
	if err != nil {
		return err
	}
	for _, m := range done {
		if !worksAt(c, m.Visit.Slot.VenueID) {
			continue
		}
		line := moveLineOf(m.DayEntry)
		line.When = slotTime(m.Was)
		if line.To = slotTime(m.Visit.Slot); !m.Visit.Live() {
			line.To = m.Visit.State.Label()
		}
		switch line.By {
		case byMail:
			p.Mails++
		case byTelephone:
			p.Calls++
		default:
			p.Letters++
		}
		p.Lines = append(p.Lines, line)
	}
	return nil
}
