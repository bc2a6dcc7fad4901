package console

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/jp"
	"madoguchi/app/public"
	"madoguchi/app/settings"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

// office is a town at Tuesday 1 December 2026, 9:00: two places, three days
// with slots, three recipients, an administrator and a clerk.
type office struct {
	t      *testing.T
	st     *store.Store
	clock  *apptest.Clock
	desk   *Desk
	client *apptest.Client

	main, branch           booking.Venue
	hanako, ichiro, midori card.Record
	passwords              map[string]string
	accounts               map[string]staff.Account
	cookies                map[string][]*http.Cookie
}

// image is the office as every test finds it, made once: hashing passwords is
// slow on purpose.
var image struct {
	once   sync.Once
	file   []byte
	office office
}

func paint(t *testing.T) {
	t.Helper()
	o := &office{t: t, passwords: map[string]string{}, accounts: map[string]staff.Account{}, cookies: map[string][]*http.Cookie{}}
	path := filepath.Join(t.TempDir(), "madoguchi.db")
	var err error
	if o.st, err = store.Open(t.Context(), store.Options{Path: path, Clock: func() time.Time { return apptest.Start }}); err != nil {
		t.Fatal(err)
	}
	apptest.Write(t, o.st, o.furnish)
	o.serve()
	for id := range o.accounts {
		o.cookies[id] = o.signIn(id).Cookies()
	}
	if err := o.st.Close(); err != nil {
		t.Fatal(err)
	}
	if image.file, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	image.office = *o
}

var system = audit.Command("test")

const (
	hanakoPayload = "ABC-123456,12345678901234567890123,02,髙橋　花子,タカハシ　ハナコ,19500512,0390802,青森県三戸郡南部町大字苫米地字下宿２３－１,024457,20261001,20360512"
	ichiroPayload = "DEF-222222,22345678901234567890123,01,南部　一郎,ナンブ　イチロウ,19890108,0390104,青森県三戸郡南部町大字小向字上野１,024457,20261001,20361001"
	midoriPayload = "GHI-333333,32345678901234567890123,01,高橋　みどり,タカハシ　ミドリ,20150300,0390612,青森県三戸郡南部町大字剣吉字桜木２,024457,20261001,20311001"
	freshPayload  = "JKL-444444,42345678901234567890123,03,佐々木　次郎,ササキ　ジロウ,19700401,0390815,青森県三戸郡南部町大字福田字前田３,024457,20261001,20361001"
)

var (
	today    = jp.Date{Year: 2026, Month: 12, Day: 1}
	thursday = jp.Date{Year: 2026, Month: 12, Day: 3}
	friday   = jp.Date{Year: 2026, Month: 12, Day: 4}
)

