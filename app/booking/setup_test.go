package booking

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"reflect"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/app/settings"
	"madoguchi/store"
)

var by = audit.Command("test")

// write runs fn and gives its error back.
func write(t *testing.T, st *store.Store, fn func(*store.Tx) error) error {
	t.Helper()
	return st.Write(t.Context(), fn)
}

func TestVenueIsEditedRetiredAndKept(t *testing.T) {
	st, _ := apptest.Store(t)
	var v Venue
	apptest.Write(t, st, func(tx *store.Tx) (err error) {
		v, err = AddVenue(tx, by, Venue{Name: "　南部町役場 ", Kana: "ナンブ", PostalCode: "〒０３９－０８０２", Address: "下宿23-1", Telephone: "０１７８-００-０００１（内線12）"})
		return err
	})
	if v.Name != "南部町役場" || v.PostalCode != "0390802" || v.Telephone != "0178-00-0001(内線12)" || v.Version != 1 || v.Position != 1 {
		t.Errorf("got %+v, want what was typed, tidied", v)
	}
	for _, c := range []struct {
		sentence string
		change   func(*Venue)
		want     *problem.Problem
		field    string
	}{
		{"a name is needed", func(v *Venue) { v.Name = " " }, NameMissing, "name"},
		{"a name has an end", func(v *Venue) { v.Name = strings.Repeat("役", 61) }, card.TooLong, "name"},
		{"a postal code has seven digits", func(v *Venue) { v.PostalCode = "039" }, card.BadPostalCode, "postal_code"},
		{"a telephone number has digits", func(v *Venue) { v.Telephone = "電話" }, card.BadTelephone, "telephone"},
		{"an old page is refused", func(v *Venue) { v.Version = 9 }, SetupStale, ""},
		{"a place that is not there", func(v *Venue) { v.Ref = "x" }, VenueNotFound, ""},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			edit := v
			c.change(&edit)
			err := write(t, st, func(tx *store.Tx) error { _, err := EditVenue(tx, by, edit); return err })
			p, _ := problem.As(err)
			if !errors.Is(err, c.want) || c.field != "" && p.Fields[c.field] != c.want.Code {
				t.Errorf("got %v, want %s on %q", err, c.want.Code, c.field)
			}
		})
	}
	apptest.Write(t, st, func(tx *store.Tx) error {
		if _, err := AddVenue(tx, by, Venue{Name: "名川分庁舎"}); err != nil {
			return err
		}
		v.AccessNote = "バスで10分"
		edited, err := EditVenue(tx, by, v)
		if edited.Version != 2 || edited.AccessNote != "バスで10分" {
			t.Errorf("got %+v, want it written", edited)
		}
		v = edited
		return err
	})
	if err := write(t, st, func(tx *store.Tx) error { _, err := AddVenue(tx, by, Venue{Name: "名川分庁舎"}); return err }); !errors.Is(err, NameTaken) {
		t.Errorf("got %v, want NameTaken", err)
	}
	apptest.Write(t, st, func(tx *store.Tx) error {
		if err := RetireVenue(tx, by, v.Ref, v.Version); err != nil {
			return err
		}
		use, err := Venues(tx)
		if err != nil {
			return err
		}
		all, err := AllVenues(tx)
		if len(use) != 1 || len(all) != 2 || !all[1].Retired() {
			t.Errorf("got %v and %v, want the retired place last and only in the second list", use, all)
		}
		return err
	})
}

