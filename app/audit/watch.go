package audit

// The actions on alarms of the system.
const (
	AlarmAcknowledged Action = "alarm_acknowledged"
	AlarmTested       Action = "alarm_tested"
)

// The actions on what a machine that was succeeded had answered as provisional.
const (
	LeftTakenIn   Action = "left_behind_taken_in"
	LeftUndecided Action = "left_behind_undecided"
	LeftRedone    Action = "left_behind_redone"
	LeftSettled   Action = "left_behind_settled"
)
