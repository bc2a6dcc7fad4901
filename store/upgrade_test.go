package store

import (
	"database/sql"
	"io/fs"
	"path/filepath"
	"testing"
)

// upTo makes a database as the release of an earlier schema left it.
func upTo(t *testing.T, version int, fill string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.db")
	db, err := sql.Open("sqlite", path+"?_pragma=foreign_keys(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names[:version] {
		script, err := fs.ReadFile(migrations, name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), string(script)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if _, err := db.ExecContext(t.Context(), fill); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMailsAndTheWaitingListSurviveTheirNewTables(t *testing.T) {
	path := upTo(t, 12, `
		INSERT INTO recipient (id, ref, name, name_key, kana_name, kana_key) VALUES (1, 'r1', 'n', 'n', 'k', 'k');
		INSERT INTO card (id, ref, recipient_id, issue_kind) VALUES (1, 'c1', 1, 'new');
		INSERT INTO venue (id, ref, name, position) VALUES (1, 'v1', 'v', 1);
		INSERT INTO service (id, ref, name, minutes) VALUES (1, 's1', 's', 15);
		INSERT INTO mail (id, ref, kind, card_id, lang, booking_ref, queued_at, state, attempts) VALUES
			(1, 'm1', 'confirm', 1, 'ja', '', '2026-12-01T00:00:00Z', 'sent', 1), (2, 'm2', 'reminder', 1, 'en', 'b1', '2026-12-01T00:00:00Z', 'waiting', 0);
		INSERT INTO mail_attempt (id, mail_id, started_at, ended_at, outcome) VALUES (1, 1, '2026-12-01T00:00:00Z', '2026-12-01T00:00:01Z', 'sent');
		INSERT INTO mail_link (token_hash, mail_id, purpose, about, expires_at) VALUES (printf('%064d', 1), 1, 'confirm', 'p1', '2026-12-02T00:00:00Z');
		INSERT INTO waiting (id, ref, card_id, venue_id, service_id, from_on, until_on, place, state, joined_at)
			VALUES (1, 'w1', 1, 1, 1, '2026-12-03', '2026-12-04', 1, 'waiting', '2026-12-01T00:00:00Z');
		PRAGMA user_version = 12`)
	s, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Read(t.Context(), func(tx *Tx) error {
		for query, want := range map[string]int{
			`SELECT count(*) FROM mail WHERE card_id = 1 AND recipient_id IS NULL`:                                        2,
			`SELECT count(*) FROM mail_attempt JOIN mail ON mail.id = mail_attempt.mail_id WHERE mail.state = 'sent'`:     1,
			`SELECT count(*) FROM mail_link JOIN mail ON mail.id = mail_link.mail_id WHERE mail_link.purpose = 'confirm'`: 1,
			`SELECT count(*) FROM waiting WHERE card_id = 1 AND recipient_id IS NULL AND until_on = '2026-12-04'`:         1,
			`SELECT count(*) FROM pragma_foreign_key_check`:                                                               0,
		} {
			if got, err := One[int](tx, query); err != nil || got != want {
				t.Errorf("%s: got %d, %v, want %d", query, got, err, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	// What the old tables refused the new ones refuse too.
	for _, wrong := range []string{
		`UPDATE mail SET state = 'waiting' WHERE id = 1`,
		`DELETE FROM waiting`,
		`INSERT INTO mail_attempt (mail_id, started_at) VALUES (9, '2026-12-01T00:00:00Z')`,
		`INSERT INTO mail (ref, kind, lang, queued_at) VALUES ('m3', 'booked', 'ja', '2026-12-01T00:00:00Z')`,
	} {
		err := s.Write(t.Context(), func(tx *Tx) error { _, err := tx.Exec(wrong); return err })
		if err == nil {
			t.Errorf("%s: got no error", wrong)
		}
	}
}
