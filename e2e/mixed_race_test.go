package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"madoguchi/app/bench"
	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// told is one answer: what someone was told about a card, or that a slot could
// not be had.
type told struct {
	client     int
	card       store.Ref // "" for a booking without a card, and for set-up
	what       string    // booked, changed, cancelled, refused, set, stopped, resumed, planned
	slot       string    // wished for, where it was refused
	residents  bool      // the refused wish was for a resident's place
	shown      bool      // refused by a page that only reads
	begun, had time.Time
}

// arena is the running demo with the few slots that everybody fights for.
type arena struct {
	*town
	people []contender
	slots  []string
	venue  store.Ref
	on     jp.Date

	mu   sync.Mutex
	told []told
}

// contender is a person with a card; the last one is everybody's.
type contender struct {
	bench.Person
	Card store.Ref
}

const (
	raceResidents = 40
	raceStaff     = 18
	raceSetters   = 4 // slots by hand
	raceStoppers  = 1 // stops, and their end
	racePlanners  = 1 // slot plans
	raceClients   = raceResidents + raceStaff + raceSetters + raceStoppers + racePlanners
	raceRounds    = 6
)

// TestSixtyFourClientsOverHTTP mixes residents, staff, changes, slots set by
// hand, plans and closings against the running program. Every answer that said
// "booked", "changed" or "cancelled" is in the database and nothing else is;
// and the log, replayed by the rules alone, explains every answer: no slot ever
// held more than it had, no card had two bookings, who was refused was refused
// while there was nothing left, and nothing happened before it was asked for.
func TestSixtyFourClientsOverHTTP(t *testing.T) {
	a := newArena(t)
	before := a.snapshot()
	staff := a.signInStaff()
	transport := bench.Transport(raceClients)
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for client := range raceClients {
		rng := rand.New(rand.NewPCG(uint64(client), 4))
		play := a.part(client, staff, transport)
		wg.Go(func() {
			<-begin
			for range raceRounds {
				if err := play(rng); err != nil {
					t.Errorf("client %d: %v", client, err)
					return
				}
			}
		})
	}
	close(begin)
	wg.Wait()
	count := map[string]int{}
	for _, x := range a.told {
		count[x.what]++
	}
	t.Logf("%d clients were told: %v", raceClients, count)
	for _, what := range []string{"booked", "changed", "cancelled", "refused", "set", "stopped", "resumed", "planned"} {
		if count[what] == 0 {
			t.Errorf("nobody was told %q: the race says nothing about it", what)
		}
	}
	a.mustAgree(before)
}

func newArena(t *testing.T) *arena {
	a := &arena{town: run(t)}
	for _, p := range a.unbooked(raceResidents + raceStaff + 1) {
		a.people = append(a.people, contender{Person: p})
	}
	a.read(func(tx *store.Tx) error {
		for i, p := range a.people {
			ref, err := store.One[string](tx, `SELECT ref FROM card WHERE notice_number = ?`, strings.ReplaceAll(p.Number, "-", ""))
			if err != nil {
				return err
			}
			a.people[i].Card = store.Ref(ref)
		}
		s, err := booking.CardIssuance(tx)
		if err != nil {
			return err
		}
		venues, err := booking.Venues(tx)
		if err != nil {
			return err
		}
		p, err := booking.Bookable(tx, venues[0].ID, s.ID)
		if err != nil {
			return err
		}
		days, err := booking.FreeDays(tx, venues[0].ID, s.ID, p, booking.ResidentSeat)
		if err != nil {
			return err
		}
		a.venue, a.on = venues[0].Ref, days[len(days)-1].HeldOn
		for _, on := range []jp.Date{a.on, days[len(days)-2].HeldOn} {
			slots, err := booking.DaySlots(tx, venues[0].ID, s.ID, on)
			if err != nil {
				return err
			}
			for _, s := range slots[:6] {
				a.slots = append(a.slots, string(s.Ref))
			}
		}
		return nil
	})
	return a
}

func (a *arena) say(x told) {
	x.had = time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.told = append(a.told, x)
}

