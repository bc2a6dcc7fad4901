package postal

// find reads the town area at position at. An outcome without hits means that
// the municipality does not know the address.
func (m *municipality) find(d *Dictionary, a []rune, at int) outcome {
	if m.streets {
		if o := m.findBehindStreets(d, a, at); len(o.hits) > 0 {
			return o
		}
	}
	o := m.findTown(d, a, at, nil)
	if len(o.hits) > 0 && o.tier == Sure {
		return o
	}
	if m.whole >= 0 {
		return outcome{tier: Sure, hits: []hit{{m.whole, WhyWhole}}, end: at, clean: true}
	}
	if b, ok := m.findBlock(a, at); ok && len(o.hits) == 0 {
		return b
	}
	if len(o.hits) > 0 {
		return o
	}
	if o = m.findWithin(d, a, at); len(o.hits) > 0 {
		return o
	}
	return m.findLoose(d, a, at)
}

// findTown takes the longest town area whose bracket does not contradict what
// follows.
func (m *municipality) findTown(d *Dictionary, a []rune, at int, road []rune) outcome {
	var weak outcome
	for _, w := range m.walk(a, at) {
		o, fits := m.weigh(d, a, w, road)
		if fits {
			return o
		}
		if len(weak.hits) == 0 {
			weak = o
		}
	}
	return weak
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
	case best.strength == fitDefault && len(g.rows) > 1 && g.needsMore(d, &t):
		o.tier = Candidates
	}
	if o.tier == Sure && road == nil {
		if b, ok := m.floor(m.keys[w.group], &t); ok {
			o.hits = append([]hit{b}, o.hits...)
		}
	}
	o.hits = append(o.hits, g.siblings()...)
	return o, true
}

// weighContradicted accepts a town area's only code where its bracket merely
// could not be read from the address.
func (m *municipality) weighContradicted(d *Dictionary, g *group, t *tail, o outcome) (outcome, bool) {
	o.hits = g.siblings()
	o.tier = Candidates
	if g.codes(d) > 1 || t.cross {
		return o, false
	}
	first := g.rows[0].rule
	lenient := first.kind == ruleStreet || first.kind == ruleList && len(first.conds) > 0 && first.conds[0].unit == unitWari
	if lenient {
		o.tier = Sure
	}
	return o, lenient
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
	for i := range g.rows {
		r := g.rows[i].rule
		if r == nil || r.kind != ruleList {
			continue
		}
		for j := range r.conds {
			c := &r.conds[j]
			figures := len(c.lots) > 0 || len(c.chome) > 0
			if figures && len(c.name) == 0 && !t.nums.found {
				return true
			}
			if (!figures || len(c.name) > 0) && !t.named() && (len(t.r) == 0 || g.has(d, flagAza)) {
				return true
			}
		}
	}
	return false
}

// findBlock reads a lot number directly behind the municipality.
func (m *municipality) findBlock(a []rune, at int) (outcome, bool) {
	if len(m.blocks) == 0 || at >= len(a) || !isDigit(a[at]) {
		return outcome{}, false
	}
	n := readNumbers(a, at)
	if n.chome > 0 || n.leadUnit != unitNone {
		return outcome{}, false
	}
	for _, b := range m.blocks {
		if b.all || b.lots.holds(n.seq) {
			return outcome{tier: Sure, hits: []hit{{b.row, WhyBlock}}, end: n.end, clean: true}, true
		}
	}
	return outcome{}, false
}

// floor finds a building of the town area in the rest of the address, and the
// floor behind its name.
func (m *municipality) floor(town string, t *tail) (hit, bool) {
	for _, b := range m.buildings[town] {
		at := -1
		end := 0
		for _, name := range b.names() {
			if at = indexRunes(t.r, name, 0); at >= 0 {
				end = at + len(name)
				break
			}
		}
		if at < 0 {
			continue
		}
		if n, ok := readFloor(t.r, end); ok {
			if row, ok := b.floors[n]; ok {
				return hit{row, WhyBuilding}, true
			}
		}
		if b.unknown >= 0 {
			return hit{b.unknown, WhyBuilding}, true
		}
	}
	return hit{}, false
}

// names gives a building's name, and its part behind ・ or before a bracket.
func (b *building) names() [][]rune {
	out := [][]rune{b.name}
	for i, r := range b.name {
		switch {
		case r == '・' && len(b.name)-i-1 >= 4:
			out = append(out, b.name[i+1:])
		case r == '(' && i >= 4:
			out = append(out, b.name[:i])
		}
	}
	return out
}

// readFloor reads 12階 or 12F behind a building's name; below ground there is
// no floor with a code.
func readFloor(s []rune, from int) (int, bool) {
	for i := from; i < len(s); i++ {
		if !isDigit(s[i]) {
			continue
		}
		v, end := numberAt(s, i)
		if end < len(s) && (s[end] == '階' || s[end] == 'F') {
			below := i > 0 && (s[i-1] == 'B' || s[i-1] == '下')
			return v, !below
		}
		i = end
	}
	return 0, false
}
