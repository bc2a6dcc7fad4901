package public

import (
	"strings"
	"testing"
	"time"

	"madoguchi/store"
)

// placeAway is a second place for the copies that does not answer.
type placeAway struct{ since time.Time }

func (placeAway) Admit() error                     { return nil }
func (placeAway) Confirm(store.Commit) error       { return nil }
func (p placeAway) Unconfirmed() (time.Time, bool) { return p.since, !p.since.IsZero() }

func TestBookingThatOnlyThisMachineHasIsProvisional(t *testing.T) {
	w := newTown(t, 2)
	visit := w.take(1, w.slot(w.main, on(12, 3), 9*60))
	heading := map[string]string{"": "仮受付です", "/easy": "まだ 仮（かり）の 受付（うけつけ）です", "/en": "This booking is provisional"}
	for language, words := range heading { // by the start of the address
		for name, c := range map[string]struct {
			since time.Time
			want  bool
		}{
			"the place has all":               {time.Time{}, false},
			"the place lacks what came later": {visit.BookedAt.Add(time.Millisecond), false},
			"the place lacks it":              {visit.BookedAt, true},
		} {
			w.st.SetConfirmer(placeAway{c.since})
			_, page := w.signIn(1, language)
			if got := strings.Contains(page.Text(), words); got != c.want {
				t.Errorf("%s, %s: said to be provisional: got %v, want %v", language, name, got, c.want)
			}
		}
	}
}
