package postal

import "strings"

// ruleKind is the nature of the bracket behind a town area.
type ruleKind uint8

const (
	rulePlain    ruleKind = iota // no bracket
	ruleOther                    // その他, 次のビルを除く: what no other row takes
	ruleAnyChome                 // （丁目）
	ruleAnyLot                   // （番地）
	ruleOaza                     // （大字）
	ruleList                     // a list of conditions, one of which must hold
	ruleExcept                   // a list of which none may hold
	ruleStreet                   // Kyoto street names, which stand before the town area
)

// rule is a parsed bracket.
type rule struct {
	kind  ruleKind
	conds []condition
}

// condition is one item of a bracket: a 小字, numbers, or both.
type condition struct {
	literal []rune // the item as a name, matched as such first
	name    []rune // 小字 before the numbers
	chome   []span
	lots    []span
	unit    unit // of lots
	side    rune // 東 西 南 北 behind N丁目
	unsure  bool // the item says more than is understood
	except  []condition
}

var (
	textOther  = string(foldName("その他"))
	textExcept = string(foldName("を除く"))
	textBeside = string(foldName("以外"))
	textAnd    = string(foldName("及び"))
)

// parseRule parses the folded text between the brackets.
func parseRule(text string) *rule {
	text = dropBetween(text, '〔', '〕')
	switch text {
	case textOther, string(foldName("次のビルを除く")):
		return &rule{kind: ruleOther}
	case "丁目":
		return &rule{kind: ruleAnyChome}
	case "番地":
		return &rule{kind: ruleAnyLot}
	case "大字":
		return &rule{kind: ruleOaza}
	}
	kind := ruleList
	if inner, ok := strings.CutSuffix(text, textExcept); ok {
		text, kind = inner, ruleExcept
	} else if isStreetList(text) {
		kind = ruleStreet
	}
	r := &rule{kind: kind}
	if kind == ruleStreet {
		for _, item := range strings.Split(text, "、") {
			r.conds = append(r.conds, condition{literal: []rune(foldStreet([]rune(item)))})
		}
		return r
	}
	r.conds = parseList(text)
	return r
}

// parseList parses items parted by 、. Numbers without a counting word take
// that of the following item, and names or 丁目 carry on: 新田17-2、37番地.
func parseList(text string) []condition {
	items := splitItems(text)
	conds := make([]condition, 0, len(items))
	var next unit
	// From the back, so that a missing counting word is known in time.
	units := make([]unit, len(items))
	for i := len(items) - 1; i >= 0; i-- {
		u, bare := lastUnit(items[i].text)
		if !bare {
			next = u
		}
		units[i] = next
	}
	for i, item := range items {
		c := parseItem(item.text, units[i])
		if i > 0 && len(c.name) == 0 && (len(c.lots) > 0) && len(conds[i-1].lots) > 0 {
			c.carry(conds[i-1], item)
		}
		conds = append(conds, c)
	}
	markExact(conds)
	return conds
}

// carry continues the item before: its name, its 丁目 and, for 4の2・4・6, its
// number.
func (c *condition) carry(before condition, item listItem) {
	c.name = before.name
	if len(c.chome) == 0 {
		c.chome = before.chome
	}
	last := before.lots[len(before.lots)-1].lo
	own := &c.lots[0]
	if item.branch && last.n > 1 && own.lo.n == 1 && own.lo.part[0] < last.part[0] {
		own.lo = sequence{part: [4]int{last.part[0], own.lo.part[0]}, n: 2}
		own.hi = sequence{part: [4]int{last.part[0], own.hi.part[0]}, n: 2}
	}
}

// markExact handles lists such as 3667、3667-3: where a number is listed with
// and without a branch, the bare one stands for itself only.
func markExact(conds []condition) {
	for i := range conds {
		for j := range conds[i].lots {
			p := &conds[i].lots[j]
			if p.lo.n != 1 || p.lo != p.hi {
				continue
			}
			for _, other := range conds {
				for _, q := range other.lots {
					if q.lo.n > 1 && q.lo.part[0] == p.lo.part[0] {
						p.exact = true
					}
				}
			}
		}
	}
}

// listItem is one item; branch says that its list writes branches with の, so
// that a following smaller number is a further branch.
type listItem struct {
	text   string
	branch bool
}

func splitItems(text string) []listItem {
	text = strings.ReplaceAll(text, textAnd, "、")
	s := []rune(text)
	var items []listItem
	depth, start, branch := 0, 0, false
	flush := func(end int) {
		if end > start {
			item := string(s[start:end])
			own := strings.ContainsRune(item, 'ノ') && strings.ContainsAny(item, "0123456789")
			items = append(items, listItem{text: item, branch: branch && !own})
			branch = own || branch
		}
		start = end + 1
	}
	for i, r := range s {
		switch {
		case r == '「':
			depth++
		case r == '」':
			depth--
		case depth == 0 && (r == '、' || r == '・' && betweenNumbers(s, i)):
			flush(i)
		}
	}
	flush(len(s))
	return items
}

// betweenNumbers tells 18・21番 and 甲・乙 from a name with a dot.
func betweenNumbers(s []rune, i int) bool {
	if i > 0 && i+1 < len(s) && strings.ContainsRune(lotLetters, s[i-1]) && strings.ContainsRune(lotLetters, s[i+1]) {
		return true
	}
	if i == 0 || i+1 >= len(s) || !isDigit(s[i+1]) {
		return false
	}
	return isDigit(s[i-1]) || s[i-1] == '番' || s[i-1] == '地'
}

// lastUnit gives the last counting word of an item; bare says that the item
// is a number without one.
func lastUnit(item string) (u unit, bare bool) {
	item = dropBetween(item, '「', '」')
	s := []rune(item)
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			continue
		}
		_, end := numberAt(s, i)
		u, _ = unitAt(s, end)
		bare = u == unitNone
		i = end
	}
	return u, bare
}

// dropBetween removes everything between two marks, marks included.
func dropBetween(s string, open, shut rune) string {
	if !strings.ContainsRune(s, open) {
		return s
	}
	var b strings.Builder
	depth := 0
	for _, r := range s {
		switch {
		case r == open:
			depth++
		case r == shut && depth > 0:
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}
