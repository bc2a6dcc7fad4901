// Package staff keeps the accounts of those who work at the counter (担当者),
// their roles and permissions, and their sign-in. Promises: no console address
// without a permission; the last administrator cannot be removed (the schema
// refuses); every failed sign-in is answered alike.
package staff

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"madoguchi/app/attempt"
	"madoguchi/app/audit"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Problems.
var (
	SignInRefused     = problem.Define(problem.Invalid, "staff_sign_in_refused")
	PasswordWrong     = problem.Define(problem.Invalid, "password_wrong")
	PasswordWeak      = problem.Define(problem.Invalid, "password_weak")
	PasswordSame      = problem.Define(problem.Invalid, "password_same")
	NotFound          = problem.Define(problem.NotFound, "staff_not_found")
	Taken             = problem.Define(problem.Conflict, "staff_id_taken")
	LastAdministrator = problem.Define(problem.Conflict, "staff_last_administrator")
	BadStaffID        = problem.Define(problem.Invalid, "staff_id_form")
	NameMissing       = problem.Define(problem.Invalid, "staff_name_missing")
	RoleUnknown       = problem.Define(problem.Invalid, "staff_role_unknown")
)

// Account is a member of staff (担当者).
type Account struct {
	ID         int64
	Ref        store.Ref
	StaffID    string // 担当者ID, what is typed at sign-in; case does not count
	Name       string
	Role       Role
	MustChange bool // the password is a one-time password
	CreatedAt  time.Time
	DisabledAt time.Time
	Version    int
}

// Actor is the account as the one who acts in a request.
func (a Account) Actor(request string) audit.Actor {
	return audit.Actor{Kind: audit.Staff, Ref: a.Ref, StaffID: a.ID, Request: request}
}

func (a Account) subject() audit.Subject { return audit.Subject{Kind: "staff", Ref: a.Ref} }

func (a Account) attempts() attempt.Subject { return attemptsFor(a.StaffID) }

func attemptsFor(staffID string) attempt.Subject {
	return attempt.On("staff", strings.ToLower(strings.TrimSpace(staffID)))
}

const columns = `id, ref, staff_id, name, role, must_change, created_at, disabled_at, version`

// ByRef finds an account that may act: ErrNotFound when there is none or it is disabled.
func ByRef(tx *store.Tx, ref store.Ref) (Account, error) {
	return store.One[Account](tx, `SELECT `+columns+` FROM staff WHERE ref = ? AND disabled_at IS NULL`, ref)
}

// ByStaffID finds an account, disabled ones too. Problem: NotFound.
func ByStaffID(tx *store.Tx, staffID string) (Account, error) {
	a, err := store.One[Account](tx, `SELECT `+columns+` FROM staff WHERE staff_id = ?`, strings.TrimSpace(staffID))
	if errors.Is(err, store.ErrNotFound) {
		return a, NotFound.With("staff_id", staffID)
	}
	return a, err
}

// List returns every account, by staff ID.
func List(tx *store.Tx) ([]Account, error) {
	return store.All[Account](tx, `SELECT `+columns+` FROM staff ORDER BY staff_id`)
}

// Add makes an account with a one-time password, which is returned and kept
// nowhere. Problems: BadStaffID, NameMissing, RoleUnknown, Taken.
func Add(tx *store.Tx, by audit.Actor, staffID, name string, role Role) (Account, string, error) {
	staffID, name = strings.TrimSpace(staffID), strings.TrimSpace(name)
	switch {
	case !goodStaffID(staffID):
		return Account{}, "", BadStaffID.On("staff_id")
	case name == "" || utf8.RuneCountInString(name) > 40:
		return Account{}, "", NameMissing.On("name")
	case permissions[role] == nil:
		return Account{}, "", RoleUnknown.On("role")
	}
	password := oneTimePassword()
	a := Account{Ref: store.NewRef(), StaffID: staffID, Name: name, Role: role, MustChange: true, CreatedAt: tx.Now, Version: 1}
	var err error
	a.ID, err = tx.Insert(`INSERT INTO staff (ref, staff_id, name, role, password_hash, must_change, created_at)
		VALUES (?, ?, ?, ?, ?, 1, ?)`, a.Ref, a.StaffID, a.Name, a.Role, hashPassword(password), tx.Now)
	if store.Broke(err, store.Unique, "staff.staff_id") {
		return Account{}, "", Taken.On("staff_id")
	}
	if err != nil {
		return Account{}, "", fmt.Errorf("add staff: %w", err)
	}
	return a, password, audit.Record(tx, by, audit.StaffAdded, a.subject(), audit.Detail{"role": role})
}

func goodStaffID(s string) bool {
	for _, r := range s {
		if r <= ' ' || r > '~' {
			return false
		}
	}
	return s != "" && len(s) <= 40
}

// Reset gives an account a new one-time password and releases its sign-in.
func Reset(tx *store.Tx, by audit.Actor, staffID string) (string, error) {
	a, err := ByStaffID(tx, staffID)
	if err != nil {
		return "", err
	}
	password := oneTimePassword()
	if _, err := tx.Exec(`UPDATE staff SET password_hash = ?, must_change = 1, version = version + 1 WHERE id = ?`,
		hashPassword(password), a.ID); err != nil {
		return "", fmt.Errorf("reset password: %w", err)
	}
	if err := attempt.Clear(tx, a.attempts()); err != nil {
		return "", err
	}
	return password, audit.Record(tx, by, audit.PasswordReset, a.subject(), nil)
}

// Disable closes an account for good or until Enable. Problem: LastAdministrator.
func Disable(tx *store.Tx, by audit.Actor, staffID string) error {
	a, err := ByStaffID(tx, staffID)
	if err != nil || !a.DisabledAt.IsZero() {
		return err
	}
	_, err = tx.Exec(`UPDATE staff SET disabled_at = ?, version = version + 1 WHERE id = ?`, tx.Now, a.ID)
	if store.Broke(err, store.Trigger, "last_administrator") {
		return LastAdministrator
	}
	if err != nil {
		return fmt.Errorf("disable staff: %w", err)
	}
	return audit.Record(tx, by, audit.StaffDisabled, a.subject(), nil)
}

// Enable opens a disabled account again.
func Enable(tx *store.Tx, by audit.Actor, staffID string) error {
	a, err := ByStaffID(tx, staffID)
	if err != nil || a.DisabledAt.IsZero() {
		return err
	}
	if _, err = tx.Exec(`UPDATE staff SET disabled_at = NULL, version = version + 1 WHERE id = ?`, a.ID); err != nil {
		return fmt.Errorf("enable staff: %w", err)
	}
	return audit.Record(tx, by, audit.StaffEnabled, a.subject(), nil)
}

// Unlock lets an account sign in again at once after too many failures.
func Unlock(tx *store.Tx, by audit.Actor, staffID string) error {
	a, err := ByStaffID(tx, staffID)
	if err != nil {
		return err
	}
	if err := attempt.Clear(tx, a.attempts()); err != nil {
		return err
	}
	return audit.Record(tx, by, audit.StaffUnlocked, a.subject(), nil)
}