// signInStaff chooses a password and returns browsers of the administrator.
func (a *arena) signInStaff() []*bench.Resident {
	a.Helper()
	transport := bench.Transport(8)
	send := func(r *bench.Resident, path string, values map[string]string) {
		a.Helper()
		page, err := r.Get(a.Context(), path)
		if err != nil {
			a.Fatal(err)
		}
		form, err := page.FormTo(path)
		if err != nil {
			a.Fatal(err)
		}
		for name, v := range values {
			form.Values.Set(name, v)
		}
		if answer, err := r.Send(a.Context(), form); err != nil || answer.Status != http.StatusSeeOther {
			a.Fatalf("%s: status %d, %v", path, answer.Status, err)
		}
	}
	var all []*bench.Resident
	password := a.start.Password
	for i := range 4 {
		r := bench.NewResident(a.start.Console, transport)
		send(r, "/sign-in", map[string]string{"staff_id": a.start.StaffID, "password": password})
		if i == 0 {
			send(r, "/password", map[string]string{"current": password, "new": newPassword, "again": newPassword})
			password = newPassword
		}
		all = append(all, r)
	}
	return all
}

// part is what one client does in each round.
func (a *arena) part(client int, staff []*bench.Resident, transport http.RoundTripper) func(*rand.Rand) error {
	desk := staff[client%len(staff)]
	switch {
	case client < raceResidents:
		who := a.people[client]
		if client%10 == 9 {
			who = a.people[len(a.people)-1]
		}
		r := bench.NewResident(a.start.Public, transport)
		if err := r.SignIn(a.Context(), who.Number, who.BirthDate); err != nil {
			a.Fatal(err)
		}
		return func(rng *rand.Rand) error { return a.resident(client, who, r, rng) }
	case client < raceResidents+raceStaff:
		who := a.people[client]
		if client%6 == 5 {
			who = a.people[len(a.people)-1]
		}
		return func(rng *rand.Rand) error { return a.clerk(client, who, desk, rng) }
	case client < raceResidents+raceStaff+raceSetters:
		return func(rng *rand.Rand) error { return a.setter(client, desk, rng) }
	case client < raceResidents+raceStaff+raceSetters+raceStoppers:
		return func(*rand.Rand) error { return a.stopper(client, desk) }
	}
	round := 0
	return func(*rand.Rand) error {
		round++
		return a.planner(client, round, desk)
	}
}

func (a *arena) anySlot(rng *rand.Rand) string { return a.slots[rng.IntN(len(a.slots))] }

// resident holds, books, changes or cancels, as the page offers it.
func (a *arena) resident(client int, who contender, r *bench.Resident, rng *rand.Rand) error {
	x := told{client: client, card: who.Card, slot: a.anySlot(rng), residents: true, begun: time.Now()}
	if rng.IntN(4) == 0 {
		page, err := r.Get(a.Context(), "/booking/cancel")
		if err != nil {
			return err
		}
		form, err := page.FormTo("/booking/cancel")
		if err != nil {
			return nil // there is nothing to cancel
		}
		return a.confirmed(x, r, form)
	}
	page, err := r.Get(a.Context(), "/check?slot="+url.QueryEscape(x.slot))
	if err != nil {
		return err
	}
	form, err := page.FormTo("/book")
	if err != nil {
		if page.Status == http.StatusConflict || page.Status == http.StatusOK {
			x.what, x.shown = "refused", true
			a.say(x)
		}
		return nil
	}
	if rng.IntN(2) == 0 {
		hold := bench.Form{Action: "/hold", Values: url.Values{"csrf": form.Values["csrf"], "slot": {x.slot}}}
		if answer, err := r.Send(a.Context(), hold); err != nil || answer.Status >= http.StatusInternalServerError {
			return fmt.Errorf("hold: status %d, %w", answer.Status, err)
		}
	}
	return a.confirmed(x, r, form)
}

// confirmed sends a form and reads from the next page what was done: a
// redirect alone also leads there from what was not.
func (a *arena) confirmed(x told, r *bench.Resident, form bench.Form) error {
	answer, err := r.Send(a.Context(), form)
	if err != nil {
		return err
	}
	switch answer.Status {
	case http.StatusConflict:
		x.what = "refused"
		a.say(x)
		return nil
	case http.StatusSeeOther:
	default:
		return fmt.Errorf("%s: status %d", form.Action, answer.Status)
	}
	page, err := r.Get(a.Context(), answer.Location)
	if err != nil {
		return err
	}
	for what, title := range map[string]string{"booked": "予約ができました", "changed": "予約を変更しました", "cancelled": "予約を取り消しました"} {
		if strings.Contains(string(page.Body), title) {
			x.what = what
			a.say(x)
		}
	}
	return nil
}

