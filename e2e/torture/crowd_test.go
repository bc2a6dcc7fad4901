package torture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"madoguchi/app/bench"
)

// person is a resident with all that the site has said to them.
type person struct {
	bench.Person
	// may are the slots at which the booking may be now, "" for none: one entry
	// once the site has answered, more while it owes an answer.
	may []string
	// late are further ones, where this person went on at the other machine while
	// the one before owed an answer: what that one has in its database is carried
	// out by the other, at any time until the end of the round.
	late []string
	at   *node // where the page of the booking was last seen
}

// allowed tells whether the booking may be at a slot now.
func (p *person) allowed(slot string) bool {
	return slices.Contains(p.may, slot) || slices.Contains(p.late, slot)
}

// provisional is a booking that was answered as 仮受付 and was not seen
// confirmed, changed or cancelled since.
type provisional struct {
	number, booking string // of the notice, of the booking
	by              *node
	at              time.Time
}

// crowd books and cancels without end, and records every answer.
type crowd struct {
	policy string
	slots  []string
	over   atomic.Bool

	mu      sync.Mutex
	people  []*person
	loose   map[string]provisional // the newest answer, by notice number
	left    []provisional          // those whose people went on at the other machine
	wrong   []string
	serving *node
	since   map[*node]time.Time // when another was first seen to serve instead
	all     context.Context     // of everything until the crowd goes home
	along   context.Context     // of those who go along with the serving machine
	leave   context.CancelFunc

	booked, provisionally, refused, unanswered int
}

func newCrowd(policy string, people []bench.Person, slots []string) *crowd {
	c := &crowd{policy: policy, slots: slots, loose: map[string]provisional{}, since: map[*node]time.Time{}, all: context.Background()}
	for _, p := range people {
		c.people = append(c.people, &person{Person: p, may: []string{""}})
	}
	c.along, c.leave = context.WithCancel(c.all)
	return c
}

// lead tells the crowd who serves.
func (c *crowd) lead(n *node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n == c.serving {
		return
	}
	if c.serving != nil {
		c.since[c.serving] = time.Now()
	}
	delete(c.since, n)
	c.serving = n
	c.leave()
	c.along, c.leave = context.WithCancel(c.all)
}

func (c *crowd) leader() (*node, context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.serving, c.along
}

// run lets everyone book until stop. Every third stays with the machine that
// serves now, whatever happens to it, until it was succeeded and says no; the
// others go along to the one that serves.
func (c *crowd) run() (stop func()) {
	c.over.Store(false)
	all, cancel := context.WithCancel(context.Background())
	c.mu.Lock()
	c.all = all
	c.along, c.leave = context.WithCancel(all)
	first := c.serving
	c.mu.Unlock()
	var wg sync.WaitGroup
	for i, p := range c.people {
		wg.Go(func() {
			for !c.over.Load() {
				n, ctx := c.leader()
				if i%3 == 0 {
					n, ctx = first, all
				}
				err := c.visit(ctx, p, n)
				if now, _ := c.leader(); i%3 == 0 && err != nil && now != first {
					return
				}
				time.Sleep(150 * time.Millisecond)
			}
		})
	}
	return func() {
		c.over.Store(true)
		late := time.AfterFunc(40*time.Second, cancel) // what is under way comes to its end
		wg.Wait()
		late.Stop()
		cancel()
	}
}

// visit is one person with one machine until it fails.
func (c *crowd) visit(ctx context.Context, p *person, n *node) error {
	transport := bench.Transport(1)
	defer transport.CloseIdleConnections()
	r := bench.NewResident(n.site, transport)
	within, cancel := context.WithTimeout(ctx, 30*time.Second)
	err := r.SignIn(within, p.Number, p.BirthDate)
	cancel()
	for err == nil && !c.over.Load() {
		within, cancel := context.WithTimeout(ctx, 30*time.Second)
		err = c.step(within, r, p, n)
		cancel()
		time.Sleep(time.Duration(40+rand.IntN(80)) * time.Millisecond)
	}
	return err
}

var errRefused = errors.New("the site refuses")

