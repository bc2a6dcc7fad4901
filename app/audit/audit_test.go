package audit_test

import (
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/store"
)

func TestEntriesAreNeverChanged(t *testing.T) {
	st, _ := apptest.Store(t)
	on := audit.Subject{Kind: "card", Ref: "abc"}
	apptest.Write(t, st, func(tx *store.Tx) error {
		return audit.Record(tx, audit.Command("test"), audit.CardIssued, on, audit.Detail{"n": 1})
	})
	for name, query := range map[string]string{
		"changed":  `UPDATE audit SET actor = 'someone else'`,
		"removed":  `DELETE FROM audit`,
		"replaced": `INSERT OR REPLACE INTO audit SELECT id, at, actor_kind, 'x', request, action, subject_kind, subject, detail FROM audit`,
	} {
		err := st.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(query)
			return err
		})
		if err == nil {
			t.Errorf("an entry was %s", name)
		}
	}
	apptest.Read(t, st, func(tx *store.Tx) error {
		entries, err := audit.Of(tx, on)
		if len(entries) != 1 || entries[0].Actor != "test" || entries[0].Detail != `{"n":1}` || !entries[0].At.Equal(apptest.Start) {
			t.Errorf("got %+v, want the entry as it was written", entries)
		}
		return err
	})
}

func TestEntryGoesWithItsWrite(t *testing.T) {
	st, _ := apptest.Store(t)
	err := st.Write(t.Context(), func(tx *store.Tx) error {
		if err := audit.Record(tx, audit.Command("test"), audit.CardIssued, audit.Subject{}, nil); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO no_such_table VALUES (1)`)
		return err
	})
	if err == nil {
		t.Fatal("the write succeeded")
	}
	apptest.Read(t, st, func(tx *store.Tx) error {
		n, err := store.One[int](tx, `SELECT count(*) FROM audit`)
		if n != 0 {
			t.Errorf("got %d entries of a write that failed, want 0", n)
		}
		return err
	})
}
