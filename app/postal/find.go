package postal

// find reads the town area at position at. An outcome without hits means that
// the municipality does not know the address.
func (m *municipality) find(d *Dictionary, a []rune, at int) outcome {
	o := m.findAt(d, a, at)
	if o.tier == Sure && o.clean {
		return o
	}
	if again := m.skipRepeat(a, at); again != at {
		if twice := m.findAt(d, a, again); twice.tier == Sure {
			return twice
		}
	}
	return o
}

// findAt reads the town area exactly at a position.
func (m *municipality) findAt(d *Dictionary, a []rune, at int) outcome {
	if m.streets {
		if o := m.findBehindStreets(d, a, at); len(o.hits) > 0 {
			return o
		}
	}
	o := m.findTown(d, a, at, nil)
	if o.tier == Sure {
		return o
	}
	if m.whole >= 0 {
		return outcome{tier: Sure, hits: []hit{{m.whole, WhyWhole}}, end: at, clean: true}
	}
	if b, ok := m.findBlock(a, at); ok {
		return b
	}
	if len(o.hits) > 0 && !o.against {
		return o
	}
	return m.findOtherwise(d, a, at, o)
}

// findOtherwise tries the weaker rules in turn until one is sure, and keeps
// what the others find as candidates behind those of weak.
func (m *municipality) findOtherwise(d *Dictionary, a []rune, at int, weak outcome) outcome {
	for _, rule := range []func(*Dictionary, []rune, int) outcome{
		m.findUnitless, m.findLotLetter, m.findDropped, m.findWithin, m.findLoose, m.findSimilar,
	} {
		o := rule(d, a, at)
		if o.tier == Sure {
			return o
		}
		weak.add(o)
	}
	return weak
}

// add appends the candidates of a weaker rule.
func (o *outcome) add(other outcome) {
	if len(other.hits) == 0 {
		return
	}
	if o.against {
		// What contradicts itself comes last.
		o.hits = append(append([]hit{}, other.hits...), o.hits...)
		o.against = false
	} else {
		o.hits = append(o.hits, other.hits...)
	}
	o.tier = Candidates
	o.end = max(o.end, other.end)
	o.clean = o.clean || other.clean
}

// skipRepeat passes over a city or ward that is written twice.
func (m *municipality) skipRepeat(a []rune, at int) int {
	_, ward := splitWard(m.bare)
	for _, name := range []string{m.bare, m.city, ward} {
		if n := foldName(name); len(n) >= 3 && hasRunes(a, n, at) {
			return at + len(n)
		}
	}
	return at
}

// findTown takes the longest town area whose bracket does not contradict what
// follows.
func (m *municipality) findTown(d *Dictionary, a []rune, at int, road []rune) outcome {
	var weak outcome
	found := m.walk(a, at)
	for i, w := range found {
		if w.torn && len(weak.hits) > 0 {
			break
		}
		o, fits := m.weigh(d, a, w, road)
		if !fits {
			if len(weak.hits) == 0 {
				weak = o
			}
			continue
		}
		if o.tier == Sure && o.hits[0].why != WhyQualifier && m.doubtful(d, a, found[i:], road) {
			o.tier = Candidates
			o.hits = append(o.hits, m.tailTown(d, a, found[i])...)
			for _, other := range found[i+1:] {
				o.hits = append(o.hits, m.groups[other.group].siblings()...)
			}
		}
		return o
	}
	return weak
}

// doubtful reports whether the best of several town areas may still be the
// wrong one.
func (m *municipality) doubtful(d *Dictionary, a []rune, found []match, road []rune) bool {
	best := found[0]
	g := &m.groups[best.group]
	length := len([]rune(m.keys[best.group]))
	if best.wild {
		// A 外字 is accepted where exactly one town area explains it.
		return length < 2 || len(found) > 1 && found[1].wild && found[1].end == best.end
	}
	if best.crossed && !best.torn && len(found) > 1 && found[1].end > 0 {
		// 鳥羽字二本松 may be 鳥羽 or 鳥羽二本松.
		return true
	}
	if boundary(a, best.end) || road != nil {
		return false
	}
	if len(m.tailTown(d, a, best)) > 0 {
		return true
	}
	// Behind a name without 小字 only a number can follow: 西 is not 西樹.
	return !g.has(d, flagAza) && g.has(d, flagChome) && (length == 1 || len(found) > 1) || torn(a, best.end)
}

// tailTown gives the town area with another code whose whole name follows:
// 犬山西古券 stands for 西古券 as well as for 犬山.
func (m *municipality) tailTown(d *Dictionary, a []rune, best match) []hit {
	for _, w := range m.walk(a, best.end) {
		if w.end-best.end >= 3 && !w.crossed && boundary(a, w.end) &&
			d.rows[m.groups[w.group].rows[0].row].code != d.rows[m.groups[best.group].rows[0].row].code {
			return m.groups[w.group].siblings()
		}
	}
	return nil
}

// torn reports that 町 was cut off the name (高島 in 高島町1).
func torn(a []rune, end int) bool {
	return a[end] == '町' && boundary(a, end+1)
}

