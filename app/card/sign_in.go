package card

import (
	"context"
	"errors"
	"fmt"

	"madoguchi/app/attempt"
	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// SignIn lets a resident in who knows the notice number and the date of birth
// on record. An unknown number, a wrong date and a number with too many
// failures are all refused with the same SignInRefused.
func SignIn(ctx context.Context, st *store.Store, request string, n NoticeNumber, birth jp.BirthDate) (Record, error) {
	var r Record
	refused := false
	err := st.Write(ctx, func(tx *store.Tx) error {
		subject := attemptsOf(n)
		blocked, err := attempt.Blocked(tx, subject)
		if err != nil {
			return err
		}
		r, err = ByNoticeNumber(tx, n)
		unknown := errors.Is(err, NotFound)
		if err != nil && !unknown {
			return err
		}
		by := audit.Actor{Kind: audit.Resident, Ref: r.Ref, Request: request}
		if !blocked && !unknown && birth.Matches(r.Birth) {
			if err := attempt.Clear(tx, subject); err != nil {
				return err
			}
			return audit.Record(tx, by, audit.SignedIn, r.Subject(), nil)
		}
		refused = true
		if !blocked {
			if blocked, err = attempt.Failed(tx, subject); err != nil {
				return err
			}
		}
		return audit.Record(tx, by, audit.SignInFailed, r.Subject(), audit.Detail{"blocked": blocked})
	})
	switch {
	case err != nil:
		return Record{}, fmt.Errorf("resident sign-in: %w", err)
	case refused:
		return Record{}, SignInRefused
	}
	return r, nil
}

func attemptsOf(n NoticeNumber) attempt.Subject { return attempt.On("notice", string(n)) }

// SignInClosed reports whether too many failures have closed sign-in for a card.
func SignInClosed(tx *store.Tx, c Card) (bool, error) {
	return attempt.Blocked(tx, attemptsOf(c.NoticeNumber))
}

// ReleaseSignIn lets a resident sign in again at once after too many failures.
func ReleaseSignIn(tx *store.Tx, by audit.Actor, ref store.Ref) error {
	r, err := Get(tx, ref)
	if err != nil {
		return err
	}
	if err := attempt.Clear(tx, attemptsOf(r.NoticeNumber)); err != nil {
		return err
	}
	return audit.Record(tx, by, audit.SignInReleased, r.Subject(), nil)
}
