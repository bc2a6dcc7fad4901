package replica

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/superfly/ltx"

	"madoguchi/store"
	"madoguchi/store/crypt"
)

// storeOf runs an S3 server behind a filter of its requests.
func storeOf(t *testing.T, filter func(http.Handler) http.Handler) Target {
	t.Helper()
	keys(t)
	return storeOfParallel(t, filter)
}

// storeOfParallel needs the environment to be set already: parallel tests may not.
func storeOfParallel(t *testing.T, filter func(http.Handler) http.Handler) Target {
	t.Helper()
	handler := bucketServer(t)
	if filter != nil {
		handler = filter(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	target, err := Parse(bucketAddress(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// unconditional takes away what makes a write conditional, as stores do that
// do not know it.
func unconditional(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("If-None-Match")
		next.ServeHTTP(w, r)
	})
}

// deaf takes the first answers to files of changes away after they were written.
func deaf(answers int32) func(http.Handler) http.Handler {
	var left atomic.Int32
	left.Store(answers)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/ltx/0/") && left.Add(-1) >= 0 {
				next.ServeHTTP(httptest.NewRecorder(), r)
				panic(http.ErrAbortHandler)
			}
			next.ServeHTTP(w, r)
		})
	}
}

func startOn(t *testing.T, st *store.Store, target Target, policy Policy) *Replica {
	t.Helper()
	r, err := Start(t.Context(), st, target, config(t), policy, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func tryWrite(t *testing.T, st *store.Store, name string) error {
	t.Helper()
	return st.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO setting (name, value, changed_at) VALUES (?, 'x', ?)`, name, tx.Now)
		return err
	})
}

// successor begins the next epoch as a server does that was restored from the
// target.
func successor(t *testing.T, target Target) (*store.Store, *Replica) {
	t.Helper()
	database := filepath.Join(t.TempDir(), "next", "madoguchi.db")
	if err := Adopt(t.Context(), target, MetaPath(database)); err != nil {
		t.Fatal(err)
	}
	st := openStore(t, database)
	r := startOn(t, st, target, Provisional)
	until(t, "successor's first copy", func() bool { return !r.Status().LastSuccessAt.IsZero() })
	return st, r
}

func folderOf(t *testing.T) Target {
	t.Helper()
	target, err := Parse(filepath.Join(t.TempDir(), "copies"))
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// TestSucceededServerAnswersNothing is the property "fenced" of
// docs/decisions/fencing.pml, in both modes.
func TestSucceededServerAnswersNothing(t *testing.T) {
	for name, target := range map[string]Target{
		"folder": folderOf(t), "once": storeOf(t, nil), "readback": storeOf(t, unconditional),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := filepath.Join(t.TempDir(), "first", "madoguchi.db")
			st := openStore(t, database)
			r := startOn(t, st, target, Provisional)
			if err := tryWrite(t, st, "before"); err != nil {
				t.Fatal(err)
			}
			next, nextReplica := successor(t, target)
			if err := tryWrite(t, st, "after"); !errors.Is(err, ErrFenced) {
				t.Errorf("got %v, want ErrFenced", err)
			}
			select {
			case <-r.Fenced():
			case <-time.After(10 * time.Second):
				t.Error("the first server does not know that it was succeeded")
			}
			if err := tryWrite(t, next, "next"); err != nil {
				t.Errorf("the successor: %v", err)
			}
			if err := st.Close(); err != nil {
				t.Fatal(err)
			}
			if err := r.Close(t.Context()); err == nil {
				t.Error("closing: got no error, want that the last write is not copied")
			}
			stop(t, next, nextReplica)
			st = openStore(t, database)
			if _, err := Start(t.Context(), st, target, config(t), Provisional, quiet()); !errors.Is(err, ErrFenced) {
				t.Errorf("start again: got %v, want ErrFenced", err)
			}
		})
	}
}

func TestLostAnswersAreNoSuccessor(t *testing.T) {
	target := storeOf(t, deaf(5))
	st := openStore(t, filepath.Join(t.TempDir(), "data", "madoguchi.db"))
	r := startOn(t, st, target, Provisional)
	for i := range 5 {
		if err := tryWrite(t, st, fmt.Sprint(i)); err != nil {
			t.Fatalf("write %d: %v", i, err)
		}
	}
	if s := r.Status(); s.Fenced || s.Copied.Sequence != 5 {
		t.Errorf("got %+v, want 5 copied and no fence", s)
	}
	stop(t, st, r)
}

// TestSealLeavesNoGap: a seal further on does not end an epoch, the next free
// key does, also where a live server takes keys meanwhile.
func TestSealLeavesNoGap(t *testing.T) {
	target := folderOf(t)
	p := &place{target: target, bucket: target.dial()}
	old, next := Epoch{1, "a"}, Epoch{2, "b"}
	put := func(n ltx.TXID, text string) {
		t.Helper()
		if err := p.bucket.putNew(t.Context(), old.slot(0, n, n), strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	put(7, "a file of changes, seven")
	put(8, "a file of changes, eight")
	put(11, string(seal(next)))
	if last, sealed, err := p.lastFile(t.Context(), old, 0); err != nil || sealed || last != 8 {
		t.Errorf("got %d, %v, %v, want 8, not sealed", last, sealed, err)
	}
	last, err := p.seal(t.Context(), old, next)
	if err != nil || last != 8 {
		t.Errorf("got %d, %v, want 8", last, err)
	}
	if err := p.bucket.putNew(t.Context(), old.slot(0, 9, 9), strings.NewReader("late")); !errors.Is(err, errExists) {
		t.Errorf("got %v, want the key taken", err)
	}
	if again, err := p.seal(t.Context(), old, Epoch{3, "c"}); err != nil || again != 8 {
		t.Errorf("sealed again: got %d, %v, want 8", again, err)
	}
}

func TestOnlyOneOfManyBeginsTheNextEpoch(t *testing.T) {
	for name, target := range map[string]Target{"once": folderOf(t), "readback": storeOf(t, unconditional)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &place{target: target, bucket: target.dial()}
			probe := Probe{Mode: Once}
			if name == "readback" {
				probe.Mode = Readback
			}
			if _, _, err := p.acquire(t.Context(), "first", probe, func(Epoch) error { return nil }); err != nil {
				t.Fatal(err)
			}
			type result struct {
				epoch Epoch
				err   error
			}
			results := make(chan result, 6)
			for i := range cap(results) {
				go func() {
					e, _, err := p.acquire(t.Context(), fmt.Sprintf("n%d", i), probe, func(Epoch) error { return nil })
					results <- result{e, err}
				}()
			}
			var all []result
			for range cap(results) {
				all = append(all, <-results)
			}
			standing := 0
			for _, r := range all {
				// Whoever holds an epoch that others came after is fenced at its first write.
				if r.err == nil && p.succeeded(t.Context(), r.epoch) == nil {
					standing++
				}
			}
			if standing != 1 {
				t.Errorf("got %d that may go on, want 1", standing)
			}
		})
	}
}

func TestProbeFindsOutWhatTheStoreDoes(t *testing.T) {
	hiding := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/seen-") {
				r.URL.Path += "-not-yet"
			}
			next.ServeHTTP(w, r)
		})
	}
	for want, target := range map[Mode]Target{Once: storeOf(t, nil), Readback: storeOf(t, unconditional), Manual: storeOf(t, hiding)} {
		t.Run(string(want), func(t *testing.T) {
			t.Parallel()
			p, err := ProbeStore(t.Context(), target)
			if err != nil || p.Mode != want {
				t.Fatalf("got %+v, %v, want %s", p, err, want)
			}
			kept, ok, err := KeptProbe(t.Context(), target)
			if err != nil || !ok || kept != p {
				t.Errorf("got %+v, %v, want what was found", kept, err)
			}
			if left, err := target.dial().list(t.Context(), "probe-", ""); err != nil || len(left) > 0 {
				t.Errorf("got %d objects left, %v", len(left), err)
			}
		})
	}
}

func identities(t *testing.T) (crypt.Identities, string) {
	t.Helper()
	secret, recipient, err := crypt.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "identity")
	if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	ids, err := crypt.ReadIdentities(path)
	if err != nil {
		t.Fatal(err)
	}
	return ids, recipient
}

func TestStoreSeesOnlyCiphertext(t *testing.T) {
	keys(t)
	backend := s3mem.New()
	if err := backend.CreateBucket("copies"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	defer server.Close()
	clear, err := Parse(bucketAddress(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	node, toNode := identities(t)
	escrow, toEscrow := identities(t)
	stranger, _ := identities(t)
	if err := WrapKeys(t.Context(), clear, []string{toNode, toEscrow}); err != nil {
		t.Fatal(err)
	}
	database := filepath.Join(t.TempDir(), "data", "madoguchi.db")
	const name = "南部花子-marker-"
	for i := range 3 { // the second start uses a rotated key
		st := openStore(t, database)
		r := startOn(t, st, clear.With(node), Provisional)
		write(t, st, fmt.Sprint(name, i), strings.Repeat(name, 3000))
		until(t, "copy", copied(r))
		stop(t, st, r)
		if i == 0 {
			if _, err := RotateKeys(t.Context(), clear.With(escrow)); err != nil {
				t.Fatal(err)
			}
		}
	}
	objects, err := clear.dial().list(t.Context(), "", "")
	if err != nil || len(objects) < 8 {
		t.Fatalf("got %d objects, %v", len(objects), err)
	}
	for _, o := range objects {
		text, err := read(t.Context(), clear.dial(), o.key)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "marker") || strings.Contains(o.key, ".ltx") && !crypt.IsSealed(text) {
			t.Errorf("%s can be read", o.key)
		}
	}
	for who, ids := range map[string]crypt.Identities{"node": node, "escrow": escrow} {
		if _, _, err := Position(t.Context(), clear.With(ids)); err != nil {
			t.Errorf("%s: got %v", who, err)
		}
	}
	for who, ids := range map[string]crypt.Identities{"stranger": stranger, "nobody": nil} {
		if _, _, err := Position(t.Context(), clear.With(ids)); !errors.Is(err, crypt.ErrNoKey) {
			t.Errorf("%s: got %v, want ErrNoKey", who, err)
		}
	}
	if err := WrapKeys(t.Context(), clear.With(node), []string{toEscrow}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Position(t.Context(), clear.With(node)); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("after wrapping to others: got %v, want ErrNoKey", err)
	}
}

func TestNothingLeavesTheTownHallInTheClear(t *testing.T) {
	target := storeOf(t, nil)
	target.outside = true
	st := openStore(t, filepath.Join(t.TempDir(), "data", "madoguchi.db"))
	if _, err := Start(t.Context(), st, target, config(t), Provisional, quiet()); !errors.Is(err, ErrNotEncrypted) {
		t.Errorf("got %v, want ErrNotEncrypted", err)
	}
}