// weigh judges the rows of one town area. It reports false when every row is
// contradicted; the outcome then still lists them as candidates.
func (m *municipality) weigh(d *Dictionary, a []rune, w match, road []rune) (outcome, bool) {
	g := &m.groups[w.group]
	t := newTail(a, w)
	t.road = road
	t.chome = g.has(d, flagChome)
	o := outcome{tier: Sure, end: w.end, clean: boundary(a, w.end)}
	best, top := fit{}, -1
	tie := false
	for i := range g.rows {
		f := g.rows[i].rule.fit(&t)
		switch {
		case f.strength > best.strength:
			best, top, tie = f, i, false
		case f.strength == best.strength && top >= 0 && d.rows[g.rows[i].row].code != d.rows[g.rows[top].row].code:
			tie = true
		}
	}
	if top < 0 {
		return m.weighContradicted(d, g, &t, o)
	}
	o.hits = append(o.hits, hit{g.rows[top].row, g.rows[top].why()})
	switch {
	case tie, best.unsure:
		o.tier = Candidates
	case best.strength == fitDefault && g.codes(d) > 1 && g.needsMore(d, &t):
		o.tier = Candidates
	}
	if road == nil && len(m.buildings) > 0 {
		m.addFloor(m.keys[w.group], &t, &o)
	}
	o.hits = append(o.hits, g.siblings()...)
	return o, true
}

// weighContradicted accepts a town area's only code where its bracket merely
// could not be read from the address.
func (m *municipality) weighContradicted(d *Dictionary, g *group, t *tail, o outcome) (outcome, bool) {
	o.hits = g.siblings()
	o.tier = Candidates
	o.against = true
	if g.codes(d) > 1 || t.cross {
		return o, false
	}
	r := g.rows[0].rule
	silent := r.kind == ruleList && !t.named() && len(t.r) > 0 && r.names()
	wari := r.kind == ruleList && len(r.conds) > 0 && r.conds[0].unit == unitWari
	if silent || wari || r.kind == ruleStreet {
		o.tier, o.against = Sure, false
		return o, true
	}
	return o, false
}

// names reports whether a bracket lists 小字, which an address may omit.
func (r *rule) names() bool {
	for i := range r.conds {
		if len(r.conds[i].literal) > 0 || len(r.conds[i].name) > 0 {
			return true
		}
	}
	return false
}

func (g *group) has(d *Dictionary, f flags) bool {
	for i := range g.rows {
		if d.rows[g.rows[i].row].flags&f != 0 {
			return true
		}
	}
	return false
}

// codes counts the different codes of a town area, up to two.
func (g *group) codes(d *Dictionary) int {
	for i := range g.rows {
		if d.rows[g.rows[i].row].code != d.rows[g.rows[0].row].code {
			return 2
		}
	}
	return 1
}

func (g *group) siblings() []hit {
	out := make([]hit, len(g.rows))
	for i := range g.rows {
		out[i] = hit{g.rows[i].row, WhySibling}
	}
	return out
}

func (t *townRow) why() Why {
	switch {
	case t.rule == nil:
		return WhyTown
	case t.rule.kind == ruleOther || t.rule.kind == ruleExcept:
		return WhyOther
	case t.rule.kind == ruleStreet:
		return WhyStreet
	}
	return WhyQualifier
}

// needsMore reports whether the address is silent on what the brackets of the
// other rows ask for, so that その他 may not be taken for granted.
func (g *group) needsMore(d *Dictionary, t *tail) bool {
	named := 0
	for i := range g.rows {
		r := g.rows[i].rule
		if r == nil || r.kind != ruleList {
			continue
		}
		for j := range r.conds {
			c := &r.conds[j]
			figures := len(c.lots) > 0 || len(c.chome) > 0
			switch {
			case figures && len(c.name) == 0:
				if !t.nums.found {
					return true
				}
			case len(c.literal) >= 3 && indexRunes(t.r, c.literal, 1) > 0:
				// 村上1113-1村上団地: the name stands behind the number.
				return true
			case !t.named():
				named++
			}
		}
	}
	return named > 0 && (len(t.r) == 0 || g.has(d, flagAza) || named >= manyNames)
}

// manyNames is the number of 小字 in brackets from which on an address without
// any 小字 is a question: the rest (その他) is then no longer the rule.
const manyNames = 2

// findBlock reads a lot number directly behind the municipality. Three figures
// with hyphens are a 丁目 whose town area was left out.
func (m *municipality) findBlock(a []rune, at int) (outcome, bool) {
	if len(m.blocks) == 0 || at >= len(a) || !isDigit(a[at]) {
		return outcome{}, false
	}
	n := readNumbers(a, at)
	if n.chome > 0 || n.leadUnit != unitNone || n.first == unitNone && n.seq.n > 2 {
		return outcome{}, false
	}
	for _, b := range m.blocks {
		if b.all || b.lots.holds(n.seq) {
			return outcome{tier: Sure, hits: []hit{{b.row, WhyBlock}}, end: n.end, clean: true}, true
		}
	}
	return outcome{}, false
}
