package postal

// tail is the address behind a town area.
type tail struct {
	r     []rune
	nums  numbers
	oaza  bool // 大字 stood before the town area
	cross bool // the town area was read across a 字
	chome bool // the town area has 丁目
	road  []rune
}

// newTail reads what follows a town area; leading 字 and brackets are passed.
func newTail(a []rune, at match) tail {
	i := at.end
	for i < len(a) {
		if hasRunes(a, oazaWord, i) {
			i += 2
			continue
		}
		if a[i] != '字' && a[i] != '(' && a[i] != '-' {
			break
		}
		i++
	}
	t := tail{r: a[i:], oaza: at.oaza, cross: at.crossed}
	t.nums = readNumbers(t.r, 0)
	return t
}

// named reports whether a 小字 or anything else but a number follows.
func (t *tail) named() bool { return len(t.r) > 0 && !boundary(t.r, 0) }

// after gives the position behind name at the beginning of the tail, or -1;
// clear says that the name ends there.
func (t *tail) after(name []rune) (end int, clear bool) {
	if len(name) == 0 {
		return 0, true
	}
	i := 0
	for k, r := range name {
		for k > 0 && i < len(t.r) && t.r[i] == '字' && r != '字' {
			i++
		}
		if i >= len(t.r) || t.r[i] != r && !isWild(t.r[i]) {
			return -1, false
		}
		i++
	}
	// 1区 must not be found in 11区, nor 3 in 31.
	if isDigit(name[len(name)-1]) && i < len(t.r) && isDigit(t.r[i]) {
		return -1, false
	}
	return i, boundary(t.r, i)
}

// The strengths with which a row of a town area can fit an address.
const (
	fitNo      = 0
	fitDefault = 1  // no bracket, その他, or none of an exception's
	fitGuess   = 2  // figures joined by hyphens, read as the bracket needs
	fitNumber  = 3  // figures with their counting words
	fitName    = 10 // a 小字; longer ones count more
)

// fit is how one row fits; unsure rows are shown, not filled in.
type fit struct {
	strength int
	unsure   bool
}

// better keeps the stronger of two fits.
func (f fit) better(g fit) fit {
	if g.strength > f.strength || g.strength == f.strength && f.unsure && !g.unsure {
		return g
	}
	return f
}

// fit judges a row's bracket against the tail.
func (r *rule) fit(t *tail) fit {
	if r == nil {
		return fit{strength: fitDefault}
	}
	switch r.kind {
	case ruleOther:
		return fit{strength: fitDefault}
	case ruleAnyChome:
		return t.fitAnyChome()
	case ruleAnyLot:
		return t.fitAnyLot()
	case ruleOaza:
		return t.fitOaza()
	case ruleExcept:
		for i := range r.conds {
			if f := r.conds[i].fit(t); f.strength > fitNo {
				return fit{}
			}
		}
		return fit{strength: fitDefault}
	case ruleStreet:
		return r.fitStreet(t)
	}
	best := fit{}
	for i := range r.conds {
		best = best.better(r.conds[i].fit(t))
	}
	return best
}

// chomeLimit separates 丁目 from lot numbers where an address writes 3-12-5:
// no town area with codes by 丁目 has more than this many.
const chomeLimit = 30

// chomeSmall is the number up to which 3-12 is read as 3丁目12番 where a town
// area has a code for its 丁目: its lots (番地) run into the hundreds.
const chomeSmall = 9

func (t *tail) fitAnyChome() fit {
	n := t.nums
	switch {
	case t.cross || t.named():
		return fit{}
	case n.chome > 0:
		return fit{strength: fitNumber}
	case t.oaza:
		return fit{}
	case !n.found || n.first != unitNone || n.seq.part[0] > chomeLimit || n.leadUnit != unitNone:
		return fit{}
	case n.seq.n >= 3:
		return fit{strength: fitGuess}
	case n.seq.n == 2:
		return fit{strength: fitGuess, unsure: n.seq.part[0] > chomeSmall}
	}
	return fit{}
}

