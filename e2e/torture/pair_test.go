package torture

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"madoguchi/store"
)

// pair is two machines with one store, and the residents of their town.
type pair struct {
	*testing.T
	number int
	title  string
	name   string // with the round under way
	lab    *lab
	nodes  [2]*node
	crowd  *crowd
	copies string // folder of the store's own files
}

// Residents and slots of a pair: more people than the slots take.
const (
	residents = 9
	places    = 5
)

// newPair starts two machines with encrypted copies in a path of their own.
func newPair(t *testing.T, l *lab, number int) *pair {
	t.Helper()
	unconditional := number%2 == 1
	policy := []string{"provisional", "refuse"}[number/2%2]
	mode := map[bool]string{true: "readback", false: "once"}[unconditional]
	p := &pair{T: t, number: number, lab: l, title: fmt.Sprintf("pair %d (%s, %s)", number, mode, policy)}
	p.name = p.title
	path := fmt.Sprintf("pair-%d", number)
	p.copies = filepath.Join(l.dir, "store", bucket, path)
	l.net.wirePair(t, number)
	var recipients []string
	for machine := range p.nodes {
		n := newNode(t, l, number, machine, path, unconditional, policy)
		p.nodes[machine] = n
		text, status := n.output("keys", "make", n.identity())
		if status != 0 {
			t.Fatal(text)
		}
		recipients = append(recipients, text[strings.LastIndex(text, "age1"):])
	}
	a, b := p.nodes[0], p.nodes[1]
	a.meet(b)
	b.meet(a)
	if text, status := a.output(append([]string{"keys", "wrap", "--replica", a.replica}, recipients...)...); status != 0 {
		t.Fatal(text)
	}
	a.seed()
	people, slots := a.town(residents, places)
	p.crowd = newCrowd(policy, people, slots)
	t.Cleanup(func() { a.kill(); b.kill() })
	a.up()
	for begin := time.Now(); a.state("") != "ready"; time.Sleep(50 * time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatalf("the first machine does not serve\n%s", a.logged())
		}
	}
	b.up()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go p.watch(ctx)
	return p
}

// newest is the newest epoch that was begun, as the store's own files tell.
func (p *pair) newest() string {
	entries, err := os.ReadDir(filepath.Join(p.copies, "claims"))
	if err != nil || len(entries) == 0 {
		return ""
	}
	return entries[len(entries)-1].Name()
}

// serves reports whether a machine answers residents and no other may.
func (p *pair) serves(n *node) bool {
	e := n.epoch()
	return e != "" && e == p.newest() && n.state("") == "ready"
}

