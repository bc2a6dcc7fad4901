package console

import (
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/mail"
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
	card.VisitorNameMissing, card.TelephoneMissing, booking.TooManyLive, booking.TiedAlready, booking.VisitorReason,
	booking.NoRoomTogether, booking.TooMany, booking.PlanStale, booking.NothingToDo, booking.CauseMissing, booking.CauseTooLong, booking.SameDay,
	booking.AlreadyWaiting, booking.PlacesFree, booking.NotSooner, booking.WaitingNotFound, booking.WaitingStale, booking.WaitingOver,
	booking.NotOffered, booking.WaitingFirst, dayUnreadable,
	booking.SetupStale, booking.NameMissing, booking.NameTaken, booking.VenueInUse, booking.ServiceInUse, booking.ServiceCodeForm,
	booking.ServiceCodeTaken, booking.ServiceMinutes, booking.BringCondition, booking.BringText, booking.ComerUnknown,
	booking.ProxyReasonUnknown, booking.ProxyReasonNotFound, booking.ProxyPapersMissing, booking.MapForm, booking.MapTooLarge,
	booking.MapNotFound, booking.CounterNotFound, booking.HoursNotFound, booking.HoursTaken, booking.DayMissing, booking.DaysOrder,
	booking.DaysTooMany, booking.DayPast, booking.WindowOrder, booking.WindowRemainder, booking.WindowOverlap, booking.WindowMinutes,
	booking.CapacityForm, booking.CapacityNone, booking.ClosedDayNotFound, booking.ExtraOpeningNotFound, booking.RulesForm,
	booking.PlanChanged, booking.SlotHasBookings, booking.SlotOverlaps, booking.StopNotFound, booking.StopOver, booking.StopNothing,
	staff.Stale, staff.LastEverywhere,
	booking.NotToday, booking.StepNotAllowed, booking.NotLateYet, booking.VisitNotFound, booking.NothingScanned, booking.ScannedWithIME,
	booking.CounterTooLong, booking.CounterNotFound, booking.NobodyWaits, booking.ExtractTooLong, TooManyRows,
	mail.NotFound, mail.NotOver, AlarmUnknown, booking.LeftNotFound, booking.LeftOver, booking.ChangedSince,
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
		"card_issued", "booking_cancelled", toBook.flash, toChange.flash, toBookTogether.flash,
		"booking_tied", "moved_many", "waiting_joined", "waiting_moved_up", "waiting_declined", "waiting_removed",
		"mail_again", "mail_told", "alarm_acknowledged", "alarm_tested", "comer_set", "left_redone", "left_settled",
	} {
		keys = append(keys, "flash."+flash)
	}
	for _, s := range steps {
		keys = append(keys, "flash."+s.flash)
	}
	keys = append(keys, "flash.visit_called", "flash.visit_papers_missing", "flash.nobody_waits")
	for _, flash := range []string{
		"setup_saved", "setup_retired", "hours_saved", "hours_removed", "plan_applied", "closed_saved", "closed_removed", "extra_saved", "extra_removed",
		"closing_switched", "slot_set", "slot_follows", "slot_added", "day_set", "stop_made", "stop_ended",
	} {
		keys = append(keys, "flash."+flash)
	}
	keys = append(keys, "field.from.label", "field.to.label", "form.day_form", "form.clock_form", "form.number_form", "form.days_none", "form.map_missing", "form.setting_number", "form.municipality_unknown")
	keys = append(keys, "form.staff_id_missing", "form.password_missing", "form.current_missing", "form.new_missing",
		"form.again_differs", "field.current.one_time", "field.new.rule", "field.reason.visitor", "field.reason.visitor_hint", "field.reason.many", "field.move_date.label",
		"field.move_date.hint", "field.move_to.label", "field.move_to.hint", "field.cause.label", "field.cause.hint",
		"field.wait_from.label", "field.wait_from.hint", "field.wait_until.label", "field.wait_until.hint",
		"field.left_reason.label", "field.left_reason.hint", "field.visitor_name.label", "field.visitor_kana_name.label", "field.visitor_telephone.label")
	for _, key := range keys {
		if !words.Has(key) {
			t.Errorf("%s: got no sentence", key)
		}
	}
}