func TestVenueAndServiceInUseAreNotRetired(t *testing.T) {
	w := newTown(t, 2, 1, 0, 1)
	v, err := w.book(0, 0, ResidentSeat, "")
	if err != nil {
		t.Fatal(err)
	}
	var s Service
	apptest.Read(t, w.st, func(tx *store.Tx) (err error) {
		s, err = CardIssuance(tx)
		return err
	})
	retire := func() (venue, service error) {
		return write(t, w.st, func(tx *store.Tx) error {
				return errors.Join(RetireVenue(tx, w.by, v.Venue.Ref, v.Venue.Version), errTaken)
			}),
			write(t, w.st, func(tx *store.Tx) error { return errors.Join(RetireService(tx, w.by, s.Ref, s.Version), errTaken) })
	}
	if venue, service := retire(); !errors.Is(venue, VenueInUse) || !errors.Is(service, ServiceInUse) {
		t.Errorf("got %v and %v, want both refused", venue, service)
	}
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		_, err := Cancel(tx, w.by, v.Booking.Ref, v.Booking.Version)
		return err
	})
	if venue, service := retire(); venue.Error() != errTaken.Error() || service.Error() != errTaken.Error() {
		t.Errorf("got %v and %v, want both retired", venue, service)
	}
	apptest.Write(t, w.st, func(tx *store.Tx) error { return RetireVenue(tx, w.by, v.Venue.Ref, v.Venue.Version) })
	if w.slot(0).Open || w.slot(1).Open {
		t.Error("got open slots at a retired place")
	}
}

// errTaken takes a write back that went well.
var errTaken = errors.New("take it back")

func TestServicesComeWithWhatToBring(t *testing.T) {
	st, _ := apptest.Store(t)
	apptest.Write(t, st, func(tx *store.Tx) error {
		if err := EnsureServices(tx, by); err != nil {
			return err
		}
		return EnsureServices(tx, by)
	})
	var s Service
	apptest.Read(t, st, func(tx *store.Tx) (err error) {
		all, err := Services(tx)
		if len(all) != 4 || err != nil {
			t.Fatalf("got %d services, %v, want four, once", len(all), err)
		}
		for _, each := range all {
			if each.WithoutNotice != (each.Code != CardIssuanceCode) {
				t.Errorf("%s: got without notice %v", each.Code, each.WithoutNotice)
			}
		}
		s, err = CardIssuance(tx)
		if s.Code != CardIssuanceCode {
			t.Errorf("got %s, want the issue of cards", s.Code)
		}
		return err
	})
	lines := []Bring{
		{Always, "", "はがき"},
		{OfIssueKind, string(card.Renewal), "いまのカード"},
		{OfAge, string(Under15), "法定代理人と一緒に"},
		{OfComer, string(Proxy), "委任状"},
	}
	apptest.Write(t, st, func(tx *store.Tx) error { return SetBring(tx, by, s.Ref, s.Version, lines) })
	apptest.Read(t, st, func(tx *store.Tx) error {
		for _, c := range []struct {
			sentence string
			who      Case
			want     string
		}{
			{"nothing known", Case{}, "はがき"},
			{"a renewal", Case{IssueKind: card.Renewal, Age: AgeClasses(40), Comer: Holder}, "はがき いまのカード"},
			{"an infant", Case{IssueKind: card.Infant, Age: AgeClasses(0), Comer: Guardian}, "はがき 法定代理人と一緒に"},
			{"a proxy of someone old", Case{IssueKind: card.NewIssue, Age: AgeClasses(80), Comer: Proxy}, "はがき 委任状"},
		} {
			got, err := BringFor(tx, s.ID, c.who)
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("%s: got %v, %v, want %s", c.sentence, got, err, c.want)
			}
		}
		return nil
	})
	for sentence, wrong := range map[string]Bring{"no text": {Always, "", " "}, "another condition": {"weather", "", "傘"}, "a value that is none": {OfAge, "old", "杖"}} {
		err := write(t, st, func(tx *store.Tx) error { return SetBring(tx, by, s.Ref, s.Version+1, []Bring{lines[0], wrong}) })
		if p, ok := problem.As(err); !ok || p.Fields["bring.1"] == "" {
			t.Errorf("%s: got %v, want it refused at its line", sentence, err)
		}
	}
	for sentence, c := range map[string]struct {
		s    Service
		want error
	}{
		"a code of letters": {Service{Name: "出張", Code: "出張", Minutes: 5}, ServiceCodeForm},
		"a code once":       {Service{Name: "出張", Code: PINResetCode, Minutes: 5}, ServiceCodeTaken},
		"a name once":       {Service{Name: s.Name, Minutes: 5}, NameTaken},
		"some minutes":      {Service{Name: "出張"}, ServiceMinutes},
	} {
		if err := write(t, st, func(tx *store.Tx) error { _, err := AddService(tx, by, c.s); return err }); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", sentence, err, c.want)
		}
	}
}