// watch tells the crowd who serves.
func (p *pair) watch(ctx context.Context) {
	for ctx.Err() == nil {
		for _, n := range p.nodes {
			if p.serves(n) {
				p.crowd.lead(n)
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
}

const (
	// settled is how long a pair may take to be whole again after a fault.
	settled = 2 * time.Minute
	// longest is how long a take-over may take for the test to go on at all.
	longest = 90 * time.Second
)

// whole waits until one machine serves and confirms and the other stands by.
func (p *pair) whole() (serving, standby *node) {
	p.Helper()
	for begin := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		serving, standby = nil, nil
		for _, n := range p.nodes {
			n.again()
			switch n.state("?confirming=1") {
			case "ready":
				if p.serves(n) {
					serving = n
				}
			case "standby":
				standby = n
			}
		}
		if serving != nil && standby != nil {
			p.crowd.lead(serving)
			return serving, standby
		}
		if time.Since(begin) > settled {
			p.failed("the pair is not whole after %v: %q and %q", settled, p.nodes[0].state(""), p.nodes[1].state(""))
		}
	}
}

// failed ends the pair's test with everything that is known.
func (p *pair) failed(format string, args ...any) {
	p.Helper()
	logs := p.nodes[0].logged() + "\n" + p.nodes[1].logged()
	for _, n := range p.nodes {
		if n.running() {
			n.signal(sigQuit) // what it is doing goes to its log, in the folder
		}
	}
	time.Sleep(time.Second)
	p.Fatalf("%s (seed %d): %s\n%s", p.name, *seed, fmt.Sprintf(format, args...), logs)
}

// result is what a round gave.
type result struct {
	kind     string
	takeOver time.Duration // 0 where the same machine went on
	booked   int
	loose    int // answered as provisional
	aside    int // of them, those that a person has to decide
}

// round makes one fault while residents book and looks at what is left.
func (p *pair) round(k kind, rng *rand.Rand) result {
	p.Helper()
	r := &round{pair: p, rng: rng}
	r.serving, r.standby = p.whole()
	before := [3]int{p.crowd.booked, p.crowd.provisionally}
	stop := p.crowd.run()
	defer func() { stop() }()
	r.book(4, time.Duration(rng.IntN(1500))*time.Millisecond)
	r.stop, r.start = stop, func() { stop = p.crowd.run() }
	r.fault = time.Now()
	k.do(r)
	if r.takeOver > 0 {
		r.book(2, time.Duration(rng.IntN(1000))*time.Millisecond)
	}
	for _, heal := range slices.Backward(r.heal) {
		heal()
	}
	serving, standby := p.whole()
	r.book(2, 0)
	stop()
	stop = func() {}
	p.handed(standby)
	res := result{kind: k.name, takeOver: r.takeOver, booked: p.crowd.booked - before[0], loose: p.crowd.provisionally - before[1]}
	res.aside = p.check(serving, standby)
	return res
}

// round is one fault under way.
type round struct {
	*pair
	rng              *rand.Rand
	serving, standby *node
	fault            time.Time
	takeOver         time.Duration
	heal             []func()
	stop, start      func() // the crowd
}

// book waits until more people were answered, and a little longer.
func (r *round) book(more int, longer time.Duration) {
	r.Helper()
	begun, begin := r.crowd.said(), time.Now()
	for r.crowd.said() < begun+more {
		if time.Since(begin) > time.Minute {
			r.failed("nobody was answered within a minute\n%s", r.crowd.verdict())
		}
		time.Sleep(20 * time.Millisecond)
	}
	time.Sleep(longer)
}

// await waits until a machine serves, and notes how long that took.
func (r *round) await(n *node) {
	r.Helper()
	for !r.serves(n) {
		n.again()
		if time.Since(r.fault) > longest {
			r.failed("machine %s does not serve %v after the fault", n.name, longest)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if r.takeOver == 0 {
		r.takeOver = time.Since(r.fault)
	}
}

// hold lets the fault last for some seconds. Whether the other takes over
// meanwhile is left to it; if it does, it is noted.
func (r *round) hold(least, most time.Duration) {
	d := least + time.Duration(r.rng.Int64N(int64(most-least)+1))
	for begin := time.Now(); time.Since(begin) < d; time.Sleep(100 * time.Millisecond) {
		if r.takeOver == 0 && r.serves(r.standby) {
			r.takeOver = time.Since(r.fault)
		}
	}
}

// unmoved fails if the other machine took over where it had no reason to.
func (r *round) unmoved() {
	r.Helper()
	if r.takeOver > 0 {
		r.failed("the standby took over from a machine that serves")
	}
}

// check holds everything that was answered against the machine that serves,
// against the copies alone, and against what the program itself promises.
func (p *pair) check(serving, standby *node) (aside int) {
	p.Helper()
	live, err := booked(serving.database(), true)
	if err != nil {
		p.failed("look into the database: %v", err)
	}
	p.crowd.missing(live, "the machine that serves")
	aside = p.lookAside(serving)
	if text, status := serving.output("check", "--data", serving.data(), "--replica", serving.replica, "--identity", serving.identity(), "--confirm", serving.policy); status != 0 {
		p.crowd.blame("check: status %d\n%s", status, text)
	}
	to := filepath.Join(standby.dir, "restored", "madoguchi.db")
	text, status := standby.output("restore", "--data", standby.data(), "--replica", standby.replica, "--identity", standby.identity(), "--to", to)
	if status != 0 {
		p.crowd.blame("restore: status %d\n%s", status, text)
	} else if copied, err := booked(to, false); err != nil {
		p.crowd.blame("look into what was restored: %v", err)
	} else {
		p.crowd.missing(copied, "what was restored from the copies")
	}
	if said := p.crowd.verdict(); said != "" {
		p.failed("%s", said)
	}
	p.crowd.found(live)
	for _, path := range append(glob(serving.dir, "restored*"), append(glob(standby.dir, "restored*"), append(glob(serving.data(), "replaced-*"), glob(standby.data(), "replaced-*")...)...)...) {
		if err := os.RemoveAll(path); err != nil {
			p.Fatal(err)
		}
	}
	return aside
}

// handed waits until the machine that serves has taken in what the other had
// answered as provisional before it was succeeded.
func (p *pair) handed(standby *node) {
	p.Helper()
	if standby.policy == "refuse" {
		return
	}
	begin := time.Now()
	for {
		own := standby.epoch()
		text, _ := os.ReadFile(filepath.Join(standby.meta(), "handed")) // it comes with the hand-over
		if (own == "" || strings.TrimSpace(string(text)) == own) && len(glob(p.copies, "left/*")) == 0 {
			return
		}
		if time.Since(begin) > settled {
			p.failed("what machine %s had answered in %s is not taken in: %s, %q", standby.name, own, text, glob(p.copies, "left/*"))
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// lookAside finds the bookings that were answered as provisional: they are in
// the database of the machine that serves, or on its work list.
func (p *pair) lookAside(serving *node) (aside int) {
	p.Helper()
	has, list := map[string]bool{}, map[string]bool{}
	err := read(serving.database(), true, func(tx *store.Tx) error {
		for table, all := range map[string]map[string]bool{"booking": has, "left_behind": list} {
			numbers, err := store.All[string](tx, "SELECT number FROM "+table)
			if err != nil {
				return err
			}
			for _, n := range numbers {
				all[n] = true
			}
		}
		return nil
	})
	if err != nil {
		p.failed("look into the database: %v", err)
	}
	for _, last := range append(p.crowd.left, slices.Collect(maps.Values(p.crowd.loose))...) {
		switch {
		case has[last.booking]:
		case list[last.booking]:
			aside++
		case !last.by.lost.IsZero() && last.at.Before(last.by.lost): // its disk was lost with it
		default:
			p.crowd.blame("%s was answered provisionally by machine %s at %s; booking %s is nowhere",
				last.number, last.by.name, last.at.UTC().Format(time.RFC3339Nano), last.booking)
		}
	}
	for _, n := range p.nodes {
		n.lost = time.Time{}
	}
	return aside
}

func glob(dir, pattern string) []string {
	all, _ := filepath.Glob(filepath.Join(dir, pattern)) // the pattern is right
	return all
}
