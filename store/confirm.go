package store

import (
	"errors"
	"time"
)

// ErrUnconfirmed means that a write could not be confirmed by the second place
// in time. It may be in the file or not.
var ErrUnconfirmed = errors.New("the write is not confirmed by the second place")

// Confirmer decides whether a write that is in this file may be answered. A
// replica is one. Its errors are ErrUnconfirmed itself while the second place is
// away, and one that wraps it where nothing at all may be answered any more.
type Confirmer interface {
	// Admit is asked before a write begins; its error is the write's answer.
	Admit() error
	// Confirm is asked after the commit and waits for as long as it must.
	Confirm(Commit) error
	// Unconfirmed returns the time of the oldest commit that is not confirmed.
	Unconfirmed() (since time.Time, some bool)
}

// SetConfirmer makes every later Write ask c.
func (s *Store) SetConfirmer(c Confirmer) { s.confirmer.Store(&c) }

// Confirmed reports whether what was written at an instant is confirmed, or
// needs no confirmation. What is not is provisional (仮受付).
func (s *Store) Confirmed(at time.Time) bool {
	c := s.confirmer.Load()
	if c == nil {
		return true
	}
	if now := s.pending.Load(); now != nil && !at.Before(*now) {
		return false
	}
	since, some := (*c).Unconfirmed()
	return !some || at.Before(since)
}
