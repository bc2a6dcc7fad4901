package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "x?#日本 %41.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func set(name, value string) func(*Tx) error {
	return func(tx *Tx) error {
		_, err := tx.Exec(`INSERT INTO setting (name, value, changed_at) VALUES (?, ?, ?)`, name, value, tx.Now)
		return err
	}
}

func count(t *testing.T, s *Store) int {
	t.Helper()
	var n int
	err := s.Read(t.Context(), func(tx *Tx) (err error) {
		n, err = One[int](tx, `SELECT count(*) FROM setting`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOneFailureTakesBackItsOwnChangesOnly(t *testing.T) {
	s := open(t)
	boom := errors.New("boom")
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			name := string(rune('a'+i%26)) + time.Duration(i).String()
			err := s.Write(context.Background(), func(tx *Tx) error {
				if err := set(name, "v")(tx); err != nil {
					return err
				}
				switch i % 4 {
				case 0:
					return boom
				case 1:
					panic("boom")
				}
				return nil
			})
			if failed := i%4 < 2; (err != nil) != failed {
				t.Errorf("write %d: got %v, want failure %v", i, err, failed)
			}
		})
	}
	wg.Wait()
	if got := count(t, s); got != 100 {
		t.Errorf("got %d rows, want 100", got)
	}
}

func TestReadCannotWrite(t *testing.T) {
	s := open(t)
	if err := s.Read(t.Context(), set("a", "b")); err == nil {
		t.Error("a write inside Read succeeded, want an error")
	}
	if got := count(t, s); got != 0 {
		t.Errorf("got %d rows, want 0", got)
	}
}

func TestConstraintIsNamed(t *testing.T) {
	s := open(t)
	if err := s.Write(t.Context(), set("a", "b")); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), set("a", "b")); !Broke(err, Unique, "setting.name") {
		t.Errorf("got %v, want unique setting.name", err)
	}
	err := s.Write(t.Context(), func(tx *Tx) error {
		_, err := tx.Exec(`UPDATE store_state SET commit_seq = NULL`)
		return err
	})
	if !Broke(err, NotNull, "store_state.commit_seq") {
		t.Errorf("got %v, want not null store_state.commit_seq", err)
	}
}

func TestSecondServerIsRefusedAndGuestIsNot(t *testing.T) {
	s := open(t)
	if _, err := Open(t.Context(), Options{Path: s.Path()}); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v, want ErrLocked", err)
	}
	guest, err := Open(t.Context(), Options{Path: s.Path(), Guest: true})
	if err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	for i, st := range []*Store{s, guest, s} {
		if err := st.Write(t.Context(), set(string(rune('a'+i)), "v")); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.LastCommit().Sequence; got != 3 {
		t.Errorf("got commit %d, want 3: the guest's commit counts", got)
	}
}

func TestWriteAfterCloseIsRefused(t *testing.T) {
	s := open(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), set("a", "b")); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
	if err := s.Read(t.Context(), set("a", "b")); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

// refusing confirms nothing, as where the second place is away.
type refusing struct{}

func (refusing) Admit() error                   { return ErrUnconfirmed }
func (refusing) Confirm(Commit) error           { return ErrUnconfirmed }
func (refusing) Unconfirmed() (time.Time, bool) { return time.Time{}, true }

// A pulse proves that writes go through, whatever becomes of their copies.
func TestPulseCommitsWithoutTheSecondPlace(t *testing.T) {
	s := open(t)
	s.SetConfirmer(refusing{})
	before := s.LastCommit().Sequence
	if err := s.Pulse(t.Context()); err != nil || s.LastCommit().Sequence != before+1 {
		t.Errorf("got %v and commit %d after %d, want the next one", err, s.LastCommit().Sequence, before)
	}
	if err := s.Write(t.Context(), func(*Tx) error { return nil }); !errors.Is(err, ErrUnconfirmed) {
		t.Errorf("got %v for a write, want ErrUnconfirmed", err)
	}
}

// succeeded is a server that must not answer any more.
type succeeded struct{ refusing }

var errSucceeded = fmt.Errorf("succeeded: %w", ErrUnconfirmed)

func (succeeded) Admit() error { return errSucceeded }

func TestWhatMayBeLostWithTheMachineIsWrittenWithoutTheSecondPlace(t *testing.T) {
	s := open(t)
	s.SetConfirmer(refusing{})
	if err := s.WriteHere(t.Context(), set("a", "1")); err != nil || !has(s, "a") {
		t.Errorf("got %v, want it written", err)
	}
	boom := errors.New("boom")
	if err := s.WriteHere(t.Context(), func(*Tx) error { return boom }); !errors.Is(err, boom) {
		t.Errorf("got %v, want %v", err, boom)
	}
	s.SetConfirmer(succeeded{})
	if err := s.WriteHere(t.Context(), set("b", "2")); !errors.Is(err, errSucceeded) || has(s, "b") {
		t.Errorf("got %v from a server that was succeeded, want it refused", err)
	}
}