func TestCountersServeServices(t *testing.T) {
	w := newTown(t, 1, 1, 0, 0)
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		v, err := VenueByRef(tx, mustVenue(tx).Ref)
		if err != nil {
			return err
		}
		s, err := CardIssuance(tx)
		if err != nil {
			return err
		}
		c, err := AddCounter(tx, w.by, VenueCounter{VenueID: v.ID, Name: "1番窓口"}, []int64{s.ID, s.ID})
		if err != nil {
			return err
		}
		if got, err := CounterServices(tx, c.ID); err != nil || len(got) != 1 || got[0].ID != s.ID {
			t.Errorf("got %v, %v, want the one service", got, err)
		}
		if _, err := AddCounter(tx, w.by, VenueCounter{VenueID: v.ID, Name: "1番窓口"}, nil); !errors.Is(err, NameTaken) {
			t.Errorf("got %v, want NameTaken", err)
		}
		c.Name = "2番窓口"
		if c, err = EditCounter(tx, w.by, c, nil); err != nil {
			return err
		}
		if got, err := CounterServices(tx, c.ID); err != nil || len(got) != 0 || c.Name != "2番窓口" {
			t.Errorf("got %+v serving %v, %v, want the new name and nothing", c, got, err)
		}
		if _, err := EditCounter(tx, w.by, VenueCounter{Ref: c.Ref, Name: "x", Version: 1}, nil); !errors.Is(err, SetupStale) {
			t.Errorf("got %v, want SetupStale", err)
		}
		if err := RetireCounter(tx, w.by, c.Ref, c.Version); err != nil {
			return err
		}
		left, err := Counters(tx, v.ID)
		if len(left) != 0 {
			t.Errorf("got %v, want no counter in use", left)
		}
		return err
	})
}

func mustVenue(tx *store.Tx) Venue {
	all, err := Venues(tx)
	if err != nil || len(all) == 0 {
		panic("no venue")
	}
	return all[0]
}

func drawing(t *testing.T, width, height int, encode func(*bytes.Buffer, image.Image) error) []byte {
	t.Helper()
	img := image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.White, color.Black})
	var b bytes.Buffer
	if err := encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(b *bytes.Buffer, img image.Image) error  { return png.Encode(b, img) }
func asJPEG(b *bytes.Buffer, img image.Image) error { return jpeg.Encode(b, img, nil) }

func TestMapPictureIsDecodedBeforeItIsServed(t *testing.T) {
	w := newTown(t, 1, 1, 0, 0)
	good := drawing(t, 40, 30, asPNG)
	for _, c := range []struct {
		sentence string
		body     []byte
		want     error
	}{
		{"PNG", good, nil},
		{"JPEG", drawing(t, 40, 30, asJPEG), nil},
		{"a page", []byte("<html><script>alert(1)</script></html>"), MapForm},
		{"a picture cut short", good[:len(good)-20], MapForm},
		{"GIF", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), MapForm},
		{"too wide", drawing(t, 4001, 1, asPNG), MapForm},
		{"too many pixels", drawing(t, 4000, 3100, asPNG), MapForm},
		{"too many bytes", append(bytes.Clone(good), make([]byte, MapBytes)...), MapTooLarge},
		{"nothing", nil, nil},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			var v Venue
			err := write(t, w.st, func(tx *store.Tx) (err error) {
				v, err = SetMap(tx, w.by, mustVenue(tx), c.body)
				return err
			})
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if err != nil || len(c.body) == 0 {
				return
			}
			apptest.Read(t, w.st, func(tx *store.Tx) error {
				p, err := MapByHash(tx, v.MapHash)
				if !bytes.Equal(p.Body, c.body) || p.Width != 40 || p.Height != 30 || !strings.HasPrefix(p.MediaType, "image/") {
					t.Errorf("got %d bytes of %s, want what was uploaded", len(p.Body), p.MediaType)
				}
				return err
			})
		})
	}
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		n, err := store.One[int](tx, `SELECT count(*) FROM map_picture`)
		if n != 0 {
			t.Errorf("got %d pictures left, want none that no place shows", n)
		}
		if _, missing := MapByHash(tx, "x"); !errors.Is(missing, MapNotFound) {
			t.Errorf("got %v, want MapNotFound", missing)
		}
		return err
	})
}

