package console

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/public"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

// BenchmarkPages asks for the pages on which slots and bookings are looked up,
// in a town like ours and in a large city, with nothing booked and with half of
// everything booked: the second figure must not be far from the first.
func BenchmarkPages(b *testing.B) {
	for _, size := range []struct{ venues, days, services int }{{2, 90, 1}, {40, 180, 5}} {
		c := city(b, size.venues, size.days, size.services)
		for _, booked := range []bool{false, true} {
			n := 0
			if booked {
				n = c.bookHalf()
			}
			b.Run(fmt.Sprintf("%dvenues%ddays%dservices/%dbookings", size.venues, size.days, size.services, n), func(b *testing.B) {
				for _, page := range []struct{ name, path string }{
					{"day", "/?date=" + c.on.String() + "&venue=" + string(c.venue.Ref)},
					{"week", "/visitors?venue=" + string(c.venue.Ref) + "&service=" + string(c.service.Ref) + "&from=" + c.on.String()},
					{"check", "/visitors/check?slot=" + string(c.slot)},
					{"waiting", "/waiting-list"},
				} {
					b.Run(page.name, func(b *testing.B) { c.get(b, c.console, page.path) })
				}
				b.Run("residentDays", func(b *testing.B) {
					c.get(b, c.residents, "/services/"+string(c.service.Ref)+"/slots?venue="+string(c.venue.Ref))
				})
			})
		}
	}
}

// bigCity is a store for measurements and its two sites.
type bigCity struct {
	b         *testing.B
	st        *store.Store
	venue     booking.Venue
	service   booking.Service
	slot      store.Ref
	on        jp.Date
	password  string
	console   *benchClient
	residents *benchClient
}

// benchClient asks for pages with a session's cookies.
type benchClient struct {
	handler http.Handler
	cookies []*http.Cookie
}

func city(b *testing.B, venues, days, services int) *bigCity {
	b.Helper()
	st, _ := apptest.Store(b)
	c := &bigCity{b: b, st: st, on: today.AddDays(9)}
	apptest.Write(b, st, func(tx *store.Tx) error {
		var windows []booking.Window
		for n := range days {
			for at := jp.Clock(540); at < 1020; at += 30 {
				windows = append(windows, booking.Window{HeldOn: today.AddDays(n + 1), Starts: at, Ends: at + 30, Capacity: 2, Reserve: 1})
			}
		}
		for i := range services {
			s, err := booking.AddService(tx, system, booking.Service{Name: fmt.Sprintf("業務%d", i), Minutes: 30, WithoutNotice: true})
			if err != nil {
				return err
			}
			c.service = s
		}
		all, err := booking.Services(tx)
		if err != nil {
			return err
		}
		for i := range venues {
			v, err := booking.AddVenue(tx, system, booking.Venue{Name: fmt.Sprintf("支所%d", i)})
			if err != nil {
				return err
			}
			c.venue = v
			for _, s := range all {
				if err := booking.AddSlots(tx, system, v, s, windows); err != nil {
					return err
				}
			}
		}
		slots, err := booking.DaySlots(tx, c.venue.ID, c.service.ID, c.on)
		if err != nil {
			return err
		}
		c.slot = slots[15].Ref // left free by bookHalf
		_, c.password, err = staff.Add(tx, system, "kanri", "管理 太郎", staff.Administrator)
		if err == nil {
			_, err = tx.Exec(`UPDATE staff SET must_change = 0`)
		}
		return err
	})
	c.serve()
	return c
}

func (c *bigCity) serve() {
	c.b.Helper()
	quiet := slog.New(slog.DiscardHandler)
	d, err := New(c.b.Context(), Options{Store: c.st, Files: apptest.Files(), Log: quiet})
	if err != nil {
		c.b.Fatal(err)
	}
	c.console = &benchClient{handler: d.Handler()}
	browser := apptest.NewClient(c.b, c.console.handler)
	browser.Get("/sign-in").Submit("/sign-in", url.Values{"staff_id": {"kanri"}, "password": {c.password}})
	c.console.cookies = browser.Cookies()
	residents, err := public.New(public.Options{Options: web.Options{Store: c.st, Files: apptest.Files(), Log: quiet}})
	if err != nil {
		c.b.Fatal(err)
	}
	c.residents = &benchClient{handler: residents}
}

func (c *benchClient) ask(b *testing.B, path string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for _, k := range c.cookies {
		r.AddCookie(k)
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	return w.Result()
}

func (c *bigCity) get(b *testing.B, from *benchClient, path string) {
	b.Helper()
	for b.Loop() {
		res := from.ask(b, path)
		if res.StatusCode != http.StatusOK {
			body, err := io.ReadAll(res.Body)
			b.Fatalf("%s: status %d to %s, %v: %.300s", path, res.StatusCode, res.Header.Get("Location"), err, body)
		}
	}
}

// bookHalf books one place of every slot but the last of each day, for nobody
// in particular, and returns how many bookings that makes.
func (c *bigCity) bookHalf() (n int) {
	c.b.Helper()
	apptest.Write(c.b, c.st, func(tx *store.Tx) error {
		made, err := tx.Exec(`INSERT INTO booking (ref, number, slot_id, seat, channel, state, booked_at)
			SELECT 'b' || id, printf('%08d', id), id, 'staff', 'telephone', 'booked', ? FROM slot WHERE starts < '16:30'`, time.Now())
		n = int(made)
		return err
	})
	return n
}
