package staff

import (
	"context"
	"errors"
	"fmt"

	"madoguchi/app/attempt"
	"madoguchi/app/audit"
	"madoguchi/app/settings"
	"madoguchi/store"
)

type secret struct {
	PasswordHash string
}

// SignIn checks a staff ID and password. A wrong ID, a wrong password, a
// disabled account and too many failures all give SignInRefused and take as
// long. Each outcome is in the audit log, a failure without what was typed.
func SignIn(ctx context.Context, st *store.Store, request, staffID, password string) (Account, error) {
	var a Account
	hash := nobody
	err := st.Read(ctx, func(tx *store.Tx) (err error) {
		if a, err = ByStaffID(tx, staffID); err != nil || !a.DisabledAt.IsZero() {
			if errors.Is(err, NotFound) {
				return nil
			}
			return err
		}
		s, err := store.One[secret](tx, `SELECT password_hash FROM staff WHERE id = ?`, a.ID)
		hash = s.PasswordHash
		return err
	})
	if err != nil {
		return Account{}, fmt.Errorf("sign in: %w", err)
	}
	right := passwordIs(hash, password) && hash != nobody // outside any transaction: it is slow on purpose
	refused := false
	// Those who look after the system must get in while the copies are away.
	err = st.WriteHere(ctx, func(tx *store.Tx) error {
		subject := attemptsFor(staffID)
		blocked, err := attempt.Blocked(tx, subject)
		if err != nil {
			return err
		}
		if right && !blocked {
			if err := attempt.Clear(tx, subject); err != nil {
				return err
			}
			return audit.Record(tx, a.Actor(request), audit.SignedIn, a.subject(), nil)
		}
		refused = true
		if !blocked {
			if blocked, err = attempt.Failed(tx, subject); err != nil {
				return err
			}
		}
		return audit.Record(tx, audit.Actor{Kind: audit.Staff, Ref: a.Ref, Request: request}, audit.SignInFailed,
			audit.Subject{Kind: "staff", Ref: a.Ref}, audit.Detail{"blocked": blocked})
	})
	switch {
	case err != nil:
		return Account{}, fmt.Errorf("sign in: %w", err)
	case refused:
		return Account{}, SignInRefused
	}
	return a, nil
}

// SignOut leaves an entry in the audit log; the session itself is the site's.
func SignOut(tx *store.Tx, by audit.Actor) error {
	return audit.Record(tx, by, audit.SignedOut, audit.Subject{Kind: "staff", Ref: by.Ref}, nil)
}

// ChangePassword sets an account's own password. Problems, on the fields
// "current" and "new": PasswordWrong, PasswordWeak, PasswordSame. Wrong
// current passwords count as failed sign-ins.
func ChangePassword(ctx context.Context, st *store.Store, by audit.Actor, current, next string) error {
	var a Account
	var s secret
	var rules settings.Settings
	var blocked bool
	err := st.Read(ctx, func(tx *store.Tx) (err error) {
		if a, err = ByRef(tx, by.Ref); err != nil {
			return err
		}
		if blocked, err = attempt.Blocked(tx, a.attempts()); err != nil {
			return err
		}
		if rules, err = settings.Get(tx); err != nil {
			return err
		}
		s, err = store.One[secret](tx, `SELECT password_hash FROM staff WHERE id = ?`, a.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	switch {
	case blocked || !passwordIs(s.PasswordHash, current):
		if err := countFailure(ctx, st, by, a); err != nil {
			return err
		}
		return PasswordWrong.On("current")
	case next == current:
		return PasswordSame.On("new")
	case weak(next, a.StaffID, rules.PasswordLength):
		return PasswordWeak.On("new").With("least", fmt.Sprint(rules.PasswordLength))
	}
	hash := hashPassword(next)
	return st.Write(ctx, func(tx *store.Tx) error {
		// The old hash in WHERE: two changes at once must not both succeed.
		n, err := tx.Exec(`UPDATE staff SET password_hash = ?, must_change = 0, version = version + 1
			WHERE id = ? AND password_hash = ?`, hash, a.ID, s.PasswordHash)
		if err != nil {
			return fmt.Errorf("change password: %w", err)
		}
		if n == 0 {
			return PasswordWrong.On("current")
		}
		return audit.Record(tx, by, audit.PasswordChanged, a.subject(), nil)
	})
}

func countFailure(ctx context.Context, st *store.Store, by audit.Actor, a Account) error {
	return st.Write(ctx, func(tx *store.Tx) error {
		blocked, err := attempt.Failed(tx, a.attempts())
		if err != nil {
			return err
		}
		return audit.Record(tx, by, audit.SignInFailed, a.subject(), audit.Detail{"blocked": blocked})
	})
}
