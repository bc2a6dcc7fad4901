package postal

import "strings"

// outcome is what one municipality makes of an address.
type outcome struct {
	tier  Tier
	hits  []hit
	end   int  // how much of the address was understood
	clean bool // the town area ended where a name may end
	// against: the town area was found, but its brackets contradict the address.
	against bool
}

// hit is one row with the rule that led to it.
type hit struct {
	row int32
	why Why
}

// Lookup finds the postal code of an address (住所). The address may lack its
// prefecture, county or, when it is the default's, its municipality. Lookup
// never fails: what is not understood is None.
func (d *Dictionary) Lookup(address string, def Default) Answer {
	a := dropCode(fold(address))
	if len(a) == 0 {
		return Answer{Tier: None}
	}
	var weak outcome
	var known bool // a municipality was read in full
	read := d.readings(a, def)
	for _, p := range read {
		o := d.resolve(a, p, def)
		if known && o.tier == Sure {
			// The ward that is written lacks the town area, another has it.
			o.tier = Candidates
		}
		if o.tier == Sure || o.tier == Candidates && o.clean && !known {
			return d.answer(o)
		}
		known = known || p.whole
		weak.add(o)
	}
	if !weak.clean {
		// Something else is said further on, or nothing that is known.
		if inside := d.findInside(a); len(inside.hits) > 0 {
			inside.add(weak)
			weak = inside
		}
	}
	if len(weak.hits) == 0 {
		weak = d.findInPrefecture(a)
	}
	if !weak.clean && len(read) > 0 {
		d.addAreas(&weak, a, read[0])
	}
	return d.answer(weak)
}

// dropCode removes a postal code written before the address.
func dropCode(a []rune) []rune {
	i, digits := 0, 0
	if len(a) > 0 && a[0] == '〒' {
		i = 1
	}
	for i < len(a) && (isDigit(a[i]) || a[i] == '-' && digits == 3) {
		if isDigit(a[i]) {
			digits++
		}
		i++
	}
	if digits == 7 || i > 0 && a[0] == '〒' {
		return a[i:]
	}
	return a
}

// readings gives the municipalities that the address may name, best first.
func (d *Dictionary) readings(a []rune, def Default) []place {
	out := d.places.find(a)
	if len(out) > 0 && out[0].stated {
		return out
	}
	if len(out) == 0 {
		out = d.readPastCounty(a)
	}
	pref := statedPrefecture(a)
	if len(out) > 0 || len(pref) > 0 && string(pref) != string(foldName(def.Prefecture)) {
		return out
	}
	if id, ok := d.municipalityOf(def); ok {
		out = append(out, place{munis: []int32{id}, at: len(pref), implied: true})
	}
	return out
}

// statedPrefecture gives the prefecture with which the address begins, known
// to the dictionary or not.
func statedPrefecture(a []rune) []rune {
	for n := 3; n <= 4 && n <= len(a); n++ {
		if strings.ContainsRune("都道府県", a[n-1]) {
			return a[:n]
		}
	}
	return nil
}

// readPastCounty leaves out a county that no longer fits its municipality.
func (d *Dictionary) readPastCounty(a []rune) []place {
	pref := statedPrefecture(a)
	rest := a[len(pref):]
	skip := 0
	for i := 1; i < min(len(rest), 6); i++ {
		if rest[i] == '郡' {
			skip = i + 1
			break
		}
	}
	if len(pref) == 0 && skip == 0 {
		return nil
	}
	out := d.places.find(rest[skip:])
	kept := out[:0]
	for _, p := range out {
		p.at += len(pref) + skip
		p.munis = d.within(p.munis, pref)
		if len(p.munis) > 0 {
			p.stated = len(pref) > 0
			kept = append(kept, p)
		}
	}
	return kept
}

// findInPrefecture shows a town area of four or more characters that exactly
// one municipality of the prefecture has, where the municipality is left out
// or no longer exists (宮崎県佐土原町下那珂).
func (d *Dictionary) findInPrefecture(a []rune) outcome {
	pref := statedPrefecture(a)
	if len(pref) == 0 {
		return outcome{}
	}
	at := len(pref)
	for i := at; i < min(len(a), at+6); i++ {
		if a[i] == '郡' {
			at = i + 1
			break
		}
	}
	var found outcome
	for i := range d.munis {
		m := &d.munis[i]
		if string(foldName(m.pref)) != string(pref) {
			continue
		}
		o := m.findTown(d, a, at, nil)
		if len(o.hits) == 0 || o.end-at < 4 {
			continue
		}
		if len(found.hits) > 0 {
			return outcome{}
		}
		found = o
		found.tier = Candidates
	}
	return found
}

