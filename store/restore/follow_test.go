package restore

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"madoguchi/store"
	"madoguchi/store/replica"
)

// standby is a follower with the looks at the store that a standby makes.
type standby struct {
	*testing.T
	tg   replica.Target
	path string
	f    *Follower
}

func newStandby(t *testing.T, tg replica.Target) *standby {
	t.Helper()
	s := &standby{T: t, tg: tg, path: filepath.Join(t.TempDir(), "madoguchi.db")}
	s.start()
	return s
}

func (s *standby) start() {
	s.Helper()
	var err error
	if s.f, err = Follow(s.Context(), Options{Target: s.tg, Path: s.path}, nil, quiet()); err != nil {
		s.Fatal(err)
	}
}

// until looks at the store until the follower is as wanted.
func (s *standby) until(what string, is func(Following) bool) Following {
	s.Helper()
	begin := time.Now()
	for {
		now, err := replica.Look(s.Context(), s.tg, replica.MetaPath(s.path))
		if err != nil {
			s.Fatal(err)
		}
		s.f.Saw(now)
		time.Sleep(20 * time.Millisecond)
		if state := s.f.State(); is(state) {
			return state
		} else if time.Since(begin) > time.Minute {
			s.Fatalf("got %+v after a minute, want %s", state, what)
		}
	}
}

func (s *standby) untilVerified(commit int64) Following {
	s.Helper()
	return s.until("a check", func(f Following) bool { return f.Verified >= commit && f.Stuck == "" && f.Found == "" })
}

func (s *standby) takeOver() Report {
	s.Helper()
	report, err := TakeOver(s.Context(), Options{Target: s.tg, Path: s.path}, replica.Provisional, nil, s.f)
	if err != nil {
		s.Fatal(err)
	}
	left, err := filepath.Glob(s.path + ".*")
	if err != nil || !slices.Equal(left, []string{s.path + ".lock"}) {
		s.Errorf("got %v, %v beside the database, want its lock only", left, err)
	}
	return report
}

const usedOwn = "待機中に作っておいたデータベースを使いました。"

func wantOwn(t *testing.T, r Report, want bool) {
	t.Helper()
	if got := slices.Contains(r.Sentences, usedOwn); got != want {
		t.Errorf("got %v, want the standby's own database used: %v", r.Sentences, want)
	}
}

// The follower applies what comes, and at the take-over what it had not seen.
func TestFollowerIsUsedToTakeOver(t *testing.T) {
	database, tg := places(t)
	var s *standby
	serve(t, database, tg, func(st *store.Store, rep *replica.Replica) {
		write(t, st, "a")
		awaitCopy(t, rep)
		s = newStandby(t, tg)
		began := s.untilVerified(1)
		for _, name := range []string{"b", "c", "d"} {
			write(t, st, name)
			awaitCopy(t, rep)
		}
		// Many pages at once: the database grows.
		write(t, st, strings.Repeat("large", 50_000))
		awaitCopy(t, rep)
		followed := s.until("the new files", func(f Following) bool { return f.Reached >= began.Reached+4 })
		if followed.Begun != 1 || followed.VerifiedAt != began.VerifiedAt {
			t.Errorf("got %+v, want it to go on from %+v", followed, began)
		}
		for _, name := range []string{"e", "f"} {
			write(t, st, name)
			awaitCopy(t, rep)
		}
	})
	want := names(t, database)
	wantOwn(t, s.takeOver(), true)
	wantNames(t, names(t, s.path), want...)
	if len(want) != 7 {
		t.Errorf("got %d names, want 7", len(want))
	}
}

// What the follower's file holds is never believed: one bit of it is changed,
// and everything is restored instead.
func TestSpoiledFollowerIsNotPutInPlace(t *testing.T) {
	database, tg := places(t)
	serve(t, database, tg, func(st *store.Store, rep *replica.Replica) {
		for i := range 50 {
			write(t, st, strings.Repeat(string(rune('a'+i%26)), 10+i))
		}
	})
	for name, spoil := range map[string]func(*standby){
		"a page is overwritten": func(s *standby) { overwritePage(t, s.path+".following") },
		"one letter is another": func(s *standby) { changeLetter(t, s.path+".following") },
		"it is cut short":       func(s *standby) { truncate(t, s.path+".following", 40_960) },
		"it is gone": func(s *standby) {
			if err := os.Remove(s.path + ".following"); err != nil {
				t.Fatal(err)
			}
		},
		"it is further than what counts": func(s *standby) { s.f.reached++ },
		"it is of another epoch":         func(s *standby) { s.f.epoch.Number++ },
		"it had not begun":               func(s *standby) { s.f.reached = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStandby(t, tg)
			s.untilVerified(1)
			s.f.halt()
			spoil(s)
			wantOwn(t, s.takeOver(), false)
			wantNames(t, names(t, s.path), names(t, database)...)
		})
	}
}

func overwritePage(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(strings.Repeat("spoiled ", 512)), 5*4096); err != nil {
		t.Fatal(err)
	}
}

