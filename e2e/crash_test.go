package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"madoguchi/app/bench"
	"madoguchi/store"
)

// answered is a booking or a cancellation that the site confirmed to someone.
type answered struct {
	number string
	slot   string // where the booking is now; empty after a cancellation
	at     time.Time
}

// crowd books and cancels without end until the site is gone, and records
// every answer.
type crowd struct {
	mu   sync.Mutex
	last map[string]answered // the newest answer each person got
	// doubtful are people whose last request had no answer: whether it was done, nobody said.
	doubtful map[string]bool
}

func newCrowd() *crowd {
	return &crowd{last: map[string]answered{}, doubtful: map[string]bool{}}
}

func (c *crowd) run(w *town, people []bench.Person, slots []place) (wait func()) {
	transport := bench.Transport(len(people))
	var wg sync.WaitGroup
	for i, p := range people {
		wg.Go(func() {
			r := bench.NewResident(w.start.Public, transport)
			if err := r.SignIn(w.Context(), p.Number, p.BirthDate); err != nil {
				return // the site was killed before
			}
			for n := 0; ; n++ {
				if !c.book(w.Context(), r, p, slots[(i+n*len(people))%len(slots)].Ref) || !c.cancel(w.Context(), r, p) {
					return
				}
			}
		})
	}
	return wg.Wait
}

// work waits until someone was answered, and a little longer.
func (c *crowd) work(t *testing.T, longer time.Duration) {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		c.mu.Lock()
		answers := len(c.last)
		c.mu.Unlock()
		if answers > 3 {
			break
		}
		if time.Since(begin) > 30*time.Second {
			t.Fatal("nobody was answered within 30 seconds")
		}
	}
	time.Sleep(longer)
}

// book reports whether the site still answers.
func (c *crowd) book(ctx context.Context, r *bench.Resident, p bench.Person, slot string) bool {
	form, err := r.Choose(ctx, slot)
	if err != nil {
		return false
	}
	return c.send(ctx, r, p, form, slot)
}

func (c *crowd) cancel(ctx context.Context, r *bench.Resident, p bench.Person) bool {
	page, err := r.Get(ctx, "/booking/cancel")
	if err != nil {
		return false
	}
	form, err := page.FormTo("/booking/cancel")
	if err != nil {
		return page.Status == http.StatusSeeOther // there was nothing to cancel: the slot was full
	}
	return c.send(ctx, r, p, form, "")
}

func (c *crowd) send(ctx context.Context, r *bench.Resident, p bench.Person, form bench.Form, slot string) bool {
	c.mu.Lock()
	c.doubtful[p.Number] = true
	c.mu.Unlock()
	answer, err := r.Send(ctx, form)
	if err != nil {
		return false
	}
	if answer.Status >= http.StatusInternalServerError {
		return false // refused, which may have been after it was written
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.doubtful, p.Number)
	if answer.Status == http.StatusSeeOther {
		c.last[p.Number] = answered{p.Number, slot, time.Now()}
	}
	return true
}

// mustHold compares every answer with the database. Answers given after the
// instant, which only a restore sets, may be missing.
func (c *crowd) mustHold(w *town, until time.Time) (missing int) {
	w.Helper()
	live := map[string]string{}
	w.read(func(tx *store.Tx) error {
		type row struct{ Number, Slot string }
		rows, err := store.All[row](tx, `SELECT card.notice_number AS number, slot.ref AS slot FROM booking
			JOIN card ON card.id = booking.card_id JOIN slot ON slot.id = booking.slot_id WHERE booking.state = 'booked'`)
		for _, r := range rows {
			live[r.Number] = r.Slot
		}
		return err
	})
	for number, a := range c.last {
		if c.doubtful[number] || live[number] == a.slot {
			continue
		}
		if !until.IsZero() && a.at.After(until) {
			missing++
			continue
		}
		w.Errorf("until %v: %s was answered %q at %s, the database holds %q", until, number, a.slot, a.at.Format(time.RFC3339Nano), live[number])
	}
	return missing
}

// Thirty times: killed under load, started again; then the data folder is
// deleted and restored from the copies alone.
func TestKilledUnderLoad(t *testing.T) {
	const rounds, people = 30, 12
	w := run(t)
	lost, worstLag := 0, time.Duration(0)
	for round := range rounds {
		c := newCrowd()
		wait := c.run(w, w.unbooked(people), w.free(40))
		c.work(t, time.Duration(37*round%500)*time.Millisecond)
		w.kill()
		wait()

		w.up()
		c.mustHold(w, time.Time{}) // nothing at all may be missing after a restart
		w.settle(c)

		c = newCrowd()
		wait = c.run(w, w.unbooked(people), w.free(40))
		c.work(t, time.Duration(53*round%500)*time.Millisecond)
		killed := time.Now()
		w.kill()
		wait()
		if err := os.RemoveAll(w.data()); err != nil {
			t.Fatal(err)
		}
		copied := w.restore()
		lag := killed.Sub(copied)
		worstLag = max(worstLag, lag)
		if lag > mostLag {
			t.Errorf("round %d: the copies were %v behind when the site was killed", round, lag)
		}
		w.up()
		lost += c.mustHold(w, copied)
		w.settle(c)
	}
	t.Logf("%d rounds; answers inside the copy's lag that a restore without the disk lost: %d; largest lag at a kill: %v", rounds, lost, worstLag)
}

// mostLag is far more than a copy takes on a busy machine: past it the copying
// has stopped, and the answers that a restore may miss say nothing.
const mostLag = 15 * time.Second

// restore runs the operator's one command, reads its report, and returns when
// the newest commit that came back was made: the copy's measured lag ends there.
func (w *town) restore() (copied time.Time) {
	w.Helper()
	report, status := output(w.T, w.command("restore"))
	if status != 0 {
		w.Fatalf("restore: status %d\n%s", status, report)
	}
	var newest string
	st, err := store.Open(w.Context(), store.Options{Path: filepath.Join(w.data(), "madoguchi.db")})
	if err != nil {
		w.Fatal(err)
	}
	err = st.Read(w.Context(), func(tx *store.Tx) (err error) {
		newest, err = store.One[string](tx, `SELECT number FROM booking ORDER BY id DESC LIMIT 1`)
		return err
	})
	copied = st.LastCommit().At
	if err := errors.Join(err, st.Close()); err != nil {
		w.Fatal(err)
	}
	if want := fmt.Sprintf("%s-%s", newest[:4], newest[4:]); !strings.Contains(report, want) {
		w.Errorf("got report\n%s\nwant it to name the newest booking %s", report, want)
	}
	return copied
}

// settle cancels what the crowd has left, so that every round begins alike.
func (w *town) settle(c *crowd) {
	w.Helper()
	var left []bench.Person
	w.read(func(tx *store.Tx) (err error) {
		left, err = store.All[bench.Person](tx, `SELECT card.notice_number AS number, recipient.birth AS birth_date
			FROM booking JOIN card ON card.id = booking.card_id JOIN recipient ON recipient.id = card.recipient_id
			WHERE booking.state = 'booked' AND booking.channel = 'web' AND booking.booked_at > ?`, tx.Now.Add(-time.Minute))
		return err
	})
	for _, p := range left {
		if _, ours := c.last[p.Number]; !ours && !c.doubtful[p.Number] {
			continue
		}
		r := bench.NewResident(w.start.Public, bench.Transport(1))
		if err := r.SignIn(w.Context(), p.Number, p.BirthDate); err != nil {
			w.Fatal(err)
		}
		cancel(w.T, r)
	}
}