// within keeps the municipalities of a prefecture; no prefecture keeps all.
func (d *Dictionary) within(munis []int32, pref []rune) []int32 {
	if len(pref) == 0 {
		return munis
	}
	var out []int32
	for _, id := range munis {
		if string(foldName(d.munis[id].pref)) == string(pref) {
			out = append(out, id)
		}
	}
	return out
}

// municipalityOf finds the default municipality in the dictionary.
func (d *Dictionary) municipalityOf(def Default) (int32, bool) {
	if def.Municipality == "" {
		return 0, false
	}
	e, ok := d.places.keys[string(foldName(def.Prefecture+def.County+def.Municipality))]
	if !ok || len(e.munis) != 1 {
		return 0, false
	}
	return e.munis[0], true
}

// resolve asks every municipality of a reading and weighs what they say.
func (d *Dictionary) resolve(a []rune, p place, def Default) outcome {
	at := p.at
	if len(p.before) > 0 {
		joined := append(append(append([]rune{}, a[:at]...), p.before...), trimOaza(a[at:])...)
		if o := d.resolve(joined, place{munis: p.munis, at: at}, def); o.tier == Sure && o.end > at+len(p.before) {
			return o
		}
	}
	if !p.whole && !p.implied {
		at = skipWard(a, at)
	}
	var found []outcome
	var from []int32
	for _, id := range p.munis {
		var o outcome
		if p.implied {
			o = d.munis[id].findTown(d, a, at, nil)
		} else {
			o = d.munis[id].find(d, a, at)
		}
		if len(o.hits) > 0 {
			found, from = append(found, o), append(from, id)
		}
	}
	if len(found) == 0 {
		return d.catchAll(p)
	}
	o := d.choose(found, from, def)
	if p.implied && !o.clean {
		o.tier = Candidates
	}
	if o.tier == Candidates {
		o.hits = append(o.hits, d.catchAll(p).hits...)
	}
	return o
}

func trimOaza(a []rune) []rune {
	next, _ := skipOaza(a, 0)
	return a[next:]
}

// skipWard passes a ward that its city does not have (any more), so that all
// wards of the city are searched (浜松市中区).
func skipWard(a []rune, at int) int {
	for i := at + 1; i < min(len(a), at+5); i++ {
		if a[i] == '区' && !isDigit(a[i-1]) {
			return i + 1
		}
	}
	return at
}

// choose picks among municipalities of the same name. The default's own wins
// when it has the town area, then the default's prefecture; else exactly one
// must have it, or have it as a whole name.
func (d *Dictionary) choose(found []outcome, from []int32, def Default) outcome {
	if len(found) == 1 {
		return found[0]
	}
	own, hasOwn := d.municipalityOf(def)
	for i, id := range from {
		if hasOwn && id == own && found[i].clean {
			return found[i]
		}
	}
	for _, keep := range []func(i int) bool{
		func(i int) bool { return found[i].clean && found[i].tier == Sure },
		func(i int) bool { return found[i].clean && d.munis[from[i]].pref == def.Prefecture },
		func(i int) bool { return d.munis[from[i]].pref == def.Prefecture },
	} {
		only := -1
		for i := range found {
			if keep(i) {
				if only >= 0 {
					only = -2
					break
				}
				only = i
			}
		}
		if only >= 0 {
			return found[only]
		}
	}
	all := outcome{tier: Candidates}
	for i := range found {
		all.hits = append(all.hits, found[i].hits...)
		all.end = max(all.end, found[i].end)
		all.clean = all.clean || found[i].clean
	}
	return all
}

// catchAll shows the catch-all codes of the municipalities, for a person to
// judge; they are never sure.
func (d *Dictionary) catchAll(p place) outcome {
	o := outcome{tier: None}
	if p.implied {
		return o
	}
	for _, id := range p.munis {
		for _, row := range d.munis[id].catchAll {
			o.hits = append(o.hits, hit{row, WhyMunicipality})
		}
		for _, b := range d.munis[id].blocks {
			o.hits = append(o.hits, hit{b.row, WhyMunicipality})
		}
	}
	if len(o.hits) > 0 {
		o.tier = Candidates
	}
	return o
}

// answer turns rows into what the caller sees.
func (d *Dictionary) answer(o outcome) Answer {
	if len(o.hits) == 0 || o.tier == "" || o.tier == None {
		return Answer{Tier: None}
	}
	out := Answer{Tier: o.tier}
	seen := map[string]bool{}
	for _, h := range o.hits {
		r := d.rows[h.row]
		if seen[r.code] || len(out.Candidates) == maxCandidates {
			continue
		}
		seen[r.code] = true
		out.Candidates = append(out.Candidates, Candidate{
			Code: r.code, Prefecture: r.pref, Municipality: r.muni, Town: shownTown(r.town), Why: h.why,
		})
	}
	if o.tier == Sure {
		out.Code = out.Candidates[0].Code
	}
	return out
}
