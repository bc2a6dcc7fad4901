package card

import (
	"errors"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/store"
)

func TestKindsAreTheTownsData(t *testing.T) {
	st, _ := apptest.Store(t)
	by := audit.Command("test")
	var added Kind
	apptest.Write(t, st, func(tx *store.Tx) (err error) {
		added, err = AddKind(tx, by, Kind{Name: " 住所異動 ", NeedsBooking: true, Fee: "無料"})
		return err
	})
	if added.Name != "住所異動" || !added.NeedsBooking || added.Renewal || added.Position != 9 {
		t.Errorf("got %+v, want it as asked for, behind the eight before it", added)
	}
	apptest.Write(t, st, func(tx *store.Tx) error {
		added.Renewal = true
		return ChangeKind(tx, by, added, false)
	})
	apptest.Read(t, st, func(tx *store.Tx) error {
		kinds, err := Kinds(tx)
		var names []string
		for _, k := range kinds {
			names = append(names, k.Name)
			if k.Renewal != (k.Code == Renewal) || k.NeedsBooking == (k.Code == Express) {
				t.Errorf("%s: got renewal %v, needs booking %v", k.Name, k.Renewal, k.NeedsBooking)
			}
		}
		if got, want := strings.Join(names, " "), "新規 更新 再交付 特急 追記欄満欄 在留期間変更 国外転入 1歳未満 区分不明"; got != want {
			t.Errorf("got %s in use, want %s", got, want)
		}
		if k, err := KindOf(tx, added.Code); err != nil || !k.Retired() || !k.Renewal {
			t.Errorf("got %+v, %v, want it kept, out of use", k, err)
		}
		return err
	})
}

func TestKindsThatAreRefused(t *testing.T) {
	st, _ := apptest.Store(t)
	by := audit.Command("test")
	for sentence, c := range map[string]struct {
		do   func(*store.Tx) error
		want error
	}{
		"no name":         {func(tx *store.Tx) error { _, err := AddKind(tx, by, Kind{Name: "　"}); return err }, KindNameMissing},
		"a name twice":    {func(tx *store.Tx) error { _, err := AddKind(tx, by, Kind{Name: "更新"}); return err }, KindNameTaken},
		"a name too long": {func(tx *store.Tx) error { _, err := AddKind(tx, by, Kind{Name: strings.Repeat("長", 21)}); return err }, TooLong},
		"another's version": {func(tx *store.Tx) error {
			return ChangeKind(tx, by, Kind{Code: Renewal, Name: "更新", Version: 7}, true)
		}, KindStale},
		"no such kind": {func(tx *store.Tx) error { return ChangeKind(tx, by, Kind{Code: "x", Name: "更新", Version: 1}, true) }, KindNotFound},
		"unknown goes": {func(tx *store.Tx) error {
			return ChangeKind(tx, by, Kind{Code: UnknownIssue, Name: "不明", Version: 1}, false)
		}, KindStays},
	} {
		if err := st.Write(t.Context(), c.do); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", sentence, err, c.want)
		}
	}
	err := st.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO card (ref, recipient_id, issue_kind) VALUES ('r', 1, 'no such kind')`)
		return err
	})
	if !store.Broke(err, store.Trigger, "issue_kind_unknown") {
		t.Errorf("got %v, want the schema to refuse a card of no kind", err)
	}
}
