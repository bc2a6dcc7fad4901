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
// on record. An unknown number, a wrong date, and a number or browser with too
// many failures are all refused with the same SignInRefused. browser is a mark
// of the session; "" counts by number alone.
func SignIn(ctx context.Context, st *store.Store, request, browser string, n NoticeNumber, birth jp.BirthDate) (Record, error) {
	var r Record
	ok := false
	err := st.WriteHere(ctx, func(tx *store.Tx) (err error) {
		var blocked bool
		ok, blocked, err = attempt.Guard(tx, func() (bool, error) {
			var err error
			r, err = ByNoticeNumber(tx, n)
			if errors.Is(err, NotFound) {
				return false, nil
			}
			return birth.Matches(r.Birth), err
		}, attemptsOf(n), attempt.Browser(browser))
		if err != nil {
			return err
		}
		by := audit.Actor{Kind: audit.Resident, Ref: r.Ref, Request: request}
		if ok {
			return audit.Record(tx, by, audit.SignedIn, r.Subject(), nil)
		}
		return audit.Record(tx, by, audit.SignInFailed, r.Subject(), audit.Detail{"blocked": blocked})
	})
	switch {
	case err != nil:
		return Record{}, fmt.Errorf("resident sign-in: %w", err)
	case !ok:
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
