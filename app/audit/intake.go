package audit

// The actions of taking in.
const (
	KindAdded   Action = "issue_kind_added"
	KindChanged Action = "issue_kind_changed"
)
