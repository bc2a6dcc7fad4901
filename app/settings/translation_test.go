package settings

import (
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/store"
)

func TestUsualTranslationsAreKeptOnceAndWhole(t *testing.T) {
	st, _ := apptest.Store(t)
	by := audit.Command("test")
	apptest.Write(t, st, func(tx *store.Tx) error { return EnsureTranslations(tx, by) })
	all, err := UsualTranslations()
	if err != nil {
		t.Fatal(err)
	}
	for original, texts := range all {
		for _, l := range TextLanguages() {
			if texts[l.Code] == "" {
				t.Errorf("%q has no %s", original, l.Code)
			}
		}
	}
	for _, q := range usualQuestions {
		if all[q.Question] == nil || all[q.Answer] == nil {
			t.Errorf("no translation of %q", q.Question)
		}
	}
	// A town that takes one away does not get it again with the next start.
	const original = "電子証明書の更新"
	apptest.Write(t, st, func(tx *store.Tx) error {
		if text, err := TranslationIn(tx, "en", original); err != nil || text == "" {
			t.Errorf("got %q, %v, want what every town begins with", text, err)
		}
		if err := SaveTranslations(tx, by, original, map[string]string{"vi": "Gia hạn"}); err != nil {
			return err
		}
		return EnsureTranslations(tx, by)
	})
	apptest.Read(t, st, func(tx *store.Tx) error {
		kept, err := TranslationsOf(tx, original)
		if len(kept) != 1 || kept["vi"] != "Gia hạn" {
			t.Errorf("got %v, want the one that was left", kept)
		}
		return err
	})
}
