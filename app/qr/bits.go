package qr

import (
	"errors"
	"fmt"
)

// Mode is how a segment of a code is written (JIS X 0510, 7.3).
type Mode string

// The four modes that carry data.
const (
	Numeric      Mode = "numeric"
	Alphanumeric Mode = "alphanumeric"
	Byte         Mode = "byte"
	Kanji        Mode = "kanji"
)

// Segment is a run of a code's value in one mode. Bytes of kanji mode are
// Shift_JIS pairs whatever the ECI says.
type Segment struct {
	Mode  Mode   `json:"mode"`
	ECI   int    `json:"eci"` // assignment number in force, -1 where none was given
	Bytes []byte `json:"bytes"`
}

// message is the bit stream of one code taken apart.
type message struct {
	segments []Segment
	append   *Append
	gs1      bool
}

var (
	errShort   = errors.New("bit stream ends inside a segment")
	errMode    = errors.New("unknown mode indicator")
	errValue   = errors.New("value out of range for its mode")
	errNothing = errors.New("code carries no data")
)

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

// parseBits takes the corrected data codewords of a code apart, as JIS X 0510
// section 7.4 lays them out. version is 1 to 40. It is strict: a stream that
// breaks off or holds an impossible value is an error, never a guess.
func parseBits(codewords []byte, version int) (message, error) {
	p := bitParser{bitReader: bitReader{data: codewords}, version: version, eci: -1}
	for p.left() >= 4 {
		done, err := p.segment()
		if err != nil {
			return message{}, err
		}
		if done {
			break
		}
	}
	if len(p.out.segments) == 0 && p.out.append == nil {
		return message{}, errNothing
	}
	return p.out, nil
}

type bitParser struct {
	bitReader
	version int
	eci     int
	out     message
}

// segment reads one mode indicator and what belongs to it.
func (p *bitParser) segment() (done bool, err error) {
	switch mode := p.take(4); mode {
	case 0:
		return true, nil
	case 1:
		err = p.data(Numeric, p.numeric)
	case 2:
		err = p.data(Alphanumeric, p.alphanumeric)
	case 4:
		err = p.data(Byte, p.bytes)
	case 8:
		err = p.data(Kanji, p.kanji)
	case 3:
		err = p.structured()
	case 7:
		err = p.designator()
	case 5:
		p.out.gs1 = true
	case 9:
		p.out.gs1 = true
		if p.left() < 8 {
			return false, errShort
		}
		p.take(8)
	default:
		return false, fmt.Errorf("%w %d", errMode, mode)
	}
	return false, err
}

func (p *bitParser) data(mode Mode, read func(count int) ([]byte, error)) error {
	width := countBits(mode, p.version)
	if p.left() < width {
		return errShort
	}
	b, err := read(p.take(width))
	if err != nil {
		return err
	}
	if len(b) > 0 {
		p.out.segments = append(p.out.segments, Segment{Mode: mode, ECI: p.eci, Bytes: b})
	}
	return nil
}

// countBits is the width of the character count, JIS X 0510 table 3.
func countBits(mode Mode, version int) int {
	size := 0
	switch {
	case version >= 27:
		size = 2
	case version >= 10:
		size = 1
	}
	switch mode {
	case Numeric:
		return [...]int{10, 12, 14}[size]
	case Alphanumeric:
		return [...]int{9, 11, 13}[size]
	case Byte:
		return [...]int{8, 16, 16}[size]
	default:
		return [...]int{8, 10, 12}[size]
	}
}

func (p *bitParser) numeric(count int) ([]byte, error) {
	out := make([]byte, 0, min(count, 8*len(p.bitReader.data)))
	for count > 0 {
		digits := min(count, 3)
		width := [...]int{0, 4, 7, 10}[digits]
		if p.left() < width {
			return nil, errShort
		}
		v := p.take(width)
		if v >= [...]int{0, 10, 100, 1000}[digits] {
			return nil, errValue
		}
		out = append(out, fmt.Sprintf("%0*d", digits, v)...)
		count -= digits
	}
	return out, nil
}

func (p *bitParser) alphanumeric(count int) ([]byte, error) {
	var out []byte
	for count > 0 {
		chars := min(count, 2)
		width := [...]int{0, 6, 11}[chars]
		if p.left() < width {
			return nil, errShort
		}
		v := p.take(width)
		if v >= [...]int{0, 45, 45 * 45}[chars] {
			return nil, errValue
		}
		if chars == 2 {
			out = append(out, alphabet[v/45])
		}
		out = append(out, alphabet[v%45])
		count -= chars
	}
	if p.out.gs1 {
		out = separators(out)
	}
	return out, nil
}

// separators puts back the group separator that FNC1 codes write as "%" in
// alphanumeric mode, "%%" standing for the sign itself.
func separators(b []byte) []byte {
	var out []byte
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] != '%':
			out = append(out, b[i])
		case i+1 < len(b) && b[i+1] == '%':
			out = append(out, '%')
			i++
		default:
			out = append(out, 0x1d)
		}
	}
	return out
}

func (p *bitParser) bytes(count int) ([]byte, error) {
	if p.left() < 8*count {
		return nil, errShort
	}
	out := make([]byte, count)
	for i := range out {
		out[i] = byte(p.take(8))
	}
	return out, nil
}

func (p *bitParser) kanji(count int) ([]byte, error) {
	if p.left() < 13*count {
		return nil, errShort
	}
	out := make([]byte, 0, 2*count)
	for range count {
		v := p.take(13)
		pair := v/0xc0<<8 | v%0xc0
		if pair+0x8140 <= 0x9ffc {
			pair += 0x8140
		} else {
			pair += 0xc140
		}
		out = append(out, byte(pair>>8), byte(pair))
	}
	return out, nil
}

func (p *bitParser) structured() error {
	if p.left() < 16 {
		return errShort
	}
	a := Append{Index: p.take(4), Total: p.take(4) + 1, Parity: byte(p.take(8))}
	if a.Index >= a.Total {
		return errValue
	}
	p.out.append = &a
	return nil
}

func (p *bitParser) designator() error {
	if p.left() < 8 {
		return errShort
	}
	first := p.take(8)
	more := 0
	switch {
	case first < 0x80:
		p.eci = first
		return nil
	case first < 0xc0:
		first, more = first&0x3f, 8
	case first < 0xe0:
		first, more = first&0x1f, 16
	default:
		return errValue
	}
	if p.left() < more {
		return errShort
	}
	p.eci = first<<more | p.take(more)
	return nil
}

// bitReader hands out bits from the most significant on.
type bitReader struct {
	data []byte
	pos  int // bits
}

func (r *bitReader) left() int { return 8*len(r.data) - r.pos }

// take must not be asked for more than left.
func (r *bitReader) take(n int) int {
	v := 0
	for range n {
		v = v<<1 | int(r.data[r.pos/8]>>(7-r.pos%8)&1)
		r.pos++
	}
	return v
}
