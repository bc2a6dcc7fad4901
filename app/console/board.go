package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/staff"
	"madoguchi/store"
)

const (
	// reloadEvery is after how many seconds a board that reloads by itself does so.
	reloadEvery = 30
	// expectedShown and missedShown are how many of the lists that grow are shown.
	expectedShown = 20
	missedShown   = 10
)

// boardPage is who waits, since when and in which order, who is called to which
// counter, who is next, and who has not come (呼出し状況). Names stand on it
// unless they are hidden, for screens that visitors can see.
//
// It reloads by itself only after someone has asked for it, and the link that
// ends it is the first on the page. So no page has a time limit that a person
// did not choose (WCAG 2.2.1), what changes by itself can be stopped (2.2.2),
// and nobody is interrupted unasked (2.2.4). It is done by the Refresh header,
// which needs no script and which IE mode knows. Such a reload keeps nobody
// signed in: see web.Session.Quiet.
type boardPage struct {
	page
	At       string // when it was made
	Rule     string
	Venues   []link
	Counters []link
	Services []link
	Live     bool
	Every    int
	Switch   link // turns reloading on or off
	Names    link // hides names, or shows them
	Hidden   bool
	Place    string // what is shown, in words

	Next     *step  // calls who is first in line to the chosen counter
	NextWho  string // who that is
	Waiting  []boardRow
	Called   []boardRow
	Expected []boardRow
	More     int // expected ones that are not shown
	Missed   []boardRow
	Over     int

	AllVenues   bool
	AllServices bool
}

// boardRow is one visit on the board.
type boardRow struct {
	Place   int
	Name    string
	Kana    string
	Visit   link
	When    string
	Since   string // at what time, and how long that is
	Late    bool
	Counter string
	Venue   string
	Service string
	State   string
	Class   string
	// Provisional: the second place does not have the booking yet (仮受付).
	Provisional bool
	Actions     []action
}

// boardView is what of the board someone has chosen to see; it stands in the query.
type boardView struct {
	venues  []booking.Venue // that may be seen
	venue   booking.Venue
	counter booking.VenueCounter
	service booking.Service
	live    bool
	hidden  bool
}

func (v boardView) path() string {
	q := url.Values{}
	for name, ref := range map[string]store.Ref{"venue": v.venue.Ref, "counter": v.counter.Ref, "service": v.service.Ref} {
		if ref != "" {
			q.Set(name, string(ref))
		}
	}
	if v.live {
		q.Set("live", "1")
	}
	if v.hidden {
		q.Set("names", "0")
	}
	if len(q) == 0 {
		return "/board"
	}
	return "/board?" + q.Encode()
}

func (v boardView) at(venue booking.Venue) string {
	v.venue, v.counter = venue, booking.VenueCounter{}
	return v.path()
}

func (v boardView) counterAt(counter booking.VenueCounter) string {
	v.counter = counter
	return v.path()
}

func (v boardView) of(service booking.Service) string {
	v.service = service
	return v.path()
}

// board shows the board.
func (d *Desk) board(c *gin.Context) error {
	var p boardPage
	var v boardView
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		if v, err = p.choose(tx, c); err != nil {
			return err
		}
		return p.fill(tx, d.stepper(c, v.path()), v, account(c).Role.May)
	})
	if err != nil {
		return err
	}
	if v.live {
		again, err := url.Parse(v.path())
		if err != nil {
			return err
		}
		q := again.Query()
		q.Set("auto", "1")
		c.Header("Refresh", fmt.Sprintf("%d; url=%s?%s", reloadEvery, again.Path, q.Encode()))
	}
	if c.Query("auto") != "" {
		d.site.Session(c).Quiet()
	}
	return d.show(c, http.StatusOK, "board", "呼出し状況", &p)
}

// choose reads what is to be shown and offers what else there is.
func (p *boardPage) choose(tx *store.Tx, c *gin.Context) (v boardView, err error) {
	venues, err := ourVenues(tx, c)
	if err != nil {
		return v, err
	}
	services, err := booking.Services(tx)
	if err != nil {
		return v, err
	}
	v.venues = venues
	for _, one := range venues {
		if string(one.Ref) == c.Query("venue") || len(venues) == 1 {
			v.venue = one
		}
	}
	for _, s := range services {
		if string(s.Ref) == c.Query("service") {
			v.service = s
		}
	}
	v.live, v.hidden = c.Query("live") == "1", c.Query("names") == "0"
	if len(venues) > 1 {
		p.Venues = append(p.Venues, link{Path: v.at(booking.Venue{}), Label: "すべて", Here: v.venue.ID == 0})
		for _, place := range venues {
			p.Venues = append(p.Venues, link{Path: v.at(place), Label: place.Name, Here: place.ID == v.venue.ID})
		}
	}
	if err := p.counters(tx, c, &v); err != nil {
		return v, err
	}
	if len(services) > 1 {
		p.Services = append(p.Services, link{Path: v.of(booking.Service{}), Label: "すべての業務", Here: v.service.ID == 0})
		for _, s := range services {
			p.Services = append(p.Services, link{Path: v.of(s), Label: s.Name, Here: s.ID == v.service.ID})
		}
	}
	p.AllVenues, p.AllServices = v.venue.ID == 0 && len(venues) > 1, v.service.ID == 0 && len(services) > 1
	p.switches(v)
	return v, nil
}

