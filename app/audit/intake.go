package audit

// The actions of taking in.
const (
	KindAdded   Action = "issue_kind_added"
	KindChanged Action = "issue_kind_changed"
)

// The actions of the postal dictionary.
const (
	PostalFileOffered Action = "postal_file_offered"
	PostalFileTaken   Action = "postal_file_taken"
	PostalFileDropped Action = "postal_file_dropped"
)
