package sheet

// parser takes a CSV apart as leniently as people write it. It works on bytes:
// no second byte of a character in CP932 or UTF-8 is a delimiter, a quotation
// mark or an end of line.
type parser struct {
	rest      []byte
	delimiter byte
	ended     bool // the row before had an end of line
	unclosed  bool // a quotation mark of the row before was never closed
	scratch   []byte
}

// A quoted cell ends within these limits, or its mark is taken for text: one
// stray mark must not swallow the rest of the file.
const (
	mostQuoted      = 64 << 10
	mostQuotedLines = 50
)

// row takes one row off the rest. bare are the columns, from 1, with a
// quotation mark where none belongs.
func (p *parser) row() (cells [][]byte, bare []int) {
	p.ended, p.unclosed = false, false
	for {
		cell, ok := p.quoted()
		if !ok {
			var stray bool
			if cell, stray = p.unquoted(); stray {
				bare = append(bare, len(cells)+1)
			}
		} else if p.stray() {
			bare = append(bare, len(cells)+1)
		}
		cells = append(cells, cell)
		if len(p.rest) == 0 {
			return cells, bare
		}
		c := p.rest[0]
		p.rest = p.rest[1:]
		if c == p.delimiter {
			if len(p.rest) == 0 {
				return append(cells, nil), bare
			}
			continue
		}
		if c == '\r' && len(p.rest) > 0 && p.rest[0] == '\n' {
			p.rest = p.rest[1:]
		}
		p.ended = true
		return cells, bare
	}
}

// stray reports and forgets that the quoted cell before held a single mark.
func (p *parser) stray() bool {
	s := len(p.scratch) > 0 && p.scratch[0] == 1
	p.scratch = p.scratch[:0]
	return s
}

// quoted takes a cell in quotation marks; ok is false, and nothing is taken,
// when there is none or its end is not found.
func (p *parser) quoted() (cell []byte, ok bool) {
	p.scratch = p.scratch[:0]
	if len(p.rest) == 0 || p.rest[0] != '"' {
		return nil, false
	}
	lines, single := 0, false
	for i := 1; i < len(p.rest) && i < mostQuoted; i++ {
		switch c := p.rest[i]; {
		case c == '\n':
			if lines++; lines > mostQuotedLines {
				return nil, false
			}
		case c != '"':
		case i+1 < len(p.rest) && p.rest[i+1] == '"':
			i++
			cell = append(cell, '"')
			continue
		case i+1 == len(p.rest) || p.ends(p.rest[i+1]):
			if single && lines > 0 {
				return nil, false // the mark of a later cell, more likely
			}
			p.rest = p.rest[i+1:]
			if single {
				p.scratch = append(p.scratch, 1)
			}
			if cell == nil {
				cell = []byte{}
			}
			return cell, true
		default:
			single = true
		}
		cell = append(cell, p.rest[i])
	}
	p.unclosed = true
	return nil, false
}

func (p *parser) ends(c byte) bool { return c == p.delimiter || c == '\r' || c == '\n' }

// unquoted takes a cell up to the next delimiter or end of line. Excel's own
// ="…" is no stray mark.
func (p *parser) unquoted() (cell []byte, stray bool) {
	i, marks := 0, 0
	for i < len(p.rest) && !p.ends(p.rest[i]) {
		if p.rest[i] == '"' {
			marks++
		}
		i++
	}
	cell, p.rest = p.rest[:i], p.rest[i:]
	wrapped := marks == 2 && i > 2 && cell[0] == '=' && cell[1] == '"' && cell[i-1] == '"'
	return cell, marks > 0 && !wrapped
}
