package bench

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Sample is what one measurement gave.
type Sample struct {
	Clients  int
	Done     int
	Failed   int
	Elapsed  time.Duration
	P50, P99 time.Duration
	times    []time.Duration // sorted
}

// Together is several measurements of the same as one.
func Together(parts []Sample) Sample {
	all := Sample{Clients: parts[0].Clients}
	for _, p := range parts {
		all.Done, all.Failed, all.Elapsed = all.Done+p.Done, all.Failed+p.Failed, all.Elapsed+p.Elapsed
		all.times = append(all.times, p.times...)
	}
	all.sort()
	return all
}

func (s *Sample) sort() {
	slices.Sort(s.times)
	n := len(s.times)
	s.P50, s.P99 = s.times[n/2], s.times[n*99/100]
}

// Err says whether an operation has failed: what is measured must be what was meant.
func (s Sample) Err() error {
	if s.Failed > 0 {
		return fmt.Errorf("%d of %d failed", s.Failed, s.Done)
	}
	return nil
}

// Rate is operations a second.
func (s Sample) Rate() float64 { return float64(s.Done) / s.Elapsed.Seconds() }

func (s Sample) String() string {
	return fmt.Sprintf("%7.0f/s  p50 %6.1f ms  p99 %6.1f ms  失敗 %d",
		s.Rate(), milliseconds(s.P50), milliseconds(s.P99), s.Failed)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// Measure runs n operations with a number of clients at once, each waiting for
// its answer before it takes the next.
func Measure(clients, n int, operation func(i int) error) Sample {
	var next, failed atomic.Int64
	times := make([]time.Duration, n)
	var wg sync.WaitGroup
	start := time.Now()
	for range clients {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				begin := time.Now()
				if err := operation(i); err != nil {
					failed.Add(1)
				}
				times[i] = time.Since(begin)
			}
		})
	}
	wg.Wait()
	s := Sample{Clients: clients, Done: n, Failed: int(failed.Load()), Elapsed: time.Since(start), times: times}
	s.sort()
	return s
}

// Transport is for many clients on one machine: as many kept connections as clients.
func Transport(clients int) *http.Transport {
	return &http.Transport{MaxIdleConnsPerHost: clients, MaxIdleConns: clients, IdleConnTimeout: time.Minute}
}

// Prepare signs residents in and opens the confirming page for a slot each, so
// that what is measured afterwards is the booking alone.
func Prepare(ctx context.Context, site string, transport http.RoundTripper, people []Person, slots []string) ([]func() error, error) {
	ready := make([]func() error, len(people))
	var wg sync.WaitGroup
	var failure atomic.Pointer[error]
	work := make(chan int)
	for range 4 * runtime.NumCPU() {
		wg.Go(func() {
			for i := range work {
				r := NewResident(site, transport)
				form, err := prepareOne(ctx, r, people[i], slots[i])
				if err != nil {
					failure.Store(&err)
					continue
				}
				ready[i] = func() error { return book(ctx, r, form) }
			}
		})
	}
	for i := range people {
		work <- i
	}
	close(work)
	wg.Wait()
	if err := failure.Load(); err != nil {
		return nil, *err
	}
	return ready, nil
}

// Person is who books: a notice number and a date of birth (YYYY-MM-DD).
type Person struct{ Number, BirthDate string }

func prepareOne(ctx context.Context, r *Resident, p Person, slot string) (Form, error) {
	if err := r.SignIn(ctx, p.Number, p.BirthDate); err != nil {
		return Form{}, err
	}
	return r.Choose(ctx, slot)
}

func book(ctx context.Context, r *Resident, f Form) error {
	answer, err := r.Send(ctx, f)
	if err == nil && answer.Status != http.StatusSeeOther {
		err = fmt.Errorf("book: status %d", answer.Status)
	}
	return err
}