// counters offers the counters of the chosen place; one names the counter at
// which the clerk works.
func (p *boardPage) counters(tx *store.Tx, c *gin.Context, v *boardView) error {
	if v.venue.ID == 0 {
		return nil
	}
	counters, err := booking.Counters(tx, v.venue.ID)
	if err != nil || len(counters) == 0 {
		return err
	}
	for _, one := range counters {
		if string(one.Ref) == c.Query("counter") {
			v.counter = one
		}
	}
	p.Counters = append(p.Counters, link{Path: v.counterAt(booking.VenueCounter{}), Label: "すべての窓口", Here: v.counter.ID == 0})
	for _, one := range counters {
		p.Counters = append(p.Counters, link{Path: v.counterAt(one), Label: one.Name, Here: one.ID == v.counter.ID})
	}
	return nil
}

func (p *boardPage) switches(v boardView) {
	p.Live, p.Every, p.Hidden = v.live, reloadEvery, v.hidden
	other := v
	other.live = !v.live
	p.Switch = link{Path: other.path(), Label: strconv.Itoa(reloadEvery) + "秒ごとに自動で更新する"}
	if v.live {
		p.Switch.Label = "自動更新を止める"
	}
	other = v
	other.hidden = !v.hidden
	p.Names = link{Path: other.path(), Label: "氏名を隠す"}
	if v.hidden {
		p.Names.Label = "氏名を表示する"
	}
	p.Place = v.venue.Name
	if v.counter.ID != 0 {
		p.Place += "　" + v.counter.Name
	}
}

// shows says which visits are on the board that was chosen.
func (v boardView) shows(tx *store.Tx) (func(booking.BoardLine) bool, error) {
	serves := func(int64) bool { return true }
	if v.counter.ID != 0 {
		var err error
		if serves, err = booking.Serves(tx, v.counter); err != nil {
			return nil, err
		}
	}
	return func(l booking.BoardLine) bool {
		s := l.Visit.Slot.ServiceID
		here := slices.ContainsFunc(v.venues, func(one booking.Venue) bool { return one.ID == l.Visit.Venue.ID })
		return here && (v.service.ID == 0 || v.service.ID == s) && (serves(s) || l.Visit.CalledTo == v.counter.Name)
	}, nil
}

func (p *boardPage) fill(tx *store.Tx, s stepper, v boardView, may func(staff.Permission) bool) error {
	board, err := booking.BoardOf(tx, v.venue.ID, jp.DateOf(tx.Now))
	if err != nil {
		return err
	}
	fits, err := v.shows(tx)
	if err != nil {
		return err
	}
	board = board.Only(fits)
	if p.Rule, err = lateRule(tx); err != nil {
		return err
	}
	p.At = clock(tx.Now)
	r := boardRows{tx: tx, stepper: s, view: v, now: tx.Now, may: may, names: map[int64]string{}}
	services, err := booking.AllServices(tx)
	if err != nil {
		return err
	}
	for _, one := range services {
		r.names[one.ID] = one.Name
	}
	if r.issuance, err = issuanceID(tx); err != nil {
		return err
	}
	p.rows(r, board)
	return nil
}

func (p *boardPage) rows(r boardRows, board booking.Board) {
	for i, l := range board.Waiting {
		p.Waiting = append(p.Waiting, r.waiting(l, i+1))
	}
	for _, l := range board.Called {
		p.Called = append(p.Called, r.called(l))
	}
	for _, l := range board.Expected[:min(len(board.Expected), expectedShown)] {
		p.Expected = append(p.Expected, r.expected(l))
	}
	p.More = len(board.Expected) - len(p.Expected)
	p.Over = len(board.Ended)
	missed := slices.DeleteFunc(board.Ended, func(l booking.BoardLine) bool { return l.Visit.State == booking.Done })
	for _, l := range missed[:min(len(missed), missedShown)] {
		p.Missed = append(p.Missed, r.missed(l))
	}
	if r.view.counter.ID == 0 {
		return
	}
	if r.view.hidden {
		return
	}
	p.Next = &step{Path: "/board/next", Label: "次の人を" + r.view.counter.Name + "に呼ぶ", Back: r.back, CSRF: r.csrf, Counter: r.view.counter.Ref}
	if len(p.Waiting) > 0 {
		p.NextWho = p.Waiting[0].Name
	}
}

