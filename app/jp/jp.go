// Package jp knows how dates, names, codes and holidays are written in Japan.
//
// It promises that reading what it has written gives the same value back, that
// no function looks at the machine's clock or time zone, and that no error
// repeats what was read: errors end in logs, and what is read is personal data.
package jp

// Error is what the parsers of this package return. Its text is a stable code
// for the operator; the sentence people see belongs to the caller.
type Error string

// Error returns the code.
func (e Error) Error() string { return string(e) }

// The errors of this package; compare with errors.Is.
const (
	ErrDate       Error = "jp: no such date"      // malformed, or not in the calendar
	ErrEra        Error = "jp: not in that era"   // unknown era, or a date the era does not hold
	ErrClock      Error = "jp: no such time"      // malformed, or outside 00:00–24:00
	ErrPostalCode Error = "jp: not a postal code" // anything but seven digits
)
