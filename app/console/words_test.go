package console

import (
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/app/web"
)

// met are the problems that the operations behind these pages report.
var met = []*problem.Problem{
	NotAllowed, NotHere, NotEverywhere, web.FormExpired, web.FormUnreadable, web.SignInNeeded,
	staff.SignInRefused, staff.PasswordWrong, staff.PasswordWeak, staff.PasswordSame,
	card.NotFound, card.AlreadyIssued, card.Stale, card.NoteEmpty, card.NoteTooLong, card.BadPostalCode, card.BadTelephone, card.TooLong,
	intake.Empty, intake.TypedWithIME, intake.ReadBefore, intake.Unreadable, intake.TooShort, intake.TooLong, intake.HoldsMyNumber, intake.ForeignTown,
	booking.SlotFull, booking.SlotClosed, booking.SlotPast, booking.OutsidePeriod, booking.AlreadyBooked, booking.CardIssued,
	booking.Stale, booking.NotLive, booking.PastCutoff, booking.ReasonMissing, booking.ReasonTooLong, booking.NotFound,
	booking.SlotNotFound, booking.VenueNotFound, booking.ServiceNotFound,
	booking.NotToday, booking.StepNotAllowed, booking.NotLateYet, booking.VisitNotFound, booking.NothingScanned, booking.ScannedWithIME,
	booking.CounterTooLong, booking.CounterNotFound, booking.NobodyWaits, booking.ExtractTooLong,
}

func TestEveryProblemMetHereHasASentence(t *testing.T) {
	all, err := web.LoadWords(apptest.Files())
	if err != nil {
		t.Fatal(err)
	}
	words := all.For("console")
	var keys []string
	for _, p := range met {
		keys = append(keys, "problem."+p.Code)
	}
	for _, flash := range []string{
		"session_expired", "signed_out", "password_changed", "note_written", "sign_in_released", "contact_corrected",
		"card_issued", "booking_cancelled", toBook.flash, toChange.flash,
	} {
		keys = append(keys, "flash."+flash)
	}
	for _, s := range steps {
		keys = append(keys, "flash."+s.flash)
	}
	keys = append(keys, "flash.visit_called", "flash.visit_papers_missing", "flash.nobody_waits")
	keys = append(keys, "form.staff_id_missing", "form.password_missing", "form.current_missing", "form.new_missing",
		"form.again_differs", "field.current.one_time", "field.new.rule")
	for _, key := range keys {
		if !words.Has(key) {
			t.Errorf("%s: got no sentence", key)
		}
	}
}
