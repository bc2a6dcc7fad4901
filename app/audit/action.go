package audit

// Action names what was done, once for the whole program.
type Action string

// The actions.
const (
	SignedIn         Action = "signed_in"
	SignInFailed     Action = "sign_in_failed"
	SignedOut        Action = "signed_out"
	PasswordChanged  Action = "password_changed"
	PasswordReset    Action = "password_reset"
	StaffAdded       Action = "staff_added"
	StaffDisabled    Action = "staff_disabled"
	StaffEnabled     Action = "staff_enabled"
	StaffUnlocked    Action = "staff_unlocked"
	SignInReleased   Action = "sign_in_released"
	SettingChanged   Action = "setting_changed"
	ProfileAdded     Action = "payload_profile_added"
	CardRead         Action = "card_read"
	CardIssued       Action = "card_issued"
	ContactCorrected Action = "contact_corrected"
	NoteWritten      Action = "handover_note_written"
	VenueAdded       Action = "venue_added"
	ServiceAdded     Action = "service_added"
	SlotsAdded       Action = "slots_added"
	Booked           Action = "booked"
	BookingChanged   Action = "booking_changed"
	BookingCancelled Action = "booking_cancelled"
	BookingDone      Action = "booking_done"
)