func (t *tail) fitAnyLot() fit {
	n := t.nums
	switch {
	case n.chome > 0 && !t.named():
		return fit{}
	case t.cross || t.oaza || t.named() || n.first == unitLot:
		return fit{strength: fitNumber}
	case !n.found:
		return fit{}
	case n.seq.part[0] > chomeLimit || n.seq.n == 1:
		return fit{strength: fitNumber}
	case n.seq.n == 2 && n.seq.part[0] > chomeSmall:
		return fit{strength: fitGuess, unsure: true}
	}
	return fit{}
}

func (t *tail) fitOaza() fit {
	switch {
	case t.oaza:
		return fit{strength: fitNumber}
	case t.nums.chome > 0 && !t.named():
		return fit{}
	case t.cross || t.named() || t.nums.first == unitLot || t.nums.seq.n > 0 && t.nums.seq.part[0] > chomeLimit:
		return fit{strength: fitGuess}
	}
	return fit{strength: fitGuess, unsure: true}
}

// fit judges one item of a bracket.
func (c *condition) fit(t *tail) fit {
	best := fit{}
	if len(c.literal) > 0 {
		if end, clear := t.after(c.literal); end >= 0 {
			best = fit{strength: fitName + len(c.literal), unsure: c.unsure || !clear}
		}
	}
	// 本通（南） stands for N丁目南.
	if n := t.nums; len(c.literal) == 1 && n.chome > 0 && n.end < len(t.r) && t.r[n.end] == c.literal[0] {
		best = best.better(fit{strength: fitNumber})
	}
	if len(c.chome) > 0 || len(c.lots) > 0 {
		best = best.better(c.fitFigures(t))
	}
	if best.strength > fitNo {
		for i := range c.except {
			if f := c.except[i].fitFigures(t); f.strength > fitNo {
				return fit{}
			}
		}
	}
	return best
}

// fitFigures judges the numbers of an item.
func (c *condition) fitFigures(t *tail) fit {
	n, base := t.nums, fitNumber
	if len(c.name) > 0 {
		end, _ := t.after(c.name)
		if end < 0 {
			return fit{}
		}
		n = readNumbers(t.r, end)
		base = fitName + len(c.name)
	}
	if !n.found {
		return fit{}
	}
	f := fit{strength: base, unsure: c.unsure}
	seq := n.seq
	if len(c.chome) > 0 {
		switch {
		case n.chome > 0:
			if !anyHolds(c.chome, sequence{part: [4]int{n.chome}, n: 1}) {
				return fit{}
			}
		case n.first == unitNone && n.leadUnit == unitNone && seq.n >= 2 && seq.part[0] <= chomeLimit && !t.named():
			if !anyHolds(c.chome, seq) {
				return fit{}
			}
			f.strength, f.unsure = fitGuess, f.unsure || seq.n == 2 && !t.chome
			seq = seq.from(1)
		default:
			return fit{}
		}
		if c.side != 0 && (n.end >= len(t.r) || t.r[n.end] != c.side) {
			return fit{}
		}
		if len(c.lots) == 0 {
			return f
		}
	}
	return c.fitLots(n, seq, f)
}

// fitLots judges the lot numbers of an item, or its 線, 条, 区 and 地割.
func (c *condition) fitLots(n numbers, seq sequence, f fit) fit {
	if c.unit >= unitJo {
		if n.leadUnit == c.unit {
			seq = sequence{part: [4]int{n.lead}, n: 1}
		} else if n.leadUnit != unitNone || n.first != unitNone {
			return fit{}
		} else {
			f.strength = min(f.strength, fitGuess)
		}
	} else if n.chome > 0 && len(c.chome) == 0 {
		return fit{}
	}
	if !anyHolds(c.lots, seq) {
		return fit{}
	}
	return f
}

func anyHolds(spans []span, s sequence) bool {
	for _, p := range spans {
		if p.holds(s) {
			return true
		}
	}
	return false
}
