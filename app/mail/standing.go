package mail

import (
	"errors"
	"time"

	"madoguchi/store"
)

// Standing is how the outbox stands as a whole (メールの状況).
type Standing struct {
	Waiting  int
	OldestAt time.Time // when the one that has waited longest was queued; zero for none
	Failed   int       // nobody has dealt with them
	// Server is why the latest attempt failed, if the mail server is to blame for
	// mails that still wait; FailingSince is when the first of them was queued.
	Server       Why
	FailingSince time.Time
}

// StandingOf measures the outbox.
func StandingOf(tx *store.Tx) (s Standing, err error) {
	if s.Waiting, err = Count(tx, Waiting, nil); err != nil {
		return s, err
	}
	if s.Failed, err = Count(tx, Failed, nil); err != nil {
		return s, err
	}
	s.OldestAt, err = store.One[time.Time](tx, `SELECT queued_at FROM mail WHERE state IN ('waiting', 'sending') ORDER BY queued_at LIMIT 1`)
	if errors.Is(err, store.ErrNotFound) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	tried, err := store.All[struct {
		Why       Why
		RetryFrom time.Time
	}](tx, `SELECT why, retry_from FROM mail WHERE state = 'waiting' AND attempts > 0 ORDER BY retry_from`)
	for _, m := range tried {
		if !m.Why.Ours() {
			continue
		}
		if s.Server = m.Why; s.FailingSince.IsZero() {
			s.FailingSince = m.RetryFrom
		}
	}
	return s, err
}
