package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/bench"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/store"
	"madoguchi/store/crypt"
	"madoguchi/store/replica"
)

const (
	pairRounds = 5
	pairWarmUp = 40 // bookings that are not measured: statements, connections
	farAway    = 30 * time.Millisecond
)

// pairLoads are how many book at once and how many bookings each measurement
// of one round makes.
var pairLoads = []struct{ clients, bookings int }{{1, 40}, {16, 400}, {64, 800}, {256, 1280}}

// way is one way to answer a booking, with a database of its own.
type way struct {
	name      string
	copied    bool
	policy    replica.Policy
	mode      replica.Mode
	delay     time.Duration
	encrypted bool

	st   *store.Store
	rep  *replica.Replica
	next int // wishes already used
	end  []func() error
}

func pairWays() []*way {
	ways := []*way{
		{name: "複製なし"},
		{name: "非同期", copied: true, policy: replica.Local, mode: replica.Once, encrypted: true},
	}
	for _, mode := range []replica.Mode{replica.Once, replica.Readback} {
		for _, delay := range []time.Duration{0, farAway} {
			for _, encrypted := range []bool{false, true} {
				w := &way{name: fmt.Sprintf("同期 %s %d ms", mode, delay.Milliseconds()), copied: true, policy: replica.Provisional, mode: mode, delay: delay, encrypted: encrypted}
				if encrypted {
					w.name += " 暗号化"
				}
				ways = append(ways, w)
			}
		}
	}
	return ways
}

// pairBench measures the same bookings by every way in turn, round by round, so
// that what else the machine does meets all of them.
type pairBench struct {
	b      *bookingBench
	files  fs.FS
	store  *url.URL // S3 server with a bucket "bench"
	wishes []booking.Wish
	ways   []*way
}

func measurePair(ctx context.Context, s Surroundings, server string) (err error) {
	at, err := url.Parse(server)
	if err != nil || at.Scheme != "http" || at.Port() == "" {
		return wrongUsage("--store「%s」: http://127.0.0.1:ポート の形で指定してください", server)
	}
	if err := awaitStore(ctx, at.Host); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "madoguchi-bench-")
	if err != nil {
		return err
	}
	p := &pairBench{files: s.Files, store: at, ways: pairWays(),
		b: &bookingBench{dir: dir, out: func(format string, args ...any) { fmt.Fprintf(s.Out, format, args...) }}}
	defer func() {
		for _, w := range p.ways {
			for _, end := range slices.Backward(w.end) {
				err = errors.Join(err, end())
			}
		}
		err = errors.Join(err, os.RemoveAll(dir))
	}()
	need := pairWarmUp
	for _, l := range pairLoads {
		need += pairRounds * l.bookings
	}
	p.b.out("準備中…（%d人分）\n", need)
	if err := p.b.seed(ctx, need); err != nil {
		return err
	}
	if err := p.wish(ctx, need); err != nil {
		return err
	}
	for i, w := range p.ways {
		if err := p.open(ctx, w, fmt.Sprintf("way-%d", i)); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return p.measure(ctx)
}

