package postal

import "strings"

// parseItem parses one item of a bracket, such as 下久保「174を除く」,
// 4丁目3〜9番 or 200番以上. What is not understood stays a name only.
func parseItem(item string, fallback unit) condition {
	c := condition{}
	body := dropBetween(item, '「', '」')
	notes := between(item, '「', '」')
	beside := strings.HasSuffix(body, textBeside)
	body = strings.TrimSuffix(body, textBeside)
	c.literal = []rune(body)
	c.readFigures([]rune(body), fallback)
	if len(c.lots) > 0 || len(c.chome) > 0 {
		c.literal = nil
	}
	for _, note := range notes {
		inner, isExcept := strings.CutSuffix(note, textExcept)
		switch {
		case isExcept || beside:
			c.addExcept(inner)
		case !strings.ContainsAny(note, "0123456789"):
			// A remark such as the name of a housing estate.
		case c.unit == unitWari:
			c.unsure = true
		default:
			c.addOnly(inner)
		}
	}
	if len(notes) > 0 && c.unit == unitWari {
		c.unsure = true
	}
	return c
}

// addExcept adds numbers that the item does not cover.
func (c *condition) addExcept(list string) {
	for _, x := range parseList(list) {
		if len(x.lots) == 0 && len(x.chome) == 0 {
			continue
		}
		x.literal, x.name = nil, c.name
		if len(c.literal) > 0 {
			x.name = c.literal
		}
		if len(x.chome) == 0 {
			x.chome = c.chome
		}
		c.except = append(c.except, x)
	}
}

// addOnly narrows a name to the numbers in its 「」.
func (c *condition) addOnly(list string) {
	if len(c.lots) > 0 {
		return
	}
	name := c.name
	if len(c.chome) == 0 {
		name = c.literal
	}
	for _, x := range parseList(list) {
		c.lots = append(c.lots, x.lots...)
	}
	c.name, c.unit = name, unitLot
	c.literal = nil
}

// readFigures splits a body into name, 丁目 and lot numbers.
func (c *condition) readFigures(s []rune, fallback unit) {
	i := 0
	for i < len(s) && !isDigit(s[i]) {
		i++
	}
	if i == len(s) {
		return
	}
	name := s[:i]
	if n := len(name); n > 0 && name[n-1] == '第' {
		name = name[:n-1]
	}
	p, u, end := readSpan(s, i)
	bare := u == unitNone
	if bare {
		u = fallback
	}
	switch {
	case u == unitChome:
		c.chome = []span{p}
		c.readBehindChome(s, end, name)
	case end == len(s):
		c.lots, c.unit, c.name = []span{p}, u, name
	}
	if c.unit == unitNone {
		c.unit = unitLot
	}
}

func (c *condition) readBehindChome(s []rune, end int, name []rune) {
	c.name = name
	switch {
	case end == len(s):
	case isDigit(s[end]):
		p, u, stop := readSpan(s, end)
		if stop != len(s) {
			c.chome, c.name = nil, nil
			return
		}
		c.lots, c.unit = []span{p}, u
	case end+1 == len(s) && strings.ContainsRune("東西南北", s[end]):
		c.side = s[end]
	default:
		c.chome, c.name = nil, nil
	}
}

// readSpan reads N, N-M, A〜B, N番以上, A〜 and the like at position i.
func readSpan(s []rune, i int) (p span, u unit, end int) {
	p.lo, u, end = readSequence(s, i)
	p.hi = p.lo
	if end < len(s) && s[end] == '~' {
		end++
		if end < len(s) && s[end] == '第' {
			end++
		}
		if end >= len(s) || !isDigit(s[end]) {
			p.openHi = true
			return p, u, end
		}
		var hu unit
		p.hi, hu, end = readSequence(s, end)
		if hu != unitNone {
			u = hu
		}
		// 5363-7〜8 counts branches of one number.
		if p.lo.n == 2 && p.hi.n == 1 && p.hi.part[0] < p.lo.part[0] {
			p.hi = sequence{part: [4]int{p.lo.part[0], p.hi.part[0]}, n: 2}
		}
	}
	switch {
	case hasRunes(s, []rune("以上"), end), hasRunes(s, []rune("以降"), end):
		p.openHi, end = true, end+2
	case hasRunes(s, []rune("以下"), end), hasRunes(s, []rune("以内"), end):
		p.openLo, end = true, end+2
	}
	return p, u, end
}

// readSequence reads 12番地3 or 40の1番地.
func readSequence(s []rune, i int) (q sequence, u unit, end int) {
	for end = i; end < len(s) && isDigit(s[end]); {
		var v, size int
		var own unit
		v, end = numberAt(s, end)
		q.add(v)
		own, size = unitAt(s, end)
		end += size
		if own != unitNone && u == unitNone {
			u = own
		}
		if own == unitChome {
			return q, u, end
		}
		if next := skipJoint(s, end); next < len(s) && isDigit(s[next]) {
			end = next
		}
	}
	return q, u, end
}

// between gives the texts between two marks.
func between(s string, open, shut rune) []string {
	var out []string
	for {
		_, rest, ok := strings.Cut(s, string(open))
		if !ok {
			return out
		}
		text, after, ok := strings.Cut(rest, string(shut))
		if !ok {
			return out
		}
		out, s = append(out, text), after
	}
}
