package audit

// The actions of set-up: places, services, hours, closings and slots.
const (
	VenueChanged        Action = "venue_changed"
	VenueRetired        Action = "venue_retired"
	VenueMapChanged     Action = "venue_map_changed"
	CounterAdded        Action = "counter_added"
	CounterChanged      Action = "counter_changed"
	CounterRetired      Action = "counter_retired"
	ServiceChanged      Action = "service_changed"
	ServiceRetired      Action = "service_retired"
	BringChanged        Action = "bring_changed"
	HoursSaved          Action = "hours_saved"
	HoursRemoved        Action = "hours_removed"
	DaysClosed          Action = "days_closed"
	ClosedDayRemoved    Action = "closed_day_removed"
	ExtraOpeningAdded   Action = "extra_opening_added"
	ExtraOpeningRemoved Action = "extra_opening_removed"
	RulesChanged        Action = "booking_rules_changed"
	PlanApplied         Action = "slot_plan_applied"
	SlotSet             Action = "slot_set"
	DaySet              Action = "slots_of_day_set"
	StopMade            Action = "stop_made"
	StopEnded           Action = "stop_ended"
	StaffVenuesSet      Action = "staff_venues_set"
)
