package replica

import (
	"errors"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"madoguchi/store"
)

// away makes a store answer 503 for as long as it is set.
func away(down *atomic.Bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if down.Load() {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// TestAnsweredMeansCopied: the moment a write is answered, the target has it.
func TestAnsweredMeansCopied(t *testing.T) {
	for name, target := range map[string]Target{"once": storeOf(t, nil), "readback": storeOf(t, unconditional), "folder": folderOf(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := openStore(t, filepath.Join(t.TempDir(), "data", "madoguchi.db"))
			r := startOn(t, st, target, Refuse)
			for _, name := range []string{"a", "b", "c"} {
				if err := tryWrite(t, st, name); err != nil {
					t.Fatal(err)
				}
				if s := r.Status(); s.Copied.Sequence < s.Committed.Sequence {
					t.Errorf("got %d copied of %d when answered", s.Copied.Sequence, s.Committed.Sequence)
				}
				if !st.Confirmed(st.LastCommit().At) {
					t.Error("an answered write counts as provisional")
				}
			}
			stop(t, st, r)
		})
	}
}

func TestStoreAwayMeansProvisionalOrRefused(t *testing.T) {
	keys(t)
	for _, policy := range []Policy{Provisional, Refuse} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			var down atomic.Bool
			target := storeOfParallel(t, away(&down))
			database := filepath.Join(t.TempDir(), "data", "madoguchi.db")
			st := openStore(t, database)
			r := startOn(t, st, target, policy)
			if err := tryWrite(t, st, "before"); err != nil {
				t.Fatal(err)
			}
			down.Store(true)
			begin := time.Now()
			err := tryWrite(t, st, "meanwhile")
			if took := time.Since(begin); took < policy.patience()-time.Second || took > policy.patience()+3*time.Second {
				t.Errorf("answered after %v, want about %v", took, policy.patience())
			}
			wantPolicy(t, policy, err)
			if st.Confirmed(st.LastCommit().At) {
				t.Error("what the target has not counts as confirmed")
			}
			begin = time.Now()
			wantPolicy(t, policy, tryWrite(t, st, "later"))
			if took := time.Since(begin); took > time.Second {
				t.Errorf("a later one waited %v although the target is known to be away", took)
			}
			down.Store(false)
			until(t, "copy", copied(r))
			if !st.Confirmed(st.LastCommit().At) {
				t.Error("what the target has counts as provisional")
			}
			if err := tryWrite(t, st, "after"); err != nil {
				t.Errorf("after it came back: %v", err)
			}
			stop(t, st, r)
		})
	}
}

func wantPolicy(t *testing.T, policy Policy, err error) {
	t.Helper()
	if policy == Provisional && err != nil || policy == Refuse && !errors.Is(err, store.ErrUnconfirmed) {
		t.Errorf("%s: got %v", policy, err)
	}
}

func TestRestartWhileTheStoreIsAwayKnowsWhatWasConfirmed(t *testing.T) {
	var down atomic.Bool
	target := storeOf(t, away(&down))
	database := filepath.Join(t.TempDir(), "data", "madoguchi.db")
	st := openStore(t, database)
	r := startOn(t, st, target, Provisional)
	if err := tryWrite(t, st, "confirmed"); err != nil {
		t.Fatal(err)
	}
	confirmed := st.LastCommit().At
	stop(t, st, r)
	down.Store(true)
	time.Sleep(2 * time.Millisecond) // instants are kept to the millisecond
	st = openStore(t, database)
	r = startOn(t, st, target, Provisional)
	if err := tryWrite(t, st, "provisional"); err != nil {
		t.Fatal(err)
	}
	if !st.Confirmed(confirmed.Add(-time.Millisecond)) || st.Confirmed(st.LastCommit().At) {
		t.Errorf("got %v, %v, want the first confirmed and the second not", st.Confirmed(confirmed.Add(-time.Millisecond)), st.Confirmed(st.LastCommit().At))
	}
	down.Store(false)
	until(t, "copy", copied(r))
	stop(t, st, r)
}