// step looks what the site says of this person, and changes it.
func (c *crowd) step(ctx context.Context, r *bench.Resident, p *person, n *node) error {
	page, err := c.look(ctx, r, p, n, time.Time{})
	if err != nil {
		return err
	}
	if !page.booked {
		return c.book(ctx, r, p, n)
	}
	answer, err := r.Get(ctx, "/booking/cancel")
	if err != nil {
		return err
	}
	form, err := answer.FormTo("/booking/cancel")
	if err != nil {
		return errRefused
	}
	c.doubt(p, "")
	c.mu.Lock()
	delete(c.loose, p.Number) // from here on it may be gone, answered or not
	c.mu.Unlock()
	answer, err = r.Send(ctx, form)
	if err := c.judge(answer, err); err != nil {
		return err
	}
	if !done(answer) {
		return errRefused // signed out meanwhile, as by a clock that jumped
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// A page without a booking does not say whether that is provisional.
	if c.policy == "refuse" {
		p.may = []string{""}
	}
	return nil
}

// done reports whether an answer says that what was asked for is done.
func done(a bench.Answer) bool {
	return a.Status == http.StatusSeeOther && strings.HasPrefix(a.Location, "/booking")
}

// shown is what the page of the booking says.
type shown struct {
	booked, done, provisional bool
	number                    string // of the booking
}

var bookingNumber = regexp.MustCompile(`class="number">([0-9]{4})-([0-9]{4})<`)

// look reads the page of the booking and holds it against what was answered.
func (c *crowd) look(ctx context.Context, r *bench.Resident, p *person, n *node, asked time.Time) (s shown, err error) {
	answer, err := r.Get(ctx, "/booking")
	if err != nil {
		return s, err
	}
	if answer.Status != http.StatusOK {
		return s, errRefused
	}
	s.booked = bytes.Contains(answer.Body, []byte("panel ticket"))
	s.provisional = bytes.Contains(answer.Body, []byte("仮受付です"))
	if m := bookingNumber.FindSubmatch(answer.Body); m != nil {
		s.number = string(m[1]) + string(m[2])
	}
	s.done = bytes.Contains(answer.Body, []byte(`role="status"`))
	if !s.booked && !bytes.Contains(answer.Body, []byte("/venues")) {
		return s, fmt.Errorf("the page of the booking is none: %w", errRefused)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if last, some := c.loose[p.Number]; some && last.by != n {
		c.left = append(c.left, last)
		delete(c.loose, p.Number)
	}
	if c.policy == "provisional" && p.at != nil && p.at != n && len(p.may) > 1 {
		p.late = append(append(p.late, p.may...), "")
	}
	p.at = n
	slots := slices.DeleteFunc(slices.Concat(p.may, p.late), func(at string) bool { return at == "" })
	switch {
	case s.booked && len(slots) == 0:
		c.blame("machine %s shows %s a booking that was cancelled", n.name, p.Number)
	case !s.booked && !p.allowed(""):
		c.blame("machine %s shows %s no booking; answered was %q", n.name, p.Number, p.may)
	case s.booked && !s.provisional && len(slots) == 1 && len(p.late) == 0:
		c.confirmed(p, n, slots[0], asked)
	}
	return s, nil
}

// confirmed notes that a machine has told a person of their booking without
// calling it provisional. asked is when they asked for it, if that was just now.
func (c *crowd) confirmed(p *person, n *node, slot string, asked time.Time) {
	p.may = []string{slot}
	delete(c.loose, p.Number)
	if since, succeeded := c.since[n]; succeeded && asked.After(since) {
		c.blame("machine %s was succeeded at %s and confirmed a booking of %s that was asked for at %s",
			n.name, since.UTC().Format(time.RFC3339Nano), p.Number, asked.UTC().Format(time.RFC3339Nano))
	}
}

func (c *crowd) blame(format string, args ...any) {
	c.wrong = append(c.wrong, time.Now().UTC().Format(time.RFC3339Nano)+" "+fmt.Sprintf(format, args...))
}

// doubt notes what is asked for: until an answer comes it may be done or not.
func (c *crowd) doubt(p *person, slot string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(p.may, slot) {
		p.may = append(p.may, slot)
	}
}

// judge counts answers and turns those that are none into errors.
func (c *crowd) judge(answer bench.Answer, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err != nil:
		c.unanswered++
		return err
	case answer.Status >= http.StatusInternalServerError:
		c.refused++
		return errRefused
	}
	return nil
}

func (c *crowd) book(ctx context.Context, r *bench.Resident, p *person, n *node) error {
	slot := c.slots[rand.IntN(len(c.slots))]
	form, err := r.Choose(ctx, slot)
	if err != nil {
		return nil // full, perhaps: another one next time
	}
	c.mu.Lock()
	certain := len(p.may) == 1
	c.mu.Unlock()
	asked := time.Now()
	c.doubt(p, slot)
	answer, err := r.Send(ctx, form)
	if err := c.judge(answer, err); err != nil {
		return err
	}
	switch {
	case answer.Status == http.StatusConflict && certain:
		c.mu.Lock()
		defer c.mu.Unlock()
		p.may = []string{""} // said to be full
		return nil
	case !done(answer):
		return errRefused // signed out meanwhile
	}
	if c.policy == "refuse" && certain {
		c.mu.Lock()
		c.confirmed(p, n, slot, asked)
		c.booked++
		c.mu.Unlock()
	}
	page, err := c.look(ctx, r, p, n, asked)
	if err != nil || !page.booked || !page.done {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if page.provisional && c.policy == "refuse" {
		return nil // another write of the same millisecond is on its way
	}
	if page.provisional {
		c.provisionally++
		c.loose[p.Number] = provisional{p.Number, page.number, n, asked}
		return nil
	}
	c.confirmed(p, n, slot, asked)
	if c.policy != "refuse" {
		c.booked++
	}
	return nil
}

// missing compares everything that was answered with a database.
func (c *crowd) missing(live map[string]string, where string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.people {
		if !p.allowed(live[p.Number]) {
			c.blame("%s was answered %q, %s holds %q", p.Number, p.may, where, live[p.Number])
		}
	}
}

// found makes what is in the database what was answered, for the next round.
func (c *crowd) found(live map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.people {
		p.may, p.late, p.at = []string{live[p.Number]}, nil, nil
	}
	c.loose, c.left = map[string]provisional{}, nil
	c.since = map[*node]time.Time{}
}

func (c *crowd) said() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.booked + c.provisionally
}

// faults of the site as the crowd saw them, each once.
func (c *crowd) verdict() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.wrong, "\n")
}
