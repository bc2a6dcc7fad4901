// Package attempt limits failed sign-ins by what was tried, an account or a
// notice number, and never by network address: a whole town may come from one.
package attempt

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"madoguchi/store"
)

// Most failures in a row within Window block a subject for Block. The figures
// let a person mistype a date of birth a few times and leave a guesser, who
// has about 36,500 dates to try, 20 tries an hour.
const (
	Most   = 5
	Window = 15 * time.Minute
	Block  = 15 * time.Minute
)

// Subject is what was tried, hashed: also numbers that exist nowhere are
// counted, and what someone typed by mistake is not to be kept.
type Subject string

// On names a subject of one kind, such as On("staff", "hanako").
func On(kind, tried string) Subject {
	sum := sha256.Sum256([]byte(kind + "\x00" + tried))
	return Subject(kind + ":" + hex.EncodeToString(sum[:16]))
}

// Browser names the browser that tried, by a mark of its session; "" is no
// browser, and is not counted. It has more tries than one number has: a family
// of five may mistype each of theirs.
func Browser(mark string) Subject {
	if mark == "" {
		return ""
	}
	return On(browser, mark)
}

const (
	browser     = "browser"
	mostBrowser = 4 * Most
)

// most is how many failures in a row block the subject.
func (s Subject) most() int {
	if strings.HasPrefix(string(s), browser+":") {
		return mostBrowser
	}
	return Most
}

// crowd is how many subjects may fail within Window before everybody's tries
// are slowed down, and slowest how much at most.
const (
	crowd   = 100
	slowest = 2 * time.Second
)

// Brake is how long to wait before any try is answered: nothing on a usual day;
// the longer, the more different subjects have failed of late, as when someone
// tries one date of birth with many numbers. It slows down and never locks out.
func Brake(tx *store.Tx) (time.Duration, error) {
	n, err := store.One[int](tx, `SELECT count(*) FROM sign_in_attempt WHERE failed_at > ?`, tx.Now.Add(-Window))
	if err != nil || n <= crowd {
		return 0, err
	}
	return min(slowest, time.Duration(n-crowd)*10*time.Millisecond), nil
}

type state struct {
	Failures     int
	FailedAt     time.Time
	BlockedUntil time.Time
}

func get(tx *store.Tx, s Subject) (state, error) {
	st, err := store.One[state](tx, `SELECT failures, failed_at, blocked_until FROM sign_in_attempt WHERE subject = ?`, s)
	if errors.Is(err, store.ErrNotFound) {
		return state{}, nil
	}
	return st, err
}

// Blocked reports whether sign-in for the subject is closed at tx.Now.
func Blocked(tx *store.Tx, s Subject) (bool, error) {
	st, err := get(tx, s)
	return tx.Now.Before(st.BlockedUntil), err
}

// Failed counts a failure and reports whether it closed sign-in.
func Failed(tx *store.Tx, s Subject) (blocked bool, err error) {
	st, err := get(tx, s)
	if err != nil {
		return false, err
	}
	if tx.Now.Sub(st.FailedAt) > Window {
		st.Failures = 0
	}
	st.Failures++
	var until time.Time
	if st.Failures >= s.most() {
		until, st.Failures = tx.Now.Add(Block), 0
	}
	_, err = tx.Exec(`INSERT INTO sign_in_attempt (subject, failures, failed_at, blocked_until) VALUES (?, ?, ?, ?)
		ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures, failed_at = excluded.failed_at,
			blocked_until = excluded.blocked_until`, s, st.Failures, tx.Now, until)
	if err != nil {
		return false, fmt.Errorf("count failed sign-in: %w", err)
	}
	return !until.IsZero(), nil
}

// Guard does what every sign-in of a resident does around its own check: it
// refuses subjects that are blocked, counts a failure for each of the others,
// and forgets the first subject's failures when check says that all is well.
func Guard(tx *store.Tx, check func() (bool, error), subjects ...Subject) (ok, blocked bool, err error) {
	subjects = slices.DeleteFunc(subjects, func(s Subject) bool { return s == "" })
	for _, s := range subjects {
		b, err := Blocked(tx, s)
		if err != nil {
			return false, false, err
		}
		blocked = blocked || b
	}
	ok, err = check()
	switch {
	case err != nil:
		return false, blocked, err
	case ok && !blocked:
		return true, false, Clear(tx, subjects[0])
	case blocked:
		return false, true, nil
	}
	for _, s := range subjects {
		b, err := Failed(tx, s)
		if err != nil {
			return false, false, err
		}
		blocked = blocked || b
	}
	return false, blocked, nil
}

// Clear forgets a subject's failures: after a sign-in, or when staff release it.
func Clear(tx *store.Tx, s Subject) error {
	_, err := tx.Exec(`DELETE FROM sign_in_attempt WHERE subject = ?`, s)
	return err
}

// DeleteOld forgets failures that no longer count.
func DeleteOld(tx *store.Tx) (int64, error) {
	return tx.Exec(`DELETE FROM sign_in_attempt WHERE failed_at < ?`, tx.Now.Add(-Window-Block))
}
