package app

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/bench"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/demo"
	"madoguchi/store"
)

// benchClients are how many visitors act at once, one measurement each.
var benchClients = []int{1, 16, 64}

// bookingBench holds what the measurements share.
type bookingBench struct {
	dir    string
	people []bench.Person
	slots  []string
	each   int // bookings per measurement
	used   int // people and slots already used
	out    func(format string, args ...any)
}

func measureBookings(ctx context.Context, s Surroundings, each int) (err error) {
	dir, err := os.MkdirTemp("", "madoguchi-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bookingBench{dir: dir, each: each, out: func(format string, args ...any) { fmt.Fprintf(s.Out, format, args...) }}
	b.out("準備中…（%d人分）\n", 2*each*len(benchClients)+1)
	if err := b.seed(ctx, 2*each*len(benchClients)+1); err != nil {
		return err
	}
	raw, err := b.measureStore(ctx)
	if err != nil {
		return err
	}
	return b.measureSite(ctx, raw)
}

func measure(ctx context.Context, s Surroundings) error {
	each, server := 1000, ""
	_, rest, err := configure(s, mustLookUp("bench"), func(fs *flag.FlagSet) {
		fs.IntVar(&each, "bookings", each, "一回の測定での予約の数")
		fs.StringVar(&server, "store", "", "このS3サーバー（bench という名のバケットがあるもの。例 http://127.0.0.1:7070）への複製を待つ速さを、待たない速さと比べる")
	})
	if err != nil {
		return err
	}
	if len(rest) > 0 || each < 100 || each > 10000 {
		return wrongUsage("--bookings は100から10000までで指定してください")
	}
	if server != "" {
		return measurePair(ctx, s, server)
	}
	return measureBookings(ctx, s, each)
}

func (b *bookingBench) open(ctx context.Context) (*store.Store, error) {
	return store.Open(ctx, store.Options{Path: filepath.Join(b.dir, "data", "madoguchi.db")})
}

// seed makes a person and a place in a slot for every booking to come.
func (b *bookingBench) seed(ctx context.Context, need int) (err error) {
	st, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	// A few people have an unknown day of birth and are not in the list, and a
	// few cards come by post and need no booking.
	notices, err := demo.SeedLarge(ctx, st, demo.Size{Cards: need + need/20 + 50, Venues: 2, Days: max(20, need/64+20)})
	if err != nil {
		return err
	}
	return st.Read(ctx, func(tx *store.Tx) error {
		for _, n := range notices {
			number, err := card.ParseNoticeNumber(n.Number)
			if err != nil {
				return err
			}
			r, err := card.ByNoticeNumber(tx, number)
			if err != nil {
				return err
			}
			if r.NeedsBooking {
				b.people = append(b.people, bench.Person{Number: n.Number, BirthDate: n.BirthDate})
			}
		}
		p, err := booking.BookablePeriod(tx)
		if err != nil {
			return err
		}
		type free struct {
			Ref    string
			Places int
		}
		all, err := store.All[free](tx, `SELECT ref, capacity AS places FROM slot WHERE held_on BETWEEN ? AND ?
			AND service_id = (SELECT id FROM service WHERE code = ?) ORDER BY held_on, starts, venue_id`, p.From, p.To, booking.CardIssuanceCode)
		for _, f := range all {
			for range f.Places {
				b.slots = append(b.slots, f.Ref)
			}
		}
		if err == nil && (len(b.people) < need || len(b.slots) < need) {
			err = fmt.Errorf("seeded %d people and %d places, want %d", len(b.people), len(b.slots), need)
		}
		return err
	})
}

func (b *bookingBench) take(n int) (people []bench.Person, slots []string) {
	people, slots = b.people[b.used:b.used+n], b.slots[b.used:b.used+n]
	b.used += n
	return people, slots
}

// measureStore makes the same bookings without HTTP, sessions and pages: what
// the store alone can do on this machine.
func (b *bookingBench) measureStore(ctx context.Context) (_ map[int]bench.Sample, err error) {
	st, err := b.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	raw := map[int]bench.Sample{}
	b.out("\n予約の書込みのみ（HTTPなし、複製なし）\n")
	for _, clients := range benchClients {
		wishes, err := b.wishes(ctx, st, b.each)
		if err != nil {
			return nil, err
		}
		raw[clients] = bench.Measure(clients, b.each, func(i int) error {
			return st.Write(ctx, func(tx *store.Tx) error {
				_, err := booking.Book(tx, audit.Command("bench"), wishes[i])
				return err
			})
		})
		b.out("  同時 %2d   %s\n", clients, raw[clients])
	}
	return raw, nil
}

// measureSite starts the program itself as a process of its own and books over HTTP.
func (b *bookingBench) measureSite(ctx context.Context, raw map[int]bench.Sample) (err error) {
	server, err := startServer(ctx, b.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	b.out("\n起動から最初の応答まで %.0f ms\n", float64(server.ready)/float64(time.Millisecond))
	transport := bench.Transport(2 * benchClients[len(benchClients)-1])
	b.out("\n予約（HTTP、複製あり）              書込みのみとの比\n")
	for _, clients := range benchClients {
		people, slots := b.take(b.each)
		ready, err := bench.Prepare(ctx, server.site, transport, people, slots)
		if err != nil {
			return err
		}
		got := bench.Measure(clients, b.each, func(i int) error { return ready[i]() })
		b.out("  同時 %2d   %s   %.2f\n", clients, got, got.Rate()/raw[clients].Rate())
	}
	if err := b.measurePages(ctx, server.site, transport); err != nil {
		return err
	}
	memory, err := residentMemory(server.process.Process.Pid)
	if err != nil {
		return err
	}
	b.out("\n常駐メモリ %d MB\n", memory>>20)
	return nil
}

func (b *bookingBench) measurePages(ctx context.Context, site string, transport http.RoundTripper) error {
	people, _ := b.take(1)
	r := bench.NewResident(site, transport)
	if err := r.SignIn(ctx, people[0].Number, people[0].BirthDate); err != nil {
		return err
	}
	venues, err := r.Get(ctx, "/venues")
	if err != nil {
		return err
	}
	links := venues.Links("/slots?")
	if len(links) == 0 {
		return fmt.Errorf("no place to choose (status %d)", venues.Status)
	}
	days, err := r.Get(ctx, links[0])
	if err != nil {
		return err
	}
	of := days.Links("/slots/")
	if len(of) == 0 {
		return fmt.Errorf("no free day to choose (status %d)", days.Status)
	}
	b.out("\n予約枠のページ\n")
	for _, page := range []struct{ name, path string }{{"空きのある日", links[0]}, {"一日の時間　", of[0]}} {
		got := bench.Measure(16, 2000, func(int) error {
			a, err := r.Get(ctx, page.path)
			if err == nil && a.Status != http.StatusOK {
				err = fmt.Errorf("status %d", a.Status)
			}
			return err
		})
		b.out("  %s  同時 16   %s\n", page.name, got)
	}
	return nil
}

// server is the program running as a process of its own.
type server struct {
	process *exec.Cmd
	site    string
	ready   time.Duration // from its start to its first answer
}

func startServer(ctx context.Context, dir string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	cmd := exec.CommandContext(ctx, self, "serve", "--data", filepath.Join(dir, "data"), "--replica", filepath.Join(dir, "replica"),
		"--public", "127.0.0.1:0", "--console", "127.0.0.1:0")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close() // the child has its own descriptor
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	srv := &server{process: cmd}
	for lines := bufio.NewScanner(out); srv.site == "" && lines.Scan(); {
		if i := strings.Index(lines.Text(), "http://"); i >= 0 {
			srv.site = lines.Text()[i:]
		}
	}
	if srv.site == "" {
		return nil, errors.Join(errors.New("the server named no address"), cmd.Wait())
	}
	answer, err := bench.NewResident(srv.site, bench.Transport(1)).Get(ctx, "/")
	if err != nil || answer.Status != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("first answer: status %d: %w", answer.Status, err), srv.stop())
	}
	srv.ready = time.Since(begin)
	return srv, nil
}

func (s *server) stop() error {
	if err := s.process.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return s.process.Wait()
}

// residentMemory is the memory of a process in bytes, as Linux counts it (VmRSS).
func residentMemory(pid int) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			return kb << 10, err
		}
	}
	return 0, errors.New("no VmRSS in the process's status")
}