func TestHoursAreChecked(t *testing.T) {
	w := newTown(t, 1, 1, 0, 0)
	base := Hours{EffectiveFrom: apptestDay(1), Windows: []HoursWindow{{Weekday: 1, Starts: 540, Ends: 720, Minutes: 30, Capacity: 1}}}
	for _, c := range []struct {
		sentence string
		change   func(*Hours)
		want     *problem.Problem
		field    string
	}{
		{"no first day", func(h *Hours) { h.EffectiveFrom = apptestDay(0) }, DayMissing, "effective_from"},
		{"an end before the start", func(h *Hours) { h.Windows[0].Ends = 540 }, WindowOrder, "window.0"},
		{"an end past midnight", func(h *Hours) { h.Windows[0].Ends = 1470 }, WindowOrder, "window.0"},
		{"a rest at the end", func(h *Hours) { h.Windows[0].Minutes = 50 }, WindowRemainder, "window.0"},
		{"slots of no length", func(h *Hours) { h.Windows[0].Minutes = 0 }, WindowMinutes, "window.0"},
		{"fewer than no places", func(h *Hours) { h.Windows[0].Capacity = -1 }, CapacityForm, "window.0"},
		{"no place at all", func(h *Hours) { h.Windows[0].Capacity = 0 }, CapacityNone, "window.0"},
		{"two at once", func(h *Hours) {
			h.Windows = append(h.Windows, HoursWindow{Weekday: 1, Starts: 690, Ends: 750, Minutes: 30, Reserve: 1})
		}, WindowOverlap, "window.1"},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			h := base
			h.Windows = append([]HoursWindow{}, base.Windows...)
			c.change(&h)
			err := write(t, w.st, func(tx *store.Tx) error {
				h.VenueID, h.ServiceID = mustVenue(tx).ID, 1
				_, err := SaveHours(tx, w.by, h)
				return err
			})
			if p, _ := problem.As(err); !errors.Is(err, c.want) || p.Fields[c.field] != c.want.Code {
				t.Errorf("got %v, want %s on %s", err, c.want.Code, c.field)
			}
		})
	}
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		h := base
		h.VenueID, h.ServiceID = mustVenue(tx).ID, 1
		saved, err := SaveHours(tx, w.by, h)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(saved.Windows, base.Windows) {
			t.Errorf("got %+v, want the windows back", saved.Windows)
		}
		if _, err := SaveHours(tx, w.by, h); !errors.Is(err, HoursTaken) {
			t.Errorf("got %v, want HoursTaken for a second set of the day", err)
		}
		saved.Version = 7
		if _, err := SaveHours(tx, w.by, saved); !errors.Is(err, SetupStale) {
			t.Errorf("got %v, want SetupStale", err)
		}
		if err := RemoveHours(tx, w.by, saved.Ref, 1); err != nil {
			return err
		}
		_, err = HoursByRef(tx, saved.Ref)
		if !errors.Is(err, HoursNotFound) {
			t.Errorf("got %v, want HoursNotFound", err)
		}
		return nil
	})
}

func TestSettingsSwitchHolidaysAndYearEnd(t *testing.T) {
	st, _ := apptest.Store(t)
	for _, c := range []struct {
		setting, value, day string
		closed              bool
	}{
		{"closed.holidays", "1", "2027-02-11", true}, {"closed.holidays", "0", "2027-02-11", false},
		{"closed.year_end", "1", "2026-12-29", true}, {"closed.year_end", "0", "2026-12-29", false},
	} {
		apptest.Write(t, st, func(tx *store.Tx) error {
			if err := settings.Set(tx, by, c.setting, c.value); err != nil {
				return err
			}
			reason, closed, err := ClosedOn(tx, 0, date(c.day))
			if closed != c.closed || closed != (reason != "") {
				t.Errorf("%s with %s = %s: got %v (%s), want %v", c.day, c.setting, c.value, closed, reason, c.closed)
			}
			return err
		})
	}
}
