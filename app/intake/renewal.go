package intake

import (
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// Group is what comparing the renewal list with the cards found about somebody.
type Group string

// The groups.
const (
	InBoth   Group = "both"
	OnlyList Group = "only_list"
	OnlyCard Group = "only_card"
	Mismatch Group = "mismatch"
)

// Groups lists them in the order of the screen.
func Groups() []Group { return []Group{Mismatch, OnlyList, OnlyCard, InBoth} }

// Label is the group's name on the screen.
func (g Group) Label() string {
	return map[Group]string{InBoth: "両方にある", OnlyList: "更新対象者だけ", OnlyCard: "カードだけ", Mismatch: "食い違い"}[g]
}

// Finding is one person in one group. Target or Card is nil where there is none.
type Finding struct {
	Group   Group
	Target  *card.RenewalTarget
	Card    *card.Known
	By      string // by what the two were tied
	Why     string // what does not fit
	Subject string // what a mark is kept under
	Mark    *card.RenewalMark
}

// Handled reports whether somebody has dealt with a finding.
func (f Finding) Handled() bool { return f.Mark != nil }

// comparison ties targets to cards.
type comparison struct {
	known    []card.Known
	renewal  map[card.IssueKind]bool
	byNumber map[card.NoticeNumber]int
	byID     map[string]int
	byPerson map[string][]int
	tied     map[int]bool
}

// CompareRenewals compares the renewal list (更新対象者) with the cards on record
// as both are now: a card that is read tomorrow is tied tomorrow. People are
// tied by notice number, application ID, kana and date of birth, or name and
// date of birth; never by a name alone.
func CompareRenewals(tx *store.Tx) ([]Finding, error) {
	targets, err := card.RenewalTargets(tx)
	if err != nil {
		return nil, err
	}
	c := comparison{renewal: map[card.IssueKind]bool{}, byNumber: map[card.NoticeNumber]int{}, byID: map[string]int{},
		byPerson: map[string][]int{}, tied: map[int]bool{}}
	if c.known, err = card.AllKnown(tx); err != nil {
		return nil, err
	}
	kinds, err := card.AllKinds(tx)
	if err != nil {
		return nil, err
	}
	for _, k := range kinds {
		c.renewal[k.Code] = k.Renewal
	}
	for i, k := range c.known {
		c.byNumber[k.NoticeNumber] = i
		if k.ApplicationID != "" {
			c.byID[k.ApplicationID] = i
		}
		for _, key := range renewalKeys(k.KanaKey, k.NameKey, k.Birth) {
			c.byPerson[key] = append(c.byPerson[key], i)
		}
	}
	var out []Finding
	for i := range targets {
		out = append(out, c.find(&targets[i]))
	}
	for i := range c.known {
		if k := &c.known[i]; c.renewal[k.IssueKind] && !k.Issued && !c.tied[i] {
			out = append(out, Finding{Group: OnlyCard, Card: k, Subject: "card:" + string(k.Ref)})
		}
	}
	return out, withMarks(tx, out)
}

func withMarks(tx *store.Tx, findings []Finding) error {
	marks, err := card.RenewalMarks(tx)
	bySubject := map[string]*card.RenewalMark{}
	for i := range marks {
		bySubject[marks[i].Subject] = &marks[i]
	}
	for i := range findings {
		findings[i].Mark = bySubject[findings[i].Subject]
	}
	return err
}

// find ties one target to a card and says whether the two fit.
func (c *comparison) find(t *card.RenewalTarget) Finding {
	f := Finding{Group: OnlyList, Target: t, Subject: "target:" + string(t.Ref)}
	i, by, several := c.cardOf(t)
	if several {
		f.Group, f.Why = Mismatch, "合う人が何人かいます"
		return f
	}
	if by == "" {
		return f
	}
	k := &c.known[i]
	c.tied[i] = true
	f.Card, f.By = k, by
	switch {
	case !t.Birth.IsZero() && !k.Birth.IsZero() && !t.Birth.Matches(k.Birth):
		f.Group, f.Why = Mismatch, "生年月日が違います"
	case t.NameKey != "" && k.NameKey != "" && t.NameKey != k.NameKey:
		f.Group, f.Why = Mismatch, "氏名が違います"
	case !c.renewal[k.IssueKind]:
		f.Group, f.Why = Mismatch, "カードの交付区分が更新ではありません"
	default:
		f.Group = InBoth
	}
	return f
}

func (c *comparison) cardOf(t *card.RenewalTarget) (i int, by string, several bool) {
	if i, ok := c.byNumber[t.NoticeNumber]; ok && t.NoticeNumber != "" {
		return i, "交付通知書番号", false
	}
	if i, ok := c.byID[t.ApplicationID]; ok && t.ApplicationID != "" {
		return i, "申請書ID", false
	}
	for n, key := range renewalKeys(jp.KanaKey(t.KanaName), jp.NameKey(t.Name), t.Birth) {
		all := c.open(c.byPerson[key])
		by := "カナと生年月日"
		if n > 0 || t.KanaKey == "" {
			by = "氏名と生年月日"
		}
		switch len(all) {
		case 0:
			continue
		case 1:
			return all[0], by, false
		}
		return 0, "", true
	}
	return 0, "", false
}

// open leaves out issued cards of a person who also has one that is not.
func (c *comparison) open(all []int) (out []int) {
	for _, i := range all {
		if !c.known[i].Issued {
			out = append(out, i)
		}
	}
	if len(out) == 0 {
		return all
	}
	return out
}
