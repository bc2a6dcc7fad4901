package public

// notNeededPage tells someone whose card comes without a visit that there is
// nothing to book.
type notNeededPage struct {
	frame
	NoticeNumber string
}
