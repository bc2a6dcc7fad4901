package audit

// The actions of taking in.
const (
	KindAdded         Action = "issue_kind_added"
	KindChanged       Action = "issue_kind_changed"
	BatchOpened       Action = "batch_opened"
	BatchChanged      Action = "batch_changed"
	BatchClosed       Action = "batch_closed"
	BatchReopened     Action = "batch_reopened"
	CardTakenBack     Action = "card_taken_back"
	CardCorrected     Action = "card_corrected"
	CardShelved       Action = "card_shelved"
	ProfileSwitchedOn Action = "payload_profile_switched_on"
	ListFileAdded     Action = "list_file_added"
	ListFileBegun     Action = "list_file_begun"
	ListPageRead      Action = "list_page_read"
	ListFileRead      Action = "list_file_read"
	ListFileRefused   Action = "list_file_refused"
	ListPagesStated   Action = "list_pages_stated"
	ListApplied       Action = "list_file_applied"
	ListPlaceSettled  Action = "list_place_settled"
	ListFilePutAway   Action = "list_file_put_away"
	PartsKept         Action = "reading_part_kept"
	PartsDropped      Action = "reading_parts_dropped"
)

// The actions of lists.
const (
	RollUploaded     Action = "roll_uploaded"
	RollMatched      Action = "roll_matched"
	RollBatch        Action = "roll_batch_chosen"
	RollRowDecided   Action = "roll_row_decided"
	RollApplied      Action = "roll_applied"
	RollTakenBack    Action = "roll_taken_back"
	RollDropped      Action = "roll_dropped"
	RollForgotten    Action = "roll_contents_forgotten"
	AddressTaken     Action = "address_taken"
	AddressPutBack   Action = "address_put_back"
	CardUnregistered Action = "card_unregistered"
	RenewalAdded     Action = "renewal_target_added"
	RenewalChanged   Action = "renewal_target_changed"
	RenewalRemoved   Action = "renewal_target_removed"
	RenewalHandled   Action = "renewal_handled"
	RenewalReopened  Action = "renewal_reopened"
)

// The actions of the postal dictionary.
const (
	PostalFileOffered Action = "postal_file_offered"
	PostalFileTaken   Action = "postal_file_taken"
	PostalFileDropped Action = "postal_file_dropped"
)
