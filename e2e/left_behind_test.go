package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"madoguchi/app/bench"
	"madoguchi/store"
)

// wire is a way to a store that can be cut; its other end is the store itself.
func wire(t *testing.T, store string) (address string, cut *atomic.Bool) {
	t.Helper()
	before, endpoint, _ := strings.Cut(store, "endpoint=")
	to, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	cut = &atomic.Bool{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // it is part of the signature
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if cut.Load() {
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return before + "endpoint=" + server.URL, cut
}

// TestProvisionalAnswersSurviveATakeOver cuts the serving machine off from the
// store, lets residents book there, and has the other take over. When the
// first is back, every booking that it answered is on the second.
func TestProvisionalAnswersSurviveATakeOver(t *testing.T) {
	const people = 4
	at := objectStore(t)
	own, cut := wire(t, at)
	a := &node{town: town{T: t, dir: t.TempDir()}, name: "a", store: own}
	b := &node{town: town{T: t, dir: t.TempDir()}, name: "b", store: at}
	a.peer, b.peer = b, a
	for _, n := range []*node{a, b} {
		n.start.Public, n.start.Console = "http://"+freeAddress(t), "http://"+freeAddress(t)
	}
	share(t, at, a, b)
	a.seed()
	t.Cleanup(func() { a.end(); b.end() })
	for _, n := range []*node{a, b} {
		n.standBy()
		n.await(map[string]string{"a": "ready", "b": "standby"}[n.name], 60*time.Second)
	}

	c := newCrowd()
	slots := a.free(people)
	persons := a.unbooked(people)
	transport := bench.Transport(people)
	var residents []*bench.Resident
	for _, p := range persons {
		r := bench.NewResident(a.start.Public, transport)
		if err := r.SignIn(t.Context(), p.Number, p.BirthDate); err != nil {
			t.Fatal(err)
		}
		residents = append(residents, r)
	}
	cut.Store(true)
	var wg sync.WaitGroup
	for i, r := range residents {
		wg.Go(func() { c.book(t.Context(), r, persons[i], slots[i].Ref) })
	}
	wg.Wait()
	if len(c.last) == 0 {
		t.Fatal("nobody was answered while the store was away")
	}
	b.awaitReady(60 * time.Second)
	cut.Store(false)
	a.await("standby", 60*time.Second)
	done := 0
	for begin := time.Now(); done < len(c.last); time.Sleep(200 * time.Millisecond) {
		if time.Since(begin) > 3*time.Minute {
			t.Fatalf("got %d carried out, want %d\n%s\n%s", done, len(c.last), a.logged(), b.logged())
		}
		b.read(func(tx *store.Tx) (err error) {
			done, err = store.One[int](tx, `SELECT count(*) FROM left_behind WHERE state = 'redone'`)
			return err
		})
	}
	c.mustHold(&b.town, time.Time{})
	t.Logf("%d of %d answered as provisional, all carried out by the other machine", len(c.last), people)
}
