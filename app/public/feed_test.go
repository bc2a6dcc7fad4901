package public

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/store"
)

type feedAnswer struct {
	Town string
	AsOf string `json:"as_of"`
	Days []struct {
		Date, Weekday, Venue, Service string
		VenueID                       store.Ref `json:"venue_id"`
		Slots, Remaining              int
	}
}

func (w *town) feed() (a feedAnswer, p *apptest.Page) {
	w.Helper()
	p = w.client.Another().Get("/feed/free.json")
	if err := json.Unmarshal([]byte(p.Body), &a); err != nil {
		w.Fatalf("%v in %q", err, p.Body)
	}
	return a, p
}

func TestFeedCountsWhatResidentsCanBook(t *testing.T) {
	w := newTown(t, 2)
	a, p := w.feed()
	if a.Town != "南部町" || a.AsOf != "2026-12-01T09:00+09:00" {
		t.Errorf("got %q at %q, want the town and the time", a.Town, a.AsOf)
	}
	if first := a.Days[0]; first.Date != "2026-12-02" || first.Weekday != "水" || first.Venue != "本庁舎" || first.VenueID != w.main.Ref ||
		first.Service != "受け取り" || first.Slots != 3 || first.Remaining != 5 {
		t.Errorf("got %+v first", first)
	}
	for _, d := range a.Days {
		if d.Date == "2026-12-04" && d.Remaining != 0 {
			t.Errorf("got %+v, want a day without a place to be there with none", d)
		}
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "Cache-Control": "public, max-age=10", "Access-Control-Allow-Origin": "*", "Set-Cookie": "",
	} {
		if got := p.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestFeedAsCSVIsTheSame(t *testing.T) {
	w := newTown(t, 1)
	p := w.client.Get("/feed/free.csv")
	if got := p.Header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
		t.Errorf("got %q", got)
	}
	lines := strings.Split(strings.TrimSuffix(p.Body, "\r\n"), "\r\n")
	if lines[0] != "\ufeff日付,曜日,受付場所,業務,枠の数,残り" || lines[1] != "2026-12-02,水,本庁舎,受け取り,3,5" {
		t.Errorf("got %q", lines[:2])
	}
	a, _ := w.feed()
	if len(lines)-1 != len(a.Days) {
		t.Errorf("got %d lines for %d days", len(lines)-1, len(a.Days))
	}
}

func TestFeedIsMadeOnceInTenSeconds(t *testing.T) {
	w := newTown(t, 2)
	before, p := w.feed()
	etag := p.Header.Get("Etag")
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		slots, err := booking.DaySlots(tx, w.main.ID, w.service.ID, on(12, 2))
		if err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE slot SET capacity = capacity + 1 WHERE id = ?`, slots[0].ID)
		return err
	})
	w.clock.Advance(9 * time.Second)
	if now, _ := w.feed(); now.Days[0].Remaining != before.Days[0].Remaining {
		t.Errorf("got %d within ten seconds, want what is kept: %d", now.Days[0].Remaining, before.Days[0].Remaining)
	}
	client := w.client.Another()
	client.Header.Set("If-None-Match", etag)
	if p := client.Get("/feed/free.json"); p.Status != http.StatusNotModified || p.Body != "" {
		t.Errorf("got status %d with %d bytes for a known file, want 304 and none", p.Status, len(p.Body))
	}
	w.clock.Advance(time.Second)
	if now, _ := w.feed(); now.Days[0].Remaining != before.Days[0].Remaining+1 {
		t.Errorf("got %d after ten seconds, want it counted anew", now.Days[0].Remaining)
	}
	if p := client.Get("/feed/free.json"); p.Status != http.StatusOK {
		t.Errorf("got status %d for a file that changed, want 200", p.Status)
	}
}

func TestFeedHoldsNothingAboutPeople(t *testing.T) {
	w := newTown(t, 3)
	for _, path := range []string{"/feed/free.json", "/feed/free.csv"} {
		body := w.client.Get(path).Body
		for _, secret := range []string{"山田", "ハナコ", "秘密", "ABC-0", "ABC0", "0178"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s holds %q", path, secret)
			}
		}
	}
}

func TestFeedLeavesOutWhatOnlyStaffBook(t *testing.T) {
	w := newTown(t, 1)
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		s := w.service
		s.StaffOnly = true
		_, err := booking.EditService(tx, w.by, s)
		return err
	})
	a, _ := w.feed()
	for _, d := range a.Days {
		if d.Service == w.service.Name {
			t.Errorf("got %+v, want nothing of a service that only staff book", d)
		}
	}
}
