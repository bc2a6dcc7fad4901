package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"madoguchi/app/bench"
)

// stream is the traffic of a busy day, 200 requests a second: reading on kept
// and on new connections, and residents who book and cancel. Every request
// must be answered.
type stream struct {
	*testing.T
	site string
	mu   sync.Mutex
	// what came of the requests
	answered, failed int
	again            int // sent a second time by the client, on another connection
	longest          time.Duration
	faults           []string
	books            *crowd
}

// The parts of the stream; together 230 requests a second, so that
// it is 200 with the pauses.
const (
	keptReaders  = 30 // five requests a second each, on one connection
	newReads     = 20 // a second, each on a connection of its own
	bookers      = 12 // five requests a second each, on one connection
	betweenTwo   = 200 * time.Millisecond
	streamPeople = bookers
)

// RoundTrip measures a request to the end of its answer.
func (s *stream) trip(t http.RoundTripper, req *http.Request) (*http.Response, error) {
	var connections atomic.Int32
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connections.Add(1) }})
	begin := time.Now()
	resp, err := t.RoundTrip(req.WithContext(ctx))
	var body []byte
	if err == nil {
		body, err = io.ReadAll(resp.Body)
		resp.Body.Close() //nolint:errcheck // read whole
		resp.Body = io.NopCloser(bytes.NewReader(body))
	}
	took := time.Since(begin)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.longest = max(s.longest, took)
	if connections.Load() > 1 {
		s.again++
	}
	switch {
	case err != nil:
		s.fault("%s %s after %v: %v", req.Method, req.URL.Path, took, err)
	case resp.StatusCode >= http.StatusInternalServerError:
		s.fault("%s %s after %v: status %d", req.Method, req.URL.Path, took, resp.StatusCode)
	default:
		s.answered++
	}
	return resp, err
}

func (s *stream) fault(format string, args ...any) {
	s.failed++
	if len(s.faults) < 20 {
		s.faults = append(s.faults, time.Now().UTC().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
	}
}

type measured struct {
	s *stream
	t *http.Transport
}

func (m measured) RoundTrip(req *http.Request) (*http.Response, error) { return m.s.trip(m.t, req) }

// kept is a transport with one connection that it keeps.
func kept() *http.Transport {
	t := bench.Transport(1)
	t.TLSClientConfig = anyCertificate
	return t
}

// flow starts the stream towards a site; end stops it and waits for the last
// answer.
func (w *town) flow(site string) (s *stream, end func()) {
	w.Helper()
	s = &stream{T: w.T, site: site, books: newCrowd()}
	ctx, stop := context.WithCancel(w.Context())
	var wg sync.WaitGroup
	every := func(d time.Duration, delay time.Duration, do func()) {
		wg.Go(func() {
			time.Sleep(delay)
			tick := time.NewTicker(d)
			defer tick.Stop()
			for ctx.Err() == nil {
				do()
				select {
				case <-ctx.Done():
				case <-tick.C:
				}
			}
		})
	}
	pages := []string{"/", "/sign-in", "/venues", "/accessibility"}
	for i := range keptReaders {
		r := bench.NewResident(site, measured{s, kept()})
		every(betweenTwo, time.Duration(i)*betweenTwo/keptReaders, func() { r.Get(w.Context(), pages[i%len(pages)]) }) //nolint:errcheck // measured
	}
	for i := range newReads {
		r := bench.NewResident(site, measured{s, &http.Transport{DisableKeepAlives: true, TLSClientConfig: anyCertificate}})
		every(time.Second, time.Duration(i)*time.Second/newReads, func() { // whoever comes does not wait for those before
			wg.Go(func() { r.Get(w.Context(), pages[i%len(pages)]) }) //nolint:errcheck // measured
		})
	}
	slots := w.free(40)
	for i, p := range w.unbooked(streamPeople) {
		r := bench.NewResident(site, measured{s, kept()})
		if err := r.SignIn(w.Context(), p.Number, p.BirthDate); err != nil {
			w.Fatal(err)
		}
		turn := 0
		wg.Go(func() {
			s.bookAndCancel(ctx, w.Context(), r, p, func() string { turn++; return slots[(i+turn*bookers)%len(slots)].Ref })
		})
	}
	return s, func() { stop(); wg.Wait() }
}

// bookAndCancel goes on until ctx ends, five requests a second.
func (s *stream) bookAndCancel(ctx, whole context.Context, r *bench.Resident, p bench.Person, slot func() string) {
	tick := time.NewTicker(betweenTwo)
	defer tick.Stop()
	for ctx.Err() == nil {
		ref := slot()
		form, err := r.Choose(whole, ref)
		<-tick.C
		if err != nil {
			continue
		}
		s.books.send(whole, r, p, form, ref)
		<-tick.C
		page, err := r.Get(whole, "/booking/cancel")
		<-tick.C
		if err != nil {
			continue
		}
		if form, err = page.FormTo("/booking/cancel"); err == nil {
			s.books.send(whole, r, p, form, "")
			<-tick.C
		}
	}
}

// report tells what came of the stream and demands that nothing was lost.
func (s *stream) report(what string, d time.Duration) {
	s.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Logf("%s: %d requests in %v (%.0f a second), %d failed, %d sent again by the client, longest answer %v", what,
		s.answered+s.failed, d.Round(time.Millisecond), float64(s.answered+s.failed)/d.Seconds(), s.failed, s.again, s.longest.Round(time.Millisecond))
	for _, f := range s.faults {
		s.Errorf("%s: %s", what, f)
	}
	if s.answered < 100 {
		s.Errorf("%s: got %d answers, want a stream of them", what, s.answered)
	}
}
