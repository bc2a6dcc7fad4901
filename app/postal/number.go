package postal

// sequence is a lot number with its branches: 12番地3の4 is {12, 3, 4}.
type sequence struct {
	part [4]int
	n    int
}

func (s *sequence) add(v int) {
	if s.n < len(s.part) {
		s.part[s.n] = v
		s.n++
	}
}

// from drops the first k parts.
func (s sequence) from(k int) sequence {
	var out sequence
	for i := k; i < s.n; i++ {
		out.add(s.part[i])
	}
	return out
}

// span is an inclusive range of lot numbers; an end may be open.
type span struct {
	lo, hi         sequence
	openLo, openHi bool
	exact          bool // the number itself, not its branches
}

// holds reports whether a lot lies in the span. A bound without branches
// includes all branches of its number: 1〜131番地 holds 131番地2.
func (p span) holds(s sequence) bool {
	if s.n == 0 {
		return false
	}
	if p.exact && s.n > p.lo.n {
		return false
	}
	return (p.openLo || compare(s, p.lo, p.lo.n) >= 0) && (p.openHi || compare(s, p.hi, p.hi.n) <= 0)
}

// compare orders a and b by their first n parts; a missing part of a counts 0.
func compare(a, b sequence, n int) int {
	for i := range n {
		av := 0
		if i < a.n {
			av = a.part[i]
		}
		if av != b.part[i] {
			return av - b.part[i]
		}
	}
	return 0
}

// unit is the word after a number.
type unit uint8

const (
	unitNone  unit = iota
	unitChome      // 丁目, 丁
	unitLot        // 番地, 番
	unitNo         // 号
	unitJo         // 条
	unitLine       // 線
	unitWard       // 区
	unitWari       // 地割
)

var unitWords = []struct {
	word []rune
	unit unit
}{
	{[]rune("丁目"), unitChome}, {[]rune("丁"), unitChome}, {[]rune("番地"), unitLot}, {[]rune("番"), unitLot},
	{[]rune("号"), unitNo}, {[]rune("条"), unitJo}, {[]rune("線"), unitLine}, {[]rune("区"), unitWard}, {[]rune("地割"), unitWari},
}

// unitAt reads the counting word at position i and gives its length.
func unitAt(s []rune, i int) (unit, int) {
	for _, u := range unitWords {
		if hasRunes(s, u.word, i) {
			return u.unit, len(u.word)
		}
	}
	return unitNone, 0
}

// numberAt reads the digits at position i; values beyond nine digits are no
// number of any address and are cut.
func numberAt(s []rune, i int) (value, end int) {
	for end = i; end < len(s) && isDigit(s[end]); end++ {
		if end-i < 9 {
			value = value*10 + int(s[end]-'0')
		}
	}
	return value, end
}

// numbers is what stands in figures behind a town area or 小字.
type numbers struct {
	chome    int  // N丁目, 0 when not written
	lead     int  // value before 条, 線, 区 or 地割
	leadUnit unit // unitNone when there is none
	seq      sequence
	first    unit // counting word of seq's first number, unitNone for 3-5-1
	found    bool
	end      int // position behind the last number read
}

// readNumbers reads the first figures in s at or after from.
func readNumbers(s []rune, from int) numbers {
	i := from
	for i < len(s) && !isDigit(s[i]) {
		i++
	}
	var n numbers
	n.end = from
	for i < len(s) && isDigit(s[i]) {
		n.found = true
		v, end := numberAt(s, i)
		u, size := unitAt(s, end)
		switch {
		case u == unitChome && n.seq.n == 0 && n.chome == 0:
			n.chome = v
		case n.seq.n == 0 && n.leadUnit == unitNone && (u == unitWari || u == unitLine || u == unitJo || u == unitWard):
			n.lead, n.leadUnit = v, u
		default:
			if n.seq.n == 0 {
				n.first = u
			}
			n.seq.add(v)
			if u == unitNo {
				n.end = end + size
				return n
			}
		}
		n.end = end + size
		i = skipJoint(s, n.end)
	}
	return n
}

// skipJoint passes over what joins two numbers: 3番地の5, 3-5, 3番5.
func skipJoint(s []rune, i int) int {
	if i < len(s) && (s[i] == '-' || s[i] == 'ノ') {
		return i + 1
	}
	return i
}
