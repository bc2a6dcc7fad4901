package staff

import (
	"errors"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/attempt"
	"madoguchi/app/audit"
	"madoguchi/store"
)

var command = audit.Command("test")

// add makes an account and returns it with its one-time password.
func add(t *testing.T, st *store.Store, staffID string, role Role) (a Account, password string) {
	t.Helper()
	apptest.Write(t, st, func(tx *store.Tx) (err error) {
		a, password, err = Add(tx, command, staffID, "受付 花子", role)
		return err
	})
	return a, password
}

func TestEveryFailedSignInIsAnsweredAlike(t *testing.T) {
	st, _ := apptest.Store(t)
	_, right := add(t, st, "hanako", Clerk)
	gone, gonePassword := add(t, st, "taro", Clerk)
	add(t, st, "admin", Administrator)
	apptest.Write(t, st, func(tx *store.Tx) error { return Disable(tx, command, gone.StaffID) })
	for name, try := range map[string][2]string{
		"wrong password":   {"hanako", "wrong"},
		"wrong ID":         {"nobody", right},
		"disabled account": {"taro", gonePassword},
		"empty":            {"", ""},
	} {
		if _, err := SignIn(t.Context(), st, "r", try[0], try[1]); err != SignInRefused {
			t.Errorf("%s: got %v, want SignInRefused", name, err)
		}
	}
	if a, err := SignIn(t.Context(), st, "r", " HANAKO ", right); err != nil || a.StaffID != "hanako" || !a.MustChange {
		t.Errorf("got %+v, %v, want hanako, who must change the password", a, err)
	}
}

func TestTooManyFailuresCloseSignInForAWhile(t *testing.T) {
	st, clock := apptest.Store(t)
	_, right := add(t, st, "hanako", Clerk)
	for range attempt.Most {
		if _, err := SignIn(t.Context(), st, "r", "hanako", "wrong"); !errors.Is(err, SignInRefused) {
			t.Fatalf("got %v, want SignInRefused", err)
		}
	}
	if _, err := SignIn(t.Context(), st, "r", "Hanako", right); !errors.Is(err, SignInRefused) {
		t.Errorf("got %v, want the right password refused while closed", err)
	}
	clock.Advance(attempt.Block + time.Second)
	if _, err := SignIn(t.Context(), st, "r", "hanako", right); err != nil {
		t.Errorf("got %v, want it open again", err)
	}
	for range attempt.Most {
		_, err := SignIn(t.Context(), st, "r", "hanako", "wrong")
		if !errors.Is(err, SignInRefused) {
			t.Fatal(err)
		}
	}
	apptest.Write(t, st, func(tx *store.Tx) error { return Unlock(tx, command, "hanako") })
	if _, err := SignIn(t.Context(), st, "r", "hanako", right); err != nil {
		t.Errorf("got %v, want it open after Unlock", err)
	}
}

