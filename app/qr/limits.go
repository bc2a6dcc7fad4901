package qr

import "time"

// Limits bound what one file may cost.
type Limits struct {
	Bytes  int           `json:"bytes"`
	Pages  int           `json:"pages"`
	Pixels int           `json:"pixels"` // of one page
	Page   time.Duration `json:"page"`   // for one page, after which the child is killed
	Open   time.Duration `json:"open"`   // on top, for starting a child and its PDF renderer
	Memory int64         `json:"memory"` // bytes the child may take beyond its start
	// Picture is the longest side, in pixels, of the picture of each page that
	// comes with the result; 0: none.
	Picture int `json:"picture,omitempty"`
}

// DefaultLimits allow an A3 page at 600 dpi and a list of 6,000 recipients.
func DefaultLimits() Limits {
	return Limits{
		Bytes:  64 << 20,
		Pages:  300,
		Pixels: 80_000_000,
		Page:   20 * time.Second,
		Open:   20 * time.Second,
		Memory: 2 << 30,
	}
}

// workSide is the longest side, in pixels, of the picture that is searched: A4
// at 300 dpi fits. A larger page is searched in reduced size, and once more in
// full where something was left unread.
const workSide = 3600
