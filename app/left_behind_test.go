package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/demo"
	"madoguchi/store"
	"madoguchi/store/replica"
	"madoguchi/store/restore"
)

// machine is one of two that copy to one place.
type machine struct {
	*testing.T
	cfg Config
	st  *store.Store
	rep *replica.Replica
	log *bytes.Buffer
}

func newMachine(t *testing.T, copies replica.Target) *machine {
	return &machine{T: t, cfg: Config{Data: t.TempDir(), Replica: copies, Confirm: replica.Provisional}, log: &bytes.Buffer{}}
}

func (m *machine) logger() *slog.Logger { return slog.New(slog.NewTextHandler(m.log, nil)) }

// up opens the database, and its copies unless they are out of reach.
func (m *machine) up(copies bool) {
	m.Helper()
	var err error
	if m.st, err = store.Open(m.Context(), store.Options{Path: m.cfg.Database()}); err != nil {
		m.Fatal(err)
	}
	if !copies {
		return
	}
	text, err := os.ReadFile(filepath.Join(apptest.Root(), "litestream.yml"))
	if err != nil {
		m.Fatal(err)
	}
	cfg, err := replica.ReadConfig(text)
	if err != nil {
		m.Fatal(err)
	}
	if m.rep, err = replica.Start(m.Context(), m.st, m.cfg.Replica, cfg, m.cfg.Confirm, slog.New(slog.DiscardHandler)); err != nil {
		m.Fatal(err)
	}
}

func (m *machine) down() {
	m.Helper()
	err := m.st.Close()
	if m.rep != nil {
		err = errors.Join(err, m.rep.Close(context.Background()))
		m.rep = nil
	}
	if err != nil {
		m.Fatal(err)
	}
}

func (m *machine) write(do func(*store.Tx) error) {
	m.Helper()
	if err := m.st.Write(m.Context(), do); err != nil {
		m.Fatal(err)
	}
}

func (m *machine) read(do func(*store.Tx) error) {
	m.Helper()
	if err := m.st.Read(m.Context(), do); err != nil {
		m.Fatal(err)
	}
}

var visitor = card.Visitor{Name: "来庁 太郎", KanaName: "ライチョウ タロウ", Telephone: "090-1111-2222"}

// leftTown is what the test books with: people, and slots with one place each.
type leftTown struct {
	people []card.Record
	slots  []booking.Slot
}

func seedLeft(m *machine) (w leftTown) {
	m.Helper()
	notices, err := demo.SeedLarge(m.Context(), m.st, demo.Size{Cards: 60, Venues: 1, Days: 20})
	if err != nil {
		m.Fatal(err)
	}
	m.read(func(tx *store.Tx) error {
		for _, n := range notices {
			number, err := card.ParseNoticeNumber(n.Number)
			if err != nil {
				return err
			}
			r, err := card.ByNoticeNumber(tx, number)
			if err != nil {
				return err
			}
			if _, live, err := booking.Live(tx, r.Card.ID); err != nil {
				return err
			} else if r.NeedsBooking && !live && !r.Issued() {
				w.people = append(w.people, r)
			}
		}
		p, err := booking.BookablePeriod(tx)
		if err != nil {
			return err
		}
		refs, err := store.All[store.Ref](tx, `SELECT slot.ref FROM slot JOIN service ON service.id = slot.service_id
			WHERE held_on BETWEEN ? AND ? AND service.code = ? AND open = 1 ORDER BY held_on, starts LIMIT 20`, p.From.AddDays(2), p.To, booking.CardIssuanceCode)
		if err != nil {
			return err
		}
		for _, ref := range refs {
			s, err := booking.SlotByRef(tx, ref)
			if err != nil {
				return err
			}
			w.slots = append(w.slots, s)
		}
		return nil
	})
	if len(w.people) < 8 || len(w.slots) < 10 {
		m.Fatalf("got %d people and %d slots", len(w.people), len(w.slots))
	}
	return w
}

func (m *machine) book(r card.Record, s booking.Slot) (v booking.Visit) {
	m.Helper()
	m.write(func(tx *store.Tx) (err error) {
		v, err = booking.Book(tx, audit.Command("test"), booking.Wish{Card: r.Card.ID, Slot: s.Ref, Channel: booking.Web, Seat: booking.ResidentSeat})
		return err
	})
	return v
}

func (m *machine) live(r card.Record) (v booking.Visit) {
	m.Helper()
	m.read(func(tx *store.Tx) (err error) {
		v, _, err = booking.Live(tx, r.Card.ID)
		return err
	})
	return v
}

