package postal

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// match is one town area with which the address goes on.
type match struct {
	group   int
	end     int  // position behind the town area
	crossed bool // a 字 inside the name was passed over
	wild    bool // a 外字 stood for a character
	torn    bool // the name ends inside the 小字 that it reached into
	oaza    bool // 大字 was written before the name
}

// walker reads town areas from an address along a municipality's sorted keys.
type walker struct {
	m     *municipality
	a     []rune
	found []match
	fuel  int
}

// maxWalkSteps bounds the branching that wildcards and 字 can cause.
const maxWalkSteps = 4000

// walk gives all town areas that begin at position at, longest first; those
// that tear a 小字 apart come last (新井田字西平 is not 新井田西).
func (m *municipality) walk(a []rune, at int) []match {
	w := walker{m: m, a: a, fuel: maxWalkSteps}
	start, oaza := skipOaza(a, at)
	w.step(0, len(m.keys), 0, match{end: start, oaza: oaza})
	if start > at && start-at == 1 {
		// 字 may itself begin the name.
		w.step(0, len(m.keys), 0, match{end: at})
	}
	sort.SliceStable(w.found, func(i, j int) bool {
		if w.found[i].torn != w.found[j].torn {
			return w.found[j].torn
		}
		return w.found[i].end > w.found[j].end
	})
	return w.found
}

// skipOaza passes over 大字 or 字 before a name.
func skipOaza(a []rune, at int) (next int, oaza bool) {
	switch {
	case hasRunes(a, oazaWord, at):
		return at + 2, true
	case at < len(a) && a[at] == '字':
		return at + 1, false
	}
	return at, false
}

var oazaWord = []rune("大字")

// step narrows keys[lo:hi], which agree in their first off bytes, by the next
// character of the address.
func (w *walker) step(lo, hi, off int, at match) {
	if lo >= hi || w.fuel <= 0 {
		return
	}
	w.fuel--
	if off > 0 && len(w.m.keys[lo]) == off {
		found := at
		found.group = lo
		found.torn = at.crossed && !boundary(w.a, at.end)
		w.found = append(w.found, found)
		lo++
	}
	if at.end >= len(w.a) || lo >= hi {
		return
	}
	r := w.a[at.end]
	if off > 0 {
		w.passAza(lo, hi, off, at)
	}
	next := at
	next.end++
	if isWild(r) {
		next.wild = true
		w.stepAny(lo, hi, off, next)
		return
	}
	var buf [utf8.UTFMax]byte
	n := utf8.EncodeRune(buf[:], r)
	lo, hi = w.narrow(lo, hi, off, string(buf[:n]))
	w.step(lo, hi, off+n, next)
}

// passAza leaves out 大字 inside a name freely, and 字 only as a crossing.
func (w *walker) passAza(lo, hi, off int, at match) {
	switch {
	case hasRunes(w.a, oazaWord, at.end):
		at.end += 2
		w.step(lo, hi, off, at)
	case w.a[at.end] == '字':
		at.end++
		at.crossed = true
		w.step(lo, hi, off, at)
	case w.a[at.end] == '・', w.a[at.end] == '区' && !isDigit(w.a[at.end-1]):
		// 厚田区別狩 is listed as 厚田別狩, 新所・岡崎 also without the dot.
		at.end++
		w.step(lo, hi, off, at)
	}
}

// stepAny tries every character that can follow, for a 外字.
func (w *walker) stepAny(lo, hi, off int, at match) {
	for lo < hi {
		_, n := utf8.DecodeRuneInString(w.m.keys[lo][off:])
		c := w.m.keys[lo][off : off+n]
		_, end := w.narrow(lo, hi, off, c)
		w.step(lo, end, off+n, at)
		lo = end
	}
}

// narrow finds the keys in [lo:hi) that have c at off.
func (w *walker) narrow(lo, hi, off int, c string) (from, to int) {
	keys := w.m.keys
	from = lo + sort.Search(hi-lo, func(i int) bool { return keys[lo+i][off:] >= c })
	to = from + sort.Search(hi-from, func(i int) bool { return !strings.HasPrefix(keys[from+i][off:], c) })
	return from, to
}

// boundary reports whether a name may end at position i: nothing, a figure, a
// new 字 or a mark follows, or a lot without number.
func boundary(a []rune, i int) bool {
	if i >= len(a) {
		return true
	}
	r := a[i]
	switch {
	case isDigit(r), r == '字', r == '-', r == '(', r == ')', r == '、', r == '・', r == '.', r >= 'A' && r <= 'Z':
		return true
	case hasRunes(a, oazaWord, i), hasRunes(a, []rune("無番"), i), hasRunes(a, []rune("番地"), i), hasRunes(a, []rune("地内"), i),
		hasRunes(a, []rune("地先"), i), hasRunes(a, []rune("番外"), i), hasRunes(a, []rune("官有"), i), hasRunes(a, []rune("官地"), i):
		return true
	case r == '第' && i+1 < len(a) && isDigit(a[i+1]):
		return true
	case r == 'リ' && i > 0 && a[i-1] == '通':
		return true
	}
	return lotLetter(a, i)
}

// lotLetters stand before lot numbers and part them into series.
const lotLetters = "甲乙丙丁戊己庚辛"

// lotLetter reports a letter before a lot number (甲123, イ45, ロの6), or the
// の that joins a letter to its number.
func lotLetter(a []rune, i int) bool {
	next := i + 1
	if a[i] == 'ノ' {
		return next < len(a) && isDigit(a[next])
	}
	if next < len(a) && a[next] == 'ノ' {
		next++
	}
	if next >= len(a) || !isDigit(a[next]) && a[next] != '-' {
		return false
	}
	if isKatakana(a[i]) {
		return i == 0 || !isKatakana(a[i-1])
	}
	return strings.ContainsRune(lotLetters+"東西南北上中下", a[i])
}