// changeLetter makes a change that SQLite cannot notice.
func changeLetter(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(text, []byte(strings.Repeat("b", 60)))
	if i < 0 {
		t.Fatal("nothing to change")
	}
	text[i] = 'x'
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// The check finds what is wrong with the file while nothing has happened yet,
// and it is built anew.
func TestSpoiledFollowerIsBuiltAnew(t *testing.T) {
	database, tg := places(t)
	serve(t, database, tg, func(st *store.Store, rep *replica.Replica) {
		for i := range 50 {
			write(t, st, strings.Repeat(string(rune('a'+i%26)), 10+i))
		}
		awaitCopy(t, rep)
		s := newStandby(t, tg)
		s.untilVerified(50)
		s.f.mu.Lock()
		overwritePage(t, s.path+".following")
		s.f.checked = 0 // the next check is due
		s.f.mu.Unlock()
		s.until("what is wrong", func(f Following) bool { return f.Found != "" })
		if got := s.untilVerified(50); got.Begun != 2 {
			t.Errorf("got %+v, want it built twice", got)
		}
		if err := s.f.End(); err != nil {
			t.Fatal(err)
		}
	})
}

// A file that is missing stops the follower; once it is there again, it is
// built anew. Another server's epoch is followed as soon as it is whole.
func TestFollowerBeginsAnewAfterAGapAndInANewEpoch(t *testing.T) {
	database, tg := places(t)
	var s *standby
	serve(t, database, tg, func(st *store.Store, rep *replica.Replica) {
		write(t, st, "a")
		awaitCopy(t, rep)
		s = newStandby(t, tg)
		s.untilVerified(1)
		s.f.mu.Lock() // it looks away
		var gone string
		for _, name := range []string{"b", "c"} {
			write(t, st, name)
			awaitCopy(t, rep)
			files, err := filepath.Glob(filepath.Join(epochFolder(t, tg), "ltx", "0", "*.ltx"))
			if err != nil {
				t.Fatal(err)
			}
			if gone == "" {
				gone = files[len(files)-1]
			}
		}
		if err := os.Rename(gone, gone+".away"); err != nil {
			t.Fatal(err)
		}
		s.f.mu.Unlock()
		s.until("the gap", func(f Following) bool { return strings.Contains(f.Stuck, "is missing") && f.Epoch == "" })
		if err := os.Rename(gone+".away", gone); err != nil {
			t.Fatal(err)
		}
		if got := s.untilVerified(3); got.Begun != 2 {
			t.Errorf("got %+v, want it built twice", got)
		}
	})
	before := s.f.State().Epoch
	third := filepath.Join(t.TempDir(), "third.db")
	if _, err := TakeOver(t.Context(), Options{Target: tg, Path: third}, replica.Local, nil, nil); err != nil {
		t.Fatal(err)
	}
	serve(t, third, tg, func(st *store.Store, rep *replica.Replica) {
		write(t, st, "d")
		awaitCopy(t, rep)
		s.until("the new epoch", func(f Following) bool { return f.Epoch > before })
		s.untilVerified(4)
	})
	wantOwn(t, s.takeOver(), true)
	wantNames(t, names(t, s.path), "a", "b", "c", "d")
}

// A program that is too old for the database says so and does not build it
// again and again.
func TestFollowerOfANewerReleaseGoesOn(t *testing.T) {
	database, tg := places(t)
	serve(t, database, tg, func(st *store.Store, rep *replica.Replica) {
		write(t, st, "a")
		breakRules(t, database, `PRAGMA user_version = 9999`)
		breakRules(t, database, `UPDATE store_state SET readable_from = 9999`)
		write(t, st, "b")
		awaitCopy(t, rep)
		s := newStandby(t, tg)
		found := s.until("what is wrong", func(f Following) bool { return f.Found != "" })
		write(t, st, "c")
		awaitCopy(t, rep)
		after := s.until("the next file", func(f Following) bool { return f.Reached > found.Reached })
		if after.Begun != 1 || !strings.Contains(after.Found, "newer") {
			t.Errorf("got %+v, want it built once and what is wrong said", after)
		}
		if err := s.f.End(); err != nil {
			t.Fatal(err)
		}
	})
}

// A take-over does not wait for what the follower is doing.
func TestTakeOverDoesNotWaitForACheck(t *testing.T) {
	database, tg := places(t)
	serve(t, database, tg, func(st *store.Store, _ *replica.Replica) { write(t, st, "a") })
	checking := make(chan struct{})
	path := filepath.Join(t.TempDir(), "madoguchi.db")
	first := true
	f, err := Follow(t.Context(), Options{Target: tg, Path: path}, func(ctx context.Context, _ *store.Store) ([]string, error) {
		if first {
			first = false
			close(checking)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return nil, nil
	}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	s := &standby{T: t, tg: tg, path: path, f: f}
	s.until("it has begun", func(f Following) bool { return f.Reached > 0 })
	<-checking
	wantOwn(t, s.takeOver(), true)
	wantNames(t, names(t, path), "a")
}

// Nobody serves in the epoch of a take-over that came to nothing: whoever tries
// again needs its name, so as not to wait for its heartbeat.
func TestUnfinishedTakeOverTellsItsEpoch(t *testing.T) {
	database, tg := places(t)
	serve(t, database, tg, func(st *store.Store, rep *replica.Replica) {
		write(t, st, "a")
		awaitCopy(t, rep)
	})
	path := filepath.Join(t.TempDir(), "other.db")
	broken := errors.New("it does not pass")
	_, err := TakeOver(t.Context(), Options{Target: tg, Path: path}, replica.Provisional,
		func(context.Context, *store.Store) ([]string, error) { return nil, broken }, nil)
	u := (*Unfinished)(nil)
	if !errors.As(err, &u) || !errors.Is(err, broken) {
		t.Fatalf("got %v, want an unfinished take-over because %v", err, broken)
	}
	now, err := replica.Look(t.Context(), tg, replica.MetaPath(path))
	if err != nil || u.Epoch != now.Newest.String() {
		t.Errorf("got epoch %s, %v, want the newest, %s", u.Epoch, err, now.Newest)
	}
}