// awaitStore gives a server that was started together with this command its time.
func awaitStore(ctx context.Context, host string) (err error) {
	for range 100 {
		var c net.Conn
		if c, err = (&net.Dialer{}).DialContext(ctx, "tcp", host); err == nil {
			return c.Close()
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

// wish prepares the bookings, which are the same for every way.
func (p *pairBench) wish(ctx context.Context, need int) (err error) {
	st, err := p.b.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	if err := st.Checkpoint(ctx); err != nil {
		return err
	}
	p.wishes, err = p.b.wishes(ctx, st, need)
	return err
}

// wishes are the next n bookings to be made.
func (b *bookingBench) wishes(ctx context.Context, st *store.Store, n int) ([]booking.Wish, error) {
	people, slots := b.take(n)
	wishes := make([]booking.Wish, n)
	return wishes, st.Read(ctx, func(tx *store.Tx) error {
		for i, p := range people {
			n, err := card.ParseNoticeNumber(p.Number)
			if err != nil {
				return err
			}
			r, err := card.ByNoticeNumber(tx, n)
			if err != nil {
				return err
			}
			wishes[i] = booking.Wish{Card: r.ID, Slot: store.Ref(slots[i]), Channel: booking.Web, Seat: booking.ResidentSeat}
		}
		return nil
	})
}

// open gives a way its database, its place in the store and what lies between.
func (p *pairBench) open(ctx context.Context, w *way, name string) error {
	path := filepath.Join(p.b.dir, name, "madoguchi.db")
	text, err := os.ReadFile(filepath.Join(p.b.dir, "data", "madoguchi.db")) // closed by now
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		return err
	}
	if w.st, err = store.Open(ctx, store.Options{Path: path}); err != nil {
		return err
	}
	if !w.copied {
		w.end = append(w.end, w.st.Close)
		return p.book(w, 1, pairWarmUp).Err()
	}
	target, err := p.target(ctx, w, name)
	if err != nil {
		return errors.Join(err, w.st.Close())
	}
	settings, err := fs.ReadFile(p.files, "litestream.yml")
	if err != nil {
		return errors.Join(err, w.st.Close())
	}
	cfg, err := replica.ReadConfig(settings)
	if err == nil {
		w.rep, err = replica.Start(ctx, w.st, target, cfg, w.policy, slog.New(slog.DiscardHandler))
	}
	if err != nil {
		return errors.Join(err, w.st.Close())
	}
	w.end = append(w.end, func() error { return w.rep.Close(context.Background()) }, w.st.Close)
	if err := p.book(w, 1, pairWarmUp).Err(); err != nil {
		return err
	}
	for w.rep.Status().Copied.Sequence == 0 { // the copy of the whole is no part of it
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	if s := w.rep.Status(); s.Mode != w.mode || s.Policy != w.policy {
		return fmt.Errorf("got mode %s and policy %s, want %s and %s", s.Mode, s.Policy, w.mode, w.policy)
	}
	return nil
}

func (p *pairBench) target(ctx context.Context, w *way, name string) (replica.Target, error) {
	at := p.store.Host
	if w.delay > 0 {
		far, end, err := bench.Far(ctx, at, w.delay)
		if err != nil {
			return replica.Target{}, err
		}
		at, w.end = far, append(w.end, end)
	}
	t, err := replica.Parse(fmt.Sprintf("s3://bench/%s/%s?region=jp-east-1&endpoint=http://%s", filepath.Base(p.b.dir), name, at))
	if err != nil {
		return t, err
	}
	if w.encrypted {
		secret, recipient, err := crypt.NewIdentity()
		file := filepath.Join(p.b.dir, name, "identity")
		if err == nil {
			err = os.WriteFile(file, []byte(secret+"\n"), 0o600)
		}
		if err == nil {
			err = replica.WrapKeys(ctx, t, []string{recipient})
		}
		if err != nil {
			return t, err
		}
		ids, err := crypt.ReadIdentities(file)
		if err != nil {
			return t, err
		}
		t = t.With(ids)
	}
	// The store of the measurement knows conditions; readback does without.
	return t, replica.KeepProbe(ctx, t, replica.Probe{Mode: w.mode, Conditional: w.mode == replica.Once, Visible: true, At: time.Now().UTC()})
}

func (p *pairBench) book(w *way, clients, n int) bench.Sample {
	wishes := p.wishes[w.next : w.next+n]
	w.next += n
	return bench.Measure(clients, n, func(i int) error {
		return w.st.Write(context.Background(), func(tx *store.Tx) error {
			_, err := booking.Book(tx, audit.Command("bench"), wishes[i])
			return err
		})
	})
}

func (p *pairBench) measure(ctx context.Context) error {
	samples := map[*way][][]bench.Sample{} // by load, then by round
	commits := map[*way][]int64{}          // by load
	for _, w := range p.ways {
		samples[w], commits[w] = make([][]bench.Sample, len(pairLoads)), make([]int64, len(pairLoads))
	}
	for round := range pairRounds {
		p.b.out("%d回目（%d回のうち）\n", round+1, pairRounds)
		for l, load := range pairLoads {
			for i := range p.ways {
				w := p.ways[(i+round)%len(p.ways)]
				before := w.st.LastCommit().Sequence
				s := p.book(w, load.clients, load.bookings)
				if err := errors.Join(s.Err(), ctx.Err()); err != nil {
					return fmt.Errorf("%s: %w", w.name, err)
				}
				samples[w][l] = append(samples[w][l], s)
				commits[w][l] += w.st.LastCommit().Sequence - before
			}
		}
	}
	p.b.out("\n| 方法 | 同時 | 予約/秒 | 複製なしとの比 | p50 ms | p99 ms | 1回の書込みに |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for l, load := range pairLoads {
		raw := samples[p.ways[0]][l]
		for _, w := range p.ways {
			all := bench.Together(samples[w][l])
			p.b.out("| %s | %d | %.0f | %.2f | %.1f | %.1f | %.1f |\n", w.name, load.clients, all.Rate(), ratio(samples[w][l], raw),
				all.P50.Seconds()*1000, all.P99.Seconds()*1000, float64(all.Done)/float64(commits[w][l]))
		}
	}
	return nil
}

// ratio is the median over the rounds: a round in which the machine was busy
// otherwise counts as one.
func ratio(of, raw []bench.Sample) float64 {
	var all []float64
	for i := range of {
		all = append(all, of[i].Rate()/raw[i].Rate())
	}
	slices.Sort(all)
	return all[len(all)/2]
}