// boardRows makes the rows of one board.
type boardRows struct {
	stepper
	view     boardView
	now      time.Time
	may      func(staff.Permission) bool
	names    map[int64]string // of services
	tx       *store.Tx
	issuance int64 // service that is about cards
}

func (r boardRows) row(l booking.BoardLine) boardRow {
	who := visitPerson(l.DayEntry)
	row := boardRow{
		Name: who.Name, Kana: who.KanaName, When: slotHours(l.Visit.Slot), Late: l.Late, Counter: l.Visit.CalledTo,
		Visit: link{Path: visitPath(l.Visit.Booking.Ref), Label: l.Visit.Number.String()},
		Venue: l.Visit.Venue.Name, Service: r.names[l.Visit.Slot.ServiceID], State: l.Visit.State.Label(), Class: string(l.Visit.State), Provisional: provisional(r.tx, l.Visit),
	}
	if r.view.hidden {
		row.Name, row.Kana = l.Visit.Number.String(), ""
	}
	return row
}

// add offers a step; a screen that visitors see is not for working with.
func (r boardRows) add(row *boardRow, l booking.BoardLine, verb, label, class string) {
	if r.view.hidden {
		return
	}
	s := r.step(l.DayEntry, verb, label, class)
	if verb == "call" {
		s.Counter = r.view.counter.Ref
	}
	row.Actions = append(row.Actions, action{Step: &s})
}

func (r boardRows) waiting(l booking.BoardLine, place int) boardRow {
	row := r.row(l)
	row.Place, row.Since = place, clock(l.Visit.CheckedInAt)+"から"+minutesSince(l.Visit.CheckedInAt, r.now)
	if r.view.counter.ID != 0 {
		r.add(&row, l, "call", "呼ぶ", "second")
	}
	return row
}

func (r boardRows) called(l booking.BoardLine) boardRow {
	row := r.row(l)
	row.Since = clock(l.Visit.CalledAt) + "から" + minutesSince(l.Visit.CalledAt, r.now)
	if l.Visit.CardID != 0 && l.Visit.Slot.ServiceID == r.issuance && r.may(staff.MayIssue) && !r.view.hidden {
		row.Actions = append(row.Actions, action{Link: button{issuePath(l.DayEntry, r.back), "交付済みにする", ""}})
	} else {
		r.add(&row, l, "done", "来庁済み", "")
	}
	return row
}

func (r boardRows) expected(l booking.BoardLine) boardRow {
	row := r.row(l)
	r.add(&row, l, "check-in", "受け付ける", "second")
	if l.Late {
		r.add(&row, l, "no-show", "来庁なし", "danger")
	}
	return row
}

func (r boardRows) missed(l booking.BoardLine) boardRow {
	row := r.row(l)
	row.Since = clock(l.Visit.EndedAt)
	if path := rebookPath(l.DayEntry); path != "" && r.may(staff.MayBook) && !r.view.hidden {
		row.Actions = append(row.Actions, action{Link: button{path, "予約を取り直す", "second"}})
	}
	return row
}

// minutesSince is how long ago something was, in whole minutes.
func minutesSince(t, now time.Time) string {
	return fmt.Sprintf("（%d分）", int(now.Sub(t)/time.Minute))
}

// callNext calls who is first in line to a counter, whoever that is by now.
func (d *Desk) callNext(c *gin.Context) error {
	back := dayPage(c.PostForm("back"), "/board")
	var nobody bool
	err := d.write(c, "", func(tx *store.Tx) (string, error) {
		counter, err := booking.CounterByRef(tx, store.Ref(c.PostForm("counter")))
		if err != nil {
			return "", err
		}
		if err := here(c, counter.VenueID); err != nil {
			return "", err
		}
		_, err = booking.CallNext(tx, actor(c), counter)
		if nobody = errors.Is(err, booking.NobodyWaits); nobody {
			err = nil
		}
		return back, err
	})
	if err != nil {
		return err
	}
	if nobody {
		d.site.Session(c).Flash("nobody_waits")
	}
	return nil
}