// What a machine answered while it could not reach the store is there after
// another has taken over: carried out where nothing stands against it, else on
// the work list, and each only once.
func TestWhatWasAnsweredProvisionallyIsNotLost(t *testing.T) {
	copies, err := replica.Parse(filepath.Join(t.TempDir(), "copies"))
	if err != nil {
		t.Fatal(err)
	}
	a, b := newMachine(t, copies), newMachine(t, copies)
	a.up(true)
	w := seedLeft(a)
	kept := a.book(w.people[0], w.slots[0])
	moved := a.book(w.people[1], w.slots[1])
	dropped := a.book(w.people[2], w.slots[2])
	seen := a.book(w.people[6], w.slots[7])
	a.down()

	a.up(false) // the store is out of reach
	booked := a.book(w.people[3], w.slots[3])
	a.book(w.people[4], w.slots[4])
	a.book(w.people[5], w.slots[5])
	var met booking.Visit
	a.write(func(tx *store.Tx) (err error) {
		by := audit.Command("test")
		if _, err = booking.Change(tx, by, moved.Booking.Ref, moved.Version, booking.Wish{Slot: w.slots[6].Ref, Channel: booking.Web, Seat: booking.ResidentSeat}); err != nil {
			return err
		}
		if _, err = booking.Change(tx, by, seen.Booking.Ref, seen.Version, booking.Wish{Slot: w.slots[8].Ref, Channel: booking.Web, Seat: booking.ResidentSeat}); err != nil {
			return err
		}
		if _, err = booking.Cancel(tx, by, dropped.Booking.Ref, dropped.Version); err != nil {
			return err
		}
		met, err = booking.BookVisitor(tx, by, booking.Wish{Slot: w.slots[9].Ref, Channel: booking.Counter, Seat: booking.StaffSeat, Reason: "記録なし"}, visitor)
		return err
	})
	a.down()

	if _, err := restore.TakeOver(t.Context(), restore.Options{Target: copies, Path: b.cfg.Database()}, b.cfg.Confirm, verifyCopy, nil); err != nil {
		t.Fatal(err)
	}
	b.up(true)
	defer b.down()
	b.write(func(tx *store.Tx) error { // one slot was filled, and two people have acted again
		if _, err := tx.Exec(`UPDATE slot SET open = 0 WHERE ref = ?`, w.slots[4].Ref); err != nil {
			return err
		}
		_, err := booking.Change(tx, audit.Command("test"), seen.Booking.Ref, seen.Version, booking.Wish{Slot: w.slots[9].Ref, Channel: booking.Web, Seat: booking.ResidentSeat})
		return err
	})
	again := b.book(w.people[5], w.slots[0])

	for range 2 { // also when the machine comes back and back again
		if err := handOver(t.Context(), a.cfg, a.logger()); err != nil {
			t.Fatal(err)
		}
		for {
			if err := takeLeft(t.Context(), b.st, b.rep, b.logger()); err != nil {
				t.Fatal(err)
			}
			if left, err := b.rep.Left(t.Context()); err != nil {
				t.Fatal(err)
			} else if len(left) == 0 {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if err := os.Remove(filepath.Join(replica.MetaPath(a.cfg.Database()), "handed")); err != nil {
			t.Fatal(err)
		}
	}

	for what, c := range map[string]struct {
		of   card.Record
		want booking.Visit
		slot booking.Slot
	}{
		"copied before":                {w.people[0], kept, w.slots[0]},
		"changed":                      {w.people[1], moved, w.slots[6]},
		"booked, with its number":      {w.people[3], booked, w.slots[3]},
		"booked again by the person":   {w.people[5], again, w.slots[0]},
		"changed again by the person":  {w.people[6], seen, w.slots[9]},
		"cancelled":                    {w.people[2], booking.Visit{}, booking.Slot{}},
		"in a slot that is closed now": {w.people[4], booking.Visit{}, booking.Slot{}},
	} {
		if got := b.live(c.of); got.Number != c.want.Number || got.Slot.Ref != c.slot.Ref {
			t.Errorf("%s: got %s in %s, want %s in %s", what, got.Number, got.Slot.Ref, c.want.Number, c.slot.Ref)
		}
	}
	b.read(func(tx *store.Tx) error {
		e, err := booking.EntryByRef(tx, met.Booking.Ref)
		if err != nil || e.Record.Name != visitor.Name || !e.Visit.Live() {
			t.Errorf("got %+v, %v, want the visitor's booking", e, err)
		}
		list, err := booking.LeftList(tx, 100)
		if err != nil {
			return err
		}
		why := map[string]int{}
		for _, l := range list {
			why[string(l.Left.State)+" "+l.Left.Why]++
		}
		if len(list) != 7 || why["redone "] != 4 || why["open slot_closed"] != 1 || why["open already_booked"] != 1 || why["open left_behind_changed_since"] != 1 {
			t.Errorf("got %v, want four carried out and three to decide", why)
		}
		wrong, err := booking.Invariants(tx)
		if len(wrong) > 0 {
			t.Errorf("invariants broken: %v", wrong)
		}
		return err
	})
	for _, secret := range []string{"来庁", "ライチョウ", "1111", string(booked.Number), w.people[3].Name} {
		if log := a.log.String() + b.log.String(); strings.Contains(log, secret) {
			t.Errorf("the log names %q:\n%s", secret, log)
		}
	}
}

// With the policy refuse nothing was answered that the copies lack.
func TestNothingIsHandedOverThatWasRefused(t *testing.T) {
	copies, err := replica.Parse(filepath.Join(t.TempDir(), "copies"))
	if err != nil {
		t.Fatal(err)
	}
	a, b := newMachine(t, copies), newMachine(t, copies)
	a.up(true)
	w := seedLeft(a)
	a.down()
	a.up(false)
	a.book(w.people[0], w.slots[0])
	a.down()
	if _, err := restore.TakeOver(t.Context(), restore.Options{Target: copies, Path: b.cfg.Database()}, replica.Refuse, verifyCopy, nil); err != nil {
		t.Fatal(err)
	}
	a.cfg.Confirm = replica.Refuse
	if err := handOver(t.Context(), a.cfg, a.logger()); err != nil {
		t.Fatal(err)
	}
	b.up(true)
	defer b.down()
	if left, err := b.rep.Left(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("got %v, %v, want nothing", left, err)
	}
}
