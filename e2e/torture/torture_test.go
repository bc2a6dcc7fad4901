package torture

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func sortedDown(paths []string) []string {
	slices.Sort(paths)
	slices.Reverse(paths)
	return paths
}

// TestPairsUnderTorture runs pairs through rounds of faults: no answered booking
// is missing, none is there twice, and a machine that was succeeded confirms
// nothing. The seed chooses the rounds; what the processes do meanwhile is
// theirs.
func TestPairsUnderTorture(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	chosen := chooseKinds(t)
	n := *rounds
	if n == 0 {
		n = len(chosen)
	}
	t.Logf("seed %d: %d rounds over %d kinds of faults, %d pairs side by side (go test ./e2e/torture -seed %d -rounds %d -pairs %d)",
		*seed, n, len(chosen), *pairs, *seed, *rounds, *pairs)
	l := newLab(t)
	deck := newDeck(chosen, n)
	var results results
	begin := time.Now()
	t.Run("pairs", func(t *testing.T) {
		for number := range *pairs {
			t.Run(fmt.Sprintf("%d", number), func(t *testing.T) {
				t.Parallel()
				p := newPair(t, l, number)
				for !t.Failed() {
					k, nth, ok := deck.next()
					if !ok {
						break
					}
					// Each round draws from a source of its own: it comes out alike
					// whichever pair takes it.
					rng := rand.New(rand.NewPCG(*seed, uint64(nth)))
					started := time.Now()
					p.name = fmt.Sprintf("%s, round %d: %s", p.title, nth, k.name)
					res := p.round(k, rng)
					results.add(res)
					fmt.Printf("%s %s took %v; take-over %v; %d booked, %d provisionally, of them %d on the work list\n", time.Now().UTC().Format("15:04:05"),
						p.name, time.Since(started).Round(time.Second), res.takeOver.Round(10*time.Millisecond), res.booked, res.loose, res.aside)
				}
			})
		}
	})
	results.report(t, time.Since(begin))
}

func chooseKinds(t *testing.T) []kind {
	t.Helper()
	if *only == "" {
		return kinds
	}
	var chosen []kind
	for name := range strings.SplitSeq(*only, ";") {
		at := slices.IndexFunc(kinds, func(k kind) bool { return k.name == strings.TrimSpace(name) })
		if at < 0 {
			t.Fatalf("there is no kind %q", name)
		}
		chosen = append(chosen, kinds[at])
	}
	return chosen
}

// deck deals the rounds: each kind once before any comes again.
type deck struct {
	mu    sync.Mutex
	cards []kind
	dealt int
}

func newDeck(chosen []kind, n int) *deck {
	rng := rand.New(rand.NewPCG(*seed, 0))
	d := &deck{}
	for len(d.cards) < n {
		for _, i := range rng.Perm(len(chosen)) {
			d.cards = append(d.cards, chosen[i])
		}
	}
	d.cards = d.cards[:n]
	return d
}

func (d *deck) next() (k kind, nth int, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dealt == len(d.cards) {
		return kind{}, 0, false
	}
	d.dealt++
	return d.cards[d.dealt-1], d.dealt, true
}

// results are what all rounds gave.
type results struct {
	mu  sync.Mutex
	all []result
}

func (r *results) add(one result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, one)
}

// report shows the figures and holds take-overs against the promise.
func (r *results) report(t *testing.T, took time.Duration) {
	t.Helper()
	var b strings.Builder
	booked, loose, aside := 0, 0, 0
	var timed []time.Duration
	for _, k := range kinds {
		var own []time.Duration
		n := 0
		for _, one := range r.all {
			if one.kind != k.name {
				continue
			}
			n++
			booked, loose, aside = booked+one.booked, loose+one.loose, aside+one.aside
			if one.takeOver > 0 {
				own = append(own, one.takeOver)
			}
			if k.timed && *limit > 0 && one.takeOver > *limit {
				t.Errorf("%s: a take-over took %v, want at most %v", k.name, one.takeOver, *limit)
			}
		}
		if n == 0 {
			continue
		}
		mark := " "
		if k.timed {
			mark = "*"
			timed = append(timed, own...)
		}
		fmt.Fprintf(&b, "%s %-50s %3d rounds%s\n", mark, k.name, n, spread(own))
	}
	fmt.Fprintf(&b, "all kinds marked *%s\n", spread(timed))
	fmt.Fprintf(&b, "%d rounds in %v: %d bookings answered as booked, %d as provisional (of them %d on the work list after a take-over)\n",
		len(r.all), took.Round(time.Second), booked, loose, aside)
	if !t.Failed() {
		b.WriteString("0 answered bookings missing, 0 doubles, 0 silent corruption, 0 confirmed by a machine that was succeeded\n")
	}
	t.Log("\n" + b.String())
}

func spread(all []time.Duration) string {
	if len(all) == 0 {
		return ""
	}
	slices.Sort(all)
	return fmt.Sprintf("; %d take-overs, median %.1f s, worst %.1f s", len(all), all[len(all)/2].Seconds(), all[len(all)-1].Seconds())
}