func TestPasswordRules(t *testing.T) {
	st, _ := apptest.Store(t)
	a, current := add(t, st, "hanako", Clerk)
	by := a.Actor("r")
	for _, c := range []struct {
		name, current, next string
		want                error
	}{
		{"wrong current password", "wrong", "いろはにほへとちりぬ", PasswordWrong},
		{"same again", current, current, PasswordSame},
		{"too short", current, "ab3$efgh9", PasswordWeak},
		{"few different characters", current, "ababababababab", PasswordWeak},
		{"the staff ID and little else", current, "hanako12345", PasswordWeak},
		{"a common one", current, "Password2026", PasswordWeak},
		{"long enough in characters, not bytes", current, "いろはにほへとちりぬ", nil},
	} {
		err := ChangePassword(t.Context(), st, by, c.current, c.next)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	if got, err := SignIn(t.Context(), st, "r", "hanako", "いろはにほへとちりぬ"); err != nil || got.MustChange {
		t.Errorf("got %+v, %v, want the new password to count", got, err)
	}
	if _, err := SignIn(t.Context(), st, "r", "hanako", current); !errors.Is(err, SignInRefused) {
		t.Errorf("got %v, want the old password refused", err)
	}
}

func TestLastAdministratorStays(t *testing.T) {
	st, _ := apptest.Store(t)
	add(t, st, "admin", Administrator)
	add(t, st, "clerk", Clerk)
	disable := func(id string) error {
		return st.Write(t.Context(), func(tx *store.Tx) error { return Disable(tx, command, id) })
	}
	if err := disable("admin"); !errors.Is(err, LastAdministrator) {
		t.Errorf("got %v, want LastAdministrator", err)
	}
	add(t, st, "second", Administrator)
	if err := disable("admin"); err != nil {
		t.Errorf("got %v, want it allowed while another is there", err)
	}
	if err := disable("second"); !errors.Is(err, LastAdministrator) {
		t.Errorf("got %v, want LastAdministrator", err)
	}
	err := st.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE staff SET role = 'clerk' WHERE staff_id = 'second'`)
		return err
	})
	if !store.Broke(err, store.Trigger, "last_administrator") {
		t.Errorf("got %v, want the schema to refuse", err)
	}
}

func TestAccountsThatAreRefused(t *testing.T) {
	st, _ := apptest.Store(t)
	add(t, st, "hanako", Clerk)
	for name, c := range map[string]struct {
		id, person string
		role       Role
		want       error
	}{
		"the same ID in other case": {"HANAKO", "別人", Clerk, Taken},
		"no ID":                     {" ", "別人", Clerk, BadStaffID},
		"an ID nobody can type":     {"花子", "別人", Clerk, BadStaffID},
		"an endless ID":             {strings.Repeat("a", 41), "別人", Clerk, BadStaffID},
		"no name":                   {"jiro", " ", Clerk, NameMissing},
		"an unknown role":           {"jiro", "次郎", "king", RoleUnknown},
	} {
		err := st.Write(t.Context(), func(tx *store.Tx) error {
			_, _, err := Add(tx, command, c.id, c.person, c.role)
			return err
		})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func TestNoPasswordIsKept(t *testing.T) {
	st, _ := apptest.Store(t)
	_, password := add(t, st, "hanako", Clerk)
	apptest.Read(t, st, func(tx *store.Tx) error {
		hash, err := store.One[string](tx, `SELECT password_hash FROM staff`)
		if strings.Contains(hash, password) || !passwordIs(hash, password) || passwordIs(hash, password+"x") {
			t.Errorf("got hash %q, want a salted hash of the password", hash)
		}
		entries, err2 := store.One[int](tx, `SELECT count(*) FROM audit WHERE detail LIKE '%' || ? || '%'`, password)
		if entries > 0 {
			t.Error("the audit log holds a password")
		}
		return errors.Join(err, err2)
	})
	if first, second := hashPassword("a"), hashPassword("a"); first == second {
		t.Error("two hashes of one password are equal, want each salted")
	}
	for _, broken := range []string{"", "x", "$argon2id$v=19$m=1,t=1,p=1$!$!", "$argon2id$v=19$m=a$b$c"} {
		if passwordIs(broken, "") {
			t.Errorf("hash %q matched", broken)
		}
	}
}

func TestStaffMayBeLimitedToVenues(t *testing.T) {
	st, _ := apptest.Store(t)
	by := audit.Command("test")
	var a Account
	apptest.Write(t, st, func(tx *store.Tx) (err error) {
		for i, name := range []string{"役場", "支所"} {
			if _, err := tx.Insert(`INSERT INTO venue (ref, name, position) VALUES (?, ?, ?)`, store.NewRef(), name, i); err != nil {
				return err
			}
		}
		a, _, err = Add(tx, by, "hanako", "花子", Clerk)
		return err
	})
	may := func(venueID int64) (may bool) {
		apptest.Read(t, st, func(tx *store.Tx) (err error) {
			may, err = MayWorkAt(tx, a, venueID)
			return err
		})
		return may
	}
	if !may(1) || !may(2) {
		t.Error("got a limit, want none before one is set")
	}
	limit := func(version int, venues ...int64) error {
		return st.Write(t.Context(), func(tx *store.Tx) error { return LimitToVenues(tx, by, "hanako", version, venues) })
	}
	if err := limit(1, 2, 2); err != nil {
		t.Fatal(err)
	}
	if may(1) || !may(2) {
		t.Errorf("got %v and %v, want the second place only", may(1), may(2))
	}
	if err := limit(1); !errors.Is(err, Stale) {
		t.Errorf("got %v, want Stale", err)
	}
	if err := limit(2); err != nil || !may(1) {
		t.Errorf("got %v, want the limit taken away", err)
	}
	for _, id := range []string{"admin1", "admin2"} {
		add(t, st, id, Administrator)
	}
	limitAdmin := func(id string) error {
		return st.Write(t.Context(), func(tx *store.Tx) error { return LimitToVenues(tx, by, id, 1, []int64{1}) })
	}
	if err := limitAdmin("admin1"); err != nil {
		t.Errorf("got %v, want an administrator limited while another is not", err)
	}
	if err := limitAdmin("admin2"); !errors.Is(err, LastEverywhere) {
		t.Errorf("got %v, want LastEverywhere", err)
	}
}
