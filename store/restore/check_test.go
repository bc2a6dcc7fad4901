package restore

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"madoguchi/store"
	"madoguchi/store/replica"
)

// breakRules runs a statement on a connection that lets everything pass.
func breakRules(t *testing.T, database, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", database+"?_pragma=busy_timeout(10000)&_pragma=wal_autocheckpoint(0)&_pragma=ignore_check_constraints(1)")
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), statement)
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestCopyThatBreaksItsOwnSchemaIsNotPutInPlace(t *testing.T) {
	for name, c := range map[string]struct{ statement, want string }{
		"a CHECK is broken":         {`INSERT INTO venue (ref, name, position) VALUES ('r', '', 1)`, "CHECK"},
		"a referred row is missing": {`INSERT INTO card (ref, recipient_id, issue_kind) VALUES ('r', 77, 'new')`, "that are missing"},
	} {
		t.Run(name, func(t *testing.T) {
			database, tg := places(t)
			serve(t, database, tg, func(st *store.Store, _ *replica.Replica) {
				breakRules(t, database, c.statement)
				write(t, st, "a")
			})
			before := contents(t, filepath.Dir(database))
			err := attempt(t, Options{Target: tg, Path: database})
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want ErrDamaged with %q", err, c.want)
			}
			wantUnchanged(t, filepath.Dir(database), before)
		})
	}
}

func TestCopyOfANewerReleaseIsNotPutInPlace(t *testing.T) {
	database, tg := places(t)
	serve(t, database, tg, func(st *store.Store, _ *replica.Replica) {
		write(t, st, "a")
		breakRules(t, database, `PRAGMA user_version = 9999; UPDATE store_state SET readable_from = 9999`)
		// The copy takes it with the next change.
		write(t, st, "b")
	})
	if err := os.RemoveAll(filepath.Dir(database)); err != nil {
		t.Fatal(err)
	}
	if err := attempt(t, Options{Target: tg, Path: database}); !errors.Is(err, store.ErrNewerSchema) {
		t.Errorf("got %v, want ErrNewerSchema", err)
	}
	if _, err := os.Lstat(database); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want nothing in place", err)
	}
}
