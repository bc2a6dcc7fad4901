package audit

// The actions on alarms of the system.
const (
	AlarmAcknowledged Action = "alarm_acknowledged"
	AlarmTested       Action = "alarm_tested"
)
