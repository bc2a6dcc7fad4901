package qr

// File is everything one uploaded file gave (取込ファイルの読取結果).
type File struct {
	Name    string   `json:"name"`
	Format  Format   `json:"format"`
	Refused Refusal  `json:"refused,omitempty"`
	Count   int      `json:"count,omitempty"` // of the file's pages, once it is known
	Pages   []Page   `json:"pages"`
	Joined  []Joined `json:"joined,omitempty"`
}

// Page is one page or one picture. A page that could not be read says so in
// Refused and never takes the other pages of its file with it.
type Page struct {
	Number  int     `json:"number"` // from 1
	Width   int     `json:"width"`  // pixels, upright
	Height  int     `json:"height"`
	Refused Refusal `json:"refused,omitempty"`
	Codes   []Code  `json:"codes"`
	Unread  []Quad  `json:"unread,omitempty"`  // places that look like a code and gave no value
	Picture []byte  `json:"picture,omitempty"` // the page in JPEG, if Limits asks for it
}

// Code is one QR code with its value and where it is printed. Bytes is always
// the whole value; Text is a reading of it for people.
type Code struct {
	Corners  Quad      `json:"corners"`
	Bytes    []byte    `json:"bytes"`
	Text     string    `json:"text"`
	Charset  Charset   `json:"charset"`
	Unmapped int       `json:"unmapped,omitempty"` // bytes of Bytes no character stands for
	Agree    Agreement `json:"agree"`
	Second   []byte    `json:"second,omitempty"` // what the second reader says instead, when it disagrees
	Version  int       `json:"version"`          // 1 to 40
	Segments []Segment `json:"segments"`
	Append   *Append   `json:"append,omitempty"`
}

// Point is a place on a page in pixels from its upper left corner.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Quad is the outline of a code: upper left, upper right, lower right and
// lower left as the code itself stands, so a turned code starts elsewhere.
type Quad [4]Point

// Agreement says how many readers vouch for a value (読取の一致).
type Agreement string

// A value on which the readers disagree must be decided by a person.
const (
	Agreed   Agreement = "agreed"
	Single   Agreement = "single"
	Disagree Agreement = "disagree"
)

// The readers by the names shown to people.
const (
	FirstReader  = "gozxing"
	SecondReader = "goqr"
)

// Readers names the readers that vouch for the value of c.
func (c Code) Readers() []string {
	if c.Agree == Agreed {
		return []string{FirstReader, SecondReader}
	}
	return []string{FirstReader}
}

// Append is the place of a code in a message spread over several codes
// (連結, structured append: JIS X 0510).
type Append struct {
	Index  int  `json:"index"` // from 0
	Total  int  `json:"total"` // 1 to 16
	Parity byte `json:"parity"`
}

// Joined is a message put together from its structured-append parts. While a
// part is missing or two parts contradict each other it has no Bytes.
type Joined struct {
	Total    int       `json:"total"`
	Parity   byte      `json:"parity"`
	ParityOK bool      `json:"parity_ok"` // the parts' bytes give the parity they announce
	Missing  []int     `json:"missing,omitempty"`
	Conflict bool      `json:"conflict,omitempty"` // one index was read with two values
	Parts    []PartRef `json:"parts"`
	Bytes    []byte    `json:"bytes,omitempty"`
	Text     string    `json:"text,omitempty"`
	Charset  Charset   `json:"charset,omitempty"`
	Unmapped int       `json:"unmapped,omitempty"`
	Agree    Agreement `json:"agree"` // the weakest of its parts
}

// PartRef points at File.Pages[Page].Codes[Code].
type PartRef struct {
	Page  int `json:"page"`
	Code  int `json:"code"`
	Index int `json:"index"`
}

// Refusal is why a file or a page was not read; empty means it was. The words
// for people are the caller's.
type Refusal string

// Refusals of whole files come first, those of single pages after them; a
// picture's damage or size can be either.
const (
	TooManyBytes  Refusal = "too_many_bytes"
	TooManyPages  Refusal = "too_many_pages"
	UnknownFormat Refusal = "unknown_format"
	HEIC          Refusal = "heic"
	Locked        Refusal = "locked" // PDF behind a password
	Damaged       Refusal = "damaged"
	TooManyPixels Refusal = "too_many_pixels"
	Compression   Refusal = "compression" // TIFF with a compression no decoder here knows
	TimeLimit     Refusal = "time_limit"
	MemoryLimit   Refusal = "memory_limit"
	Crashed       Refusal = "crashed"
)