func open(t *testing.T) *office {
	t.Helper()
	image.once.Do(func() { paint(t) })
	o := new(office)
	*o = image.office
	o.t, o.passwords = t, maps.Clone(o.passwords)
	_, o.clock = apptest.Store(t) // for its clock only: the store is the image's
	path := filepath.Join(t.TempDir(), "madoguchi.db")
	if err := os.WriteFile(path, image.file, 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if o.st, err = store.Open(t.Context(), store.Options{Path: path, Clock: o.clock.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.st.Close(); err != nil {
			t.Error(err)
		}
	})
	o.serve()
	return o
}

// serve opens the console on loopback.
func (o *office) serve() {
	o.t.Helper()
	var err error
	if o.desk, err = New(o.t.Context(), Options{Store: o.st, Files: apptest.Files(), Log: slog.New(slog.DiscardHandler)}); err != nil {
		o.t.Fatal(err)
	}
	o.client = apptest.NewClient(o.t, o.desk.Handler())
}

func (o *office) furnish(tx *store.Tx) (err error) {
	for name, value := range map[string]string{
		"town.name": "南部町", "town.municipality_code": "024457", "service.name": "マイナンバーカード交付予約", "office.telephone": "0178-00-0000",
		"booking.first_day_ahead": "0",
	} {
		if err := settings.Set(tx, system, name, value); err != nil {
			return err
		}
	}
	for _, a := range []struct {
		id, name string
		role     staff.Role
	}{{"kanri", "管理 太郎", staff.Administrator}, {"madoguchi1", "窓口 花子", staff.Clerk}} {
		if o.accounts[a.id], o.passwords[a.id], err = staff.Add(tx, system, a.id, a.name, a.role); err != nil {
			return err
		}
	}
	// As after each has chosen a password; the hashing would only take time.
	if _, err := tx.Exec(`UPDATE staff SET must_change = 0`); err != nil {
		return err
	}
	if err := intake.EnsureProfile(tx, system); err != nil {
		return err
	}
	return o.fill(tx)
}

func (o *office) fill(tx *store.Tx) (err error) {
	by := o.accounts["madoguchi1"].Actor("furnish1")
	for _, r := range []struct {
		record  *card.Record
		payload string
	}{{&o.hanako, hanakoPayload}, {&o.ichiro, ichiroPayload}, {&o.midori, midoriPayload}} {
		if *r.record, err = intake.ReadPayload(tx, by, r.payload); err != nil {
			return err
		}
	}
	if o.main, err = booking.AddVenue(tx, system, booking.Venue{Name: "南部町役場", Address: "青森県三戸郡南部町大字苫米地字下宿23-1"}); err != nil {
		return err
	}
	if o.branch, err = booking.AddVenue(tx, system, booking.Venue{Name: "名川分庁舎"}); err != nil {
		return err
	}
	service, err := booking.AddService(tx, system, booking.Service{Name: "カードの交付", Minutes: 30})
	if err != nil {
		return err
	}
	window := func(on jp.Date, at string, capacity, reserve int) booking.Window {
		starts, err := jp.ParseClock(at)
		if err != nil {
			panic(err) // the times stand below
		}
		return booking.Window{HeldOn: on, Starts: starts, Ends: starts + 30, Capacity: capacity, Reserve: reserve}
	}
	if err := booking.AddSlots(tx, system, o.main, service, []booking.Window{
		window(today, "8:45", 2, 0), window(today, "10:00", 2, 1),
		window(thursday, "9:30", 1, 1), window(thursday, "10:00", 1, 0), window(friday, "9:30", 2, 0),
	}); err != nil {
		return err
	}
	return booking.AddSlots(tx, system, o.branch, service, []booking.Window{window(thursday, "9:30", 2, 0)})
}

// as is a browser in which this member of staff has signed in before.
func (o *office) as(staffID string) *apptest.Client {
	o.t.Helper()
	c := o.client.Another()
	c.SetCookies(o.cookies[staffID]...)
	return c
}

// signIn is a browser in which this member of staff signs in now.
func (o *office) signIn(staffID string) *apptest.Client {
	o.t.Helper()
	c := o.client.Another()
	p := c.Get("/sign-in").Submit("/sign-in", url.Values{"staff_id": {staffID}, "password": {o.passwords[staffID]}})
	if p.Path != "/" || p.Status != http.StatusOK {
		o.t.Fatalf("sign in as %s: got %s with status %d, want the first page: %s", staffID, p.Path, p.Status, p.Text())
	}
	return c
}

func (o *office) clerk() *apptest.Client         { return o.as("madoguchi1") }
func (o *office) administrator() *apptest.Client { return o.as("kanri") }

// slot finds the slot at a place, day and time such as "9:30".
func (o *office) slot(v booking.Venue, on jp.Date, at string) booking.Slot {
	o.t.Helper()
	starts, err := jp.ParseClock(at)
	if err != nil {
		o.t.Fatal(err)
	}
	var found booking.Slot
	apptest.Read(o.t, o.st, func(tx *store.Tx) error {
		slots, err := booking.DaySlots(tx, v.ID, 1, on)
		for _, s := range slots {
			if s.Starts == starts {
				found = s
			}
		}
		return err
	})
	if found.ID == 0 {
		o.t.Fatalf("no slot at %s on %s at %s", v.Name, on, at)
	}
	return found
}

// book makes a booking as if the resident had made it.
func (o *office) book(r card.Record, s booking.Slot, seat booking.Seat) (v booking.Visit) {
	o.t.Helper()
	channel := booking.Web
	if seat != booking.ResidentSeat {
		channel = booking.Counter
	}
	apptest.Write(o.t, o.st, func(tx *store.Tx) (err error) {
		v, err = booking.Book(tx, system, booking.Wish{Card: r.Card.ID, Slot: s.Ref, Channel: channel, Seat: seat})
		return err
	})
	return v
}

// live is the card's live booking; its zero value when there is none.
func (o *office) live(r card.Record) (v booking.Visit) {
	o.t.Helper()
	apptest.Read(o.t, o.st, func(tx *store.Tx) (err error) {
		v, _, err = booking.Live(tx, r.Card.ID)
		return err
	})
	return v
}

func (o *office) count(query string, args ...any) (n int) {
	o.t.Helper()
	apptest.Read(o.t, o.st, func(tx *store.Tx) (err error) {
		n, err = store.One[int](tx, query, args...)
		return err
	})
	return n
}

func pathOf(r card.Record) string { return recipientPath(r) }

// must fails the test unless the page has this status and says all of this.
func must(t *testing.T, p *apptest.Page, status int, says ...string) {
	t.Helper()
	if p.Status != status {
		t.Fatalf("%s: got status %d, want %d: %s", p.Path, p.Status, status, p.Text())
	}
	for _, text := range says {
		if !strings.Contains(p.Text(), text) {
			t.Errorf("%s: got %q, want it to say %q", p.Path, p.Text(), text)
		}
	}
}

// concrete puts a recipient into a route's pattern.
func concrete(pattern string, r card.Record) string {
	return strings.ReplaceAll(pattern, ":ref", string(r.Ref))
}

func TestEveryRouteNamesItsPermission(t *testing.T) {
	o := open(t)
	for _, g := range o.desk.routes() {
		open := g.Path == "/sign-in" || g.Path == "/look/:file"
		if (g.permission == "") != open {
			t.Errorf("%s %s: got permission %q; only the sign-in page and what it shows have none", g.Method, g.Path, g.permission)
		}
		if !open && !staff.Administrator.May(g.permission) {
			t.Errorf("%s %s: no role includes %q", g.Method, g.Path, g.permission)
		}
	}
}

func TestNothingIsShownBeforeSignIn(t *testing.T) {
	o := open(t)
	o.client.Stay = true
	for _, g := range o.desk.routes() {
		if g.permission == "" || g.Method != http.MethodGet {
			continue
		}
		p := o.client.Get(concrete(g.Path, o.hanako))
		if p.Status != http.StatusSeeOther || p.Header.Get("Location") != "/sign-in" {
			t.Errorf("%s: got status %d to %q, want 303 to /sign-in", g.Path, p.Status, p.Header.Get("Location"))
		}
	}
	csrf := apptest.Attr(o.client.Get("/sign-in").FindAll(`input[name="csrf"]`)[0], "value")
	for _, g := range o.desk.routes() {
		if g.permission == "" || g.Method != http.MethodPost {
			continue
		}
		p := o.client.Post(concrete(g.Path, o.hanako), url.Values{"csrf": {csrf}})
		if p.Status != http.StatusSeeOther || p.Header.Get("Location") != "/sign-in" {
			t.Errorf("POST %s: got status %d to %q, want 303 to /sign-in", g.Path, p.Status, p.Header.Get("Location"))
		}
	}
}

func TestRoleWithoutThePermissionIsRefused(t *testing.T) {
	o := open(t)
	never := staff.Permission("never")
	refused := o.desk.need(never, web.GET("/nothing", o.desk.today))
	e := web.NewEngine(o.desk.site)
	o.desk.site.Mount(e, "", refused.Route)
	for _, g := range o.desk.routes() {
		if g.permission == "" {
			o.desk.site.Mount(e, "", g.Route)
		} else if g.Path == "/" {
			o.desk.site.Mount(e, "", o.desk.need(staff.MaySeeToday, web.GET("/", o.desk.today)).Route)
		}
	}
	o.client = apptest.NewClient(t, e)
	p := o.administrator().Get("/nothing")
	must(t, p, http.StatusForbidden, "あなたの役割では、この操作はできません")
}

func TestPublicListenerServesNoConsolePage(t *testing.T) {
	o := open(t)
	residents, err := public.New(public.Options{Options: web.Options{Store: o.st, Files: apptest.Files(), Log: slog.New(slog.DiscardHandler)}, Mail: true})
	if err != nil {
		t.Fatal(err)
	}
	browser := o.clerk()
	outside := apptest.NewClient(t, residents)
	outside.SetCookies(browser.Cookies()...)
	for _, g := range o.desk.routes() {
		p, err := outside.Try(g.Method, concrete(g.Path, o.hanako), url.Values{})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(p.Body, "職員用画面") || strings.Contains(p.Body, "console.css") {
			t.Errorf("%s %s: the public listener shows a console page", g.Method, g.Path)
		}
		own := g.Path == "/" || g.Path == "/sign-in" || g.Path == "/sign-out"
		if !own && p.Status != http.StatusNotFound && p.Status != http.StatusMethodNotAllowed {
			t.Errorf("%s %s: got status %d from the public listener, want 404", g.Method, g.Path, p.Status)
		}
	}
}

func TestUnknownAddressIsAFullPage(t *testing.T) {
	o := open(t)
	p := o.clerk().Get("/nowhere")
	must(t, p, http.StatusNotFound, "ページが見つかりません", "「本日の予約」に戻る", "南部町 職員用画面")
	sound(t, "unknown address", p)
	if len(p.Body) <= 512 {
		t.Errorf("got %d bytes, want more than the 512 below which IE shows a page of its own", len(p.Body))
	}
}

func TestFaultShowsItsRequestNumber(t *testing.T) {
	o := open(t)
	e := web.NewEngine(o.desk.site)
	o.desk.site.Mount(e, "", web.GET("/fault", func(*gin.Context) error { return fmt.Errorf("disk on fire") }))
	p := apptest.NewClient(t, e).Get("/fault")
	must(t, p, http.StatusInternalServerError, "受付番号")
	if strings.Contains(p.Body, "disk on fire") {
		t.Error("the page tells what is the operator's to know")
	}
}
