package store

import (
	"database/sql"
	"errors"
	"strings"
	"testing"
)

func TestIntegrityNamesWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct{ statement, want string }{
		"a broken CHECK":         {`INSERT INTO venue (ref, name, position) VALUES ('r', '', 1)`, "CHECK constraint failed in venue"},
		"a missing referred row": {`INSERT INTO card (ref, recipient_id, issue_kind) VALUES ('r', 77, 'new')`, "1 rows of card refer to rows of recipient"},
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir() + "/a.db"
			if err := (func() error {
				s, err := Open(t.Context(), Options{Path: path})
				if err != nil {
					return err
				}
				return s.Close()
			})(); err != nil {
				t.Fatal(err)
			}
			lax, err := sql.Open("sqlite", path+"?_pragma=ignore_check_constraints(1)")
			if err != nil {
				t.Fatal(err)
			}
			_, err = lax.ExecContext(t.Context(), c.statement)
			if err = errors.Join(err, lax.Close()); err != nil {
				t.Fatal(err)
			}
			s, err := Open(t.Context(), Options{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			found, err := s.Integrity(t.Context())
			if err != nil || !strings.Contains(strings.Join(found, "\n"), c.want) {
				t.Errorf("got %q, %v, want %q in it", found, err, c.want)
			}
		})
	}
}

func TestWholeFileHasNoFindings(t *testing.T) {
	s := open(t)
	if err := s.Write(t.Context(), set("a", "b")); err != nil {
		t.Fatal(err)
	}
	if found, err := s.Integrity(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("got %q, %v, want nothing", found, err)
	}
}
