package console

import (
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/problem"
	"madoguchi/app/web"
)

func TestEveryProblemHasASentenceForStaff(t *testing.T) {
	all, err := web.LoadWords(apptest.Files())
	if err != nil {
		t.Fatal(err)
	}
	words := all.For("console")
	for _, code := range problem.Codes() {
		if !words.Has("problem." + code) {
			t.Errorf("%s: got no sentence", code)
		}
	}
	for _, key := range []string{
		"flash.session_expired", "flash.signed_out", "flash.password_changed", "flash.note_written", "flash.contact_corrected",
		"flash.card_issued", "flash.booking_cancelled", "flash." + toBook.flash, "flash." + toChange.flash,
		"form.staff_id_missing", "form.password_missing", "form.current_missing", "form.new_missing", "form.again_differs",
		"field.current.one_time", "field.new.rule",
	} {
		if !words.Has(key) {
			t.Errorf("%s: got no sentence", key)
		}
	}
}