// clerk books, changes or cancels for a card by telephone, goes beyond a full
// slot with a reason, or books for someone without a card.
func (a *arena) clerk(client int, who contender, desk *bench.Resident, rng *rand.Rand) error {
	x := told{client: client, card: who.Card, slot: a.anySlot(rng), begun: time.Now()}
	record := "/recipients/" + string(who.Card)
	verb, what := "/book", "booked"
	switch rng.IntN(6) {
	case 0:
		return a.ask(x, desk, record+"/cancel", record+"/cancel", "cancelled", nil)
	case 1, 2:
		verb, what = "/change", "changed"
	case 3:
		x.card = ""
		q := "/visitors/check?slot=" + url.QueryEscape(x.slot)
		return a.ask(x, desk, q, "/visitors", "booked", url.Values{
			"name": {fmt.Sprintf("来庁者%d", client)}, "telephone": {fmt.Sprintf("017800%04d", rng.IntN(10000))}, "reason": {"競合の確認"}})
	}
	return a.ask(x, desk, record+verb+"/check?slot="+url.QueryEscape(x.slot), record+verb, what, url.Values{"reason": {"競合の確認"}})
}

// ask opens a page and sends its form, where it has one.
func (a *arena) ask(x told, desk *bench.Resident, path, action, what string, values url.Values) error {
	page, err := desk.Get(a.Context(), path)
	if err != nil {
		return err
	}
	if page.Status >= http.StatusInternalServerError {
		return fmt.Errorf("%s: status %d", path, page.Status)
	}
	form, err := page.FormTo(action)
	if err != nil {
		return nil // there is nothing to do just now
	}
	for name := range values {
		form.Values[name] = values[name]
	}
	answer, err := desk.Send(a.Context(), form)
	switch {
	case err != nil:
		return err
	case answer.Status == http.StatusSeeOther:
		x.what = what
	case answer.Status == http.StatusConflict && form.Values.Get("over") == "" && strings.Contains(string(answer.Body), "近い時間で空いているのは"):
		x.what = "refused"
	case answer.Status == http.StatusConflict || answer.Status == http.StatusUnprocessableEntity:
		return nil // someone else changed it meanwhile
	default:
		return fmt.Errorf("%s: status %d", action, answer.Status)
	}
	a.say(x)
	return nil
}

// setter opens, closes, widens and narrows slots.
func (a *arena) setter(client int, desk *bench.Resident, rng *rand.Rand) error {
	slot := a.anySlot(rng)
	return a.ask(told{client: client, begun: time.Now(), slot: slot}, desk, "/setup/slots/"+slot, "/setup/slots/"+slot, "set", url.Values{
		"open": {[]string{"1", "1", "1", "0"}[rng.IntN(4)]}, "capacity": {fmt.Sprint(1 + rng.IntN(4))}, "reserve": {fmt.Sprint(rng.IntN(3))}})
}

// stopper closes the first of the two days and opens it again.
func (a *arena) stopper(client int, desk *bench.Resident) error {
	page, err := desk.Get(a.Context(), "/setup/stops/new")
	if err != nil {
		return err
	}
	form, err := page.FormTo("/setup/stops/new")
	if err != nil {
		return err
	}
	form.Values["kind"], form.Values["reason"], form.Values["venues"] = []string{"weather"}, []string{"競合の確認"}, []string{string(a.venue)}
	form.Values["from"], form.Values["to"] = []string{a.on.String()}, []string{a.on.String()}
	for range 20 { // until nobody booked between the list and the button
		list, err := desk.Send(a.Context(), form)
		if err != nil {
			return err
		}
		yes, err := list.FormTo("/setup/stops")
		if err != nil {
			return err
		}
		begun := time.Now()
		answer, err := desk.Send(a.Context(), yes)
		if err != nil {
			return err
		}
		if answer.Status != http.StatusSeeOther {
			form.Values["once"] = []string{} // a new page, a new token
			if page, err = desk.Get(a.Context(), "/setup/stops/new"); err != nil {
				return err
			}
			fresh, err := page.FormTo("/setup/stops/new")
			if err != nil {
				return err
			}
			form.Values["once"] = fresh.Values["once"]
			continue
		}
		a.say(told{client: client, what: "stopped", begun: begun})
		return a.ask(told{client: client, begun: time.Now()}, desk, answer.Location+"/end", answer.Location+"/end", "resumed", nil)
	}
	return nil
}

// planner makes the slots of the next ten days that have none.
func (a *arena) planner(client, round int, desk *bench.Resident) error {
	from := a.on.AddDays(1 + 10*round)
	q := url.Values{"venue": {string(a.venue)}, "from": {from.String()}, "to": {from.AddDays(9).String()}}
	return a.ask(told{client: client, begun: time.Now()}, desk, "/setup/plan?"+q.Encode(), "/setup/plan", "planned", nil)
}
