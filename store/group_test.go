package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

// TestGroupCommitKeepsItsPromises lets many callers succeed, fail, panic, give
// up and break constraints at the same time, and compares what each was told
// with what is in the file.
func TestGroupCommitKeepsItsPromises(t *testing.T) {
	s := open(t)
	var mu sync.Mutex
	var commits []Commit
	s.OnCommit(func(c Commit) { mu.Lock(); commits = append(commits, c); mu.Unlock() })
	told := map[string]error{}
	ran := map[string]int{}
	boom := errors.New("boom")
	var wg sync.WaitGroup
	for caller := range 40 {
		random := rand.New(rand.NewPCG(uint64(caller), 7))
		wg.Go(func() {
			for i := range 25 {
				name := fmt.Sprintf("%d.%d", caller, i)
				kind := random.IntN(6)
				ctx, cancel := context.WithCancel(context.Background())
				if kind == 0 {
					go cancel() // before, during or after
				}
				err := s.Write(ctx, func(tx *Tx) error {
					mu.Lock()
					ran[name]++
					mu.Unlock()
					if err := set(name, "v")(tx); err != nil {
						return err
					}
					switch kind {
					case 1:
						return boom
					case 2:
						panic(boom)
					case 3:
						return set(name, "again")(tx)
					}
					return nil
				})
				cancel()
				if err == nil && !has(s, name) {
					t.Errorf("%s: not to be read after the answer", name)
				}
				mu.Lock()
				told[name] = err
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if n := s.Underway(); n != 0 {
		t.Errorf("got %d writes under way after all were answered", n)
	}
	for name, err := range told {
		if there := has(s, name); there != (err == nil) {
			t.Errorf("%s: got %v, and there: %v", name, err, there)
		}
		if ran[name] > 1 {
			t.Errorf("%s: ran %d times, want once", name, ran[name])
		}
		if errors.Is(err, context.Canceled) && ran[name] != 0 {
			t.Errorf("%s: told that it was given up, but it ran", name)
		}
	}
	for i, c := range commits {
		if c.Sequence != int64(i+1) {
			t.Errorf("commit %d: got number %d", i+1, c.Sequence)
		}
	}
	if !slices.IsSortedFunc(commits, func(a, b Commit) int { return a.At.Compare(b.At) }) {
		t.Error("commits are out of order")
	}
	if got := s.LastCommit(); got != commits[len(commits)-1] {
		t.Errorf("got last commit %v, want %v", got, commits[len(commits)-1])
	}
}

func has(s *Store, name string) bool {
	err := s.Read(context.Background(), func(tx *Tx) error {
		_, err := One[string](tx, `SELECT value FROM setting WHERE name = ?`, name)
		return err
	})
	return err == nil
}

func TestNoWriteRunsBetweenGroups(t *testing.T) {
	s := open(t)
	var writing, pauses int // both by the writer goroutine only: the race detector watches
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			if i%10 == 0 {
				err := s.Between(context.Background(), func() error {
					pauses++
					if writing != 0 {
						t.Error("a write runs in the pause")
					}
					return s.Checkpoint(context.Background()) // fails in an open transaction
				})
				if err != nil {
					t.Errorf("pause: got %v, want none", err)
				}
				return
			}
			err := s.Write(context.Background(), func(tx *Tx) error {
				writing++
				defer func() { writing-- }()
				return set(fmt.Sprint(i), "v")(tx)
			})
			if err != nil {
				t.Errorf("write: got %v, want none", err)
			}
		})
	}
	wg.Wait()
	if pauses != 20 || count(t, s) != 180 {
		t.Errorf("got %d pauses and %d rows, want 20 and 180", pauses, count(t, s))
	}
	boom := errors.New("boom")
	if err := s.Between(t.Context(), func() error { return boom }); !errors.Is(err, boom) {
		t.Errorf("got %v, want %v", err, boom)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Between(ended, func() error { t.Error("ran"); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it given up", err)
	}
}

func TestFailedGroupLeavesNoCommitBehind(t *testing.T) {
	s := open(t)
	before := s.LastCommit()
	if err := s.Write(t.Context(), func(*Tx) error { return errors.New("no") }); err == nil {
		t.Error("got no error, want one")
	}
	if got := s.LastCommit(); got != before {
		t.Errorf("got %v, want %v", got, before)
	}
}

func TestCancelledReadsLeaveTheReadersUsable(t *testing.T) {
	s := open(t)
	var wg sync.WaitGroup
	for i := range 400 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i%40)*50*time.Microsecond)
			defer cancel()
			// Whether it ends in time does not matter here.
			err := s.Read(ctx, func(tx *Tx) error {
				_, err := All[int](tx, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 3000) SELECT i FROM n`)
				return err
			})
			if err != nil && ctx.Err() == nil {
				t.Errorf("got %v, want none but for the time", err)
			}
		})
	}
	wg.Wait()
	if err := s.Write(t.Context(), set("after", "v")); err != nil {
		t.Fatal(err)
	}
	for range DefaultReaders {
		c := <-s.readers
		defer func() { s.readers <- c }()
		var n int
		if err := c.conn.QueryRowContext(t.Context(), `SELECT count(*) FROM setting`).Scan(&n); err != nil || n != 1 {
			t.Errorf("got %d rows, %v, want the present state", n, err)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("%d callers", callers), func(b *testing.B) {
			s, err := Open(b.Context(), Options{Path: b.TempDir() + "/a.db"})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			next := make(chan int)
			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() {
					for i := range next {
						if err := s.Write(b.Context(), set(fmt.Sprint(i), "v")); err != nil {
							b.Error(err)
						}
					}
				})
			}
			b.ResetTimer()
			for i := range b.N {
				next <- i
			}
			close(next)
			wg.Wait()
		})
	}
}
