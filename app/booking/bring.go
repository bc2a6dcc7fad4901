package booking

import (
	"fmt"
	"slices"
	"strings"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// Condition says for whom a line of what to bring stands.
type Condition string

// The conditions.
const (
	Always      Condition = "always"
	OfIssueKind Condition = "issue_kind" // value: a card.IssueKind
	OfAge       Condition = "age"        // value: an AgeClass
	OfComer     Condition = "comer"      // value: a Comer
)

// AgeClass groups people by what the law asks of their age (年齢区分). A person
// may be in two: an infant is under fifteen as well.
type AgeClass string

// The age classes: the card of an infant has no picture; a person under fifteen
// comes with the legal guardian (マイナンバーカード交付の案内, J-LIS); from 75 on a
// proxy is accepted.
const (
	Under1  AgeClass = "under_1"
	Under15 AgeClass = "under_15"
	From15  AgeClass = "from_15"
	From75  AgeClass = "from_75"
)

// AgeClasses lists the classes of someone of that age in years.
func AgeClasses(years int) []AgeClass {
	switch {
	case years < 1:
		return []AgeClass{Under1, Under15}
	case years < 15:
		return []AgeClass{Under15}
	case years < 75:
		return []AgeClass{From15}
	}
	return []AgeClass{From15, From75}
}

// Comer is who comes to the counter (来庁者).
type Comer string

// Who may come.
const (
	Holder   Comer = "holder"   // the person themselves (本人)
	Guardian Comer = "guardian" // with the legal guardian (法定代理人)
	Proxy    Comer = "proxy"    // someone in the holder's place (代理人)
)

// UnsaidProxy is the value of a line for a proxy who has not said a reason yet:
// the papers of a reason stand in its place once it is known.
const UnsaidProxy = "proxy_unsaid"

// Bring is one line of what to bring (持ち物).
type Bring struct {
	Condition Condition
	Value     string // "" for Always
	Text      string
}

// Values lists what a condition can be tied to, in the order of a form.
func (c Condition) Values(tx *store.Tx) ([]string, error) {
	switch c {
	case OfIssueKind:
		kinds, err := card.AllKinds(tx)
		var codes []string
		for _, k := range kinds {
			codes = append(codes, string(k.Code))
		}
		return codes, err
	case OfAge:
		return []string{string(Under1), string(Under15), string(From15), string(From75)}, nil
	case OfComer:
		return []string{string(Holder), string(Guardian), string(Proxy), UnsaidProxy}, nil
	}
	return []string{""}, nil
}

func (b Bring) known(tx *store.Tx) (bool, error) {
	switch b.Condition {
	case Always, OfIssueKind, OfAge, OfComer:
		values, err := b.Condition.Values(tx)
		return slices.Contains(values, b.Value), err
	}
	return false, nil
}

// BringLines lists what a service asks to bring, of everyone, in order.
func BringLines(tx *store.Tx, serviceID int64) ([]Bring, error) {
	return store.All[Bring](tx, `SELECT condition, value, text FROM bring WHERE service_id = ? ORDER BY position`, serviceID)
}

// Case is someone who will come, as far as it is known; zero fields match no
// condition but Always.
type Case struct {
	IssueKind card.IssueKind
	Age       []AgeClass
	Comer     Comer
	ReasonID  int64 // row of the ProxyReason; 0 while none was said
}

// fits reports whether the line is for this case.
func (b Bring) fits(c Case) bool {
	switch b.Condition {
	case OfIssueKind:
		return b.Value == string(c.IssueKind)
	case OfAge:
		for _, class := range c.Age {
			if b.Value == string(class) {
				return true
			}
		}
		return false
	case OfComer:
		return b.Value == string(c.Comer) || b.Value == UnsaidProxy && c.Comer == Proxy && c.ReasonID == 0
	}
	return true
}

// BringFor lists what someone has to bring, in the town's order, and after it
// the papers of the reason for which a proxy comes.
func BringFor(tx *store.Tx, serviceID int64, c Case) ([]string, error) {
	all, err := BringLines(tx, serviceID)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, b := range all {
		if b.fits(c) {
			texts = append(texts, b.Text)
		}
	}
	papers, err := papersOf(tx, c)
	return append(texts, papers...), err
}

// papersOf are the papers that show why a proxy comes.
func papersOf(tx *store.Tx, c Case) ([]string, error) {
	if c.Comer != Proxy || c.ReasonID == 0 {
		return nil, nil
	}
	r, err := proxyReasonByID(tx, c.ReasonID)
	return r.Lines(), err
}

// CaseOf is who will come to a visit, as far as it is known. While nobody has
// said who comes, it is the holder, with the legal guardian under fifteen.
func CaseOf(v Visit, r card.Record) Case {
	c := Case{IssueKind: r.IssueKind, Comer: v.Comer, ReasonID: v.ProxyReasonID}
	years, known := r.Birth.AgeOn(v.Slot.HeldOn)
	if known {
		c.Age = AgeClasses(years)
	}
	if c.Comer == "" {
		c.Comer = Holder
		if known && years < 15 {
			c.Comer = Guardian
		}
	}
	return c
}

// BringToVisit lists what to bring to a visit: for this person, on that day, by
// who comes. A town that has listed nothing for the issue of cards has its
// setting.
func BringToVisit(tx *store.Tx, v Visit, r card.Record) ([]string, error) {
	lines, err := BringLines(tx, v.Slot.ServiceID)
	if err != nil {
		return nil, err
	}
	texts, err := BringFor(tx, v.Slot.ServiceID, CaseOf(v, r))
	if err != nil || len(lines) > 0 {
		return texts, err
	}
	s, err := CardIssuance(tx)
	if err != nil || s.ID != v.Slot.ServiceID {
		return texts, err
	}
	town, err := settings.Get(tx)
	var listed []string
	for line := range strings.Lines(town.WhatToBring) {
		if line = strings.TrimSpace(line); line != "" {
			listed = append(listed, line)
		}
	}
	return append(listed, texts...), err
}

// Label is who may come, on the screen.
func (c Comer) Label() string {
	return map[Comer]string{Holder: "本人が来る", Guardian: "法定代理人と来る", Proxy: "代理人が来る"}[c]
}

// Known reports whether it is one of those who may come.
func (c Comer) Known() bool { return c == Holder || c == Guardian || c == Proxy }

// SetComer keeps who will come to a live booking, as the resident or staff say:
// it decides what to bring. reason is why a proxy comes, "" while none was said;
// with others it is left out. The audit log keeps that a reason was said, never
// which: it may be an illness, and what stands there is never taken away.
// Problems: NotFound, NotLive, ComerUnknown, ProxyReasonUnknown.
func SetComer(tx *store.Tx, by audit.Actor, ref store.Ref, who Comer, reason store.Ref) error {
	if !who.Known() {
		return ComerUnknown.On("comer")
	}
	v, err := ByRef(tx, ref)
	switch {
	case err != nil:
		return err
	case !v.Live():
		return NotLive
	}
	var why ProxyReason
	if who == Proxy {
		now, said, err := ReasonOf(tx, v.Booking)
		switch {
		case err != nil:
			return err
		case said && now.Ref == reason:
			why = now // it may have been retired since
		default:
			if why, err = accepted(tx, reason); err != nil {
				return err
			}
		}
	}
	if v.Comer == who && v.ProxyReasonID == why.ID {
		return nil
	}
	if _, err := tx.Exec(`UPDATE booking SET comer = ?, proxy_reason_id = nullif(?, 0) WHERE id = ?`, who, why.ID, v.ID); err != nil {
		return fmt.Errorf("set who comes: %w", err)
	}
	detail := audit.Detail{"comer": who}
	if why.ID != 0 {
		detail["reason"] = "said"
	}
	return audit.Record(tx, by, audit.ComerSet, v.Subject(), detail)
}

// SetBring replaces what a service asks to bring. Problems: ServiceNotFound,
// SetupStale; BringCondition and BringText on "bring.<line>", counted from 0.
func SetBring(tx *store.Tx, by audit.Actor, service store.Ref, version int, lines []Bring) error {
	s, err := ServiceByRef(tx, service)
	if err != nil {
		return err
	}
	var f faults
	for i, b := range lines {
		field := fmt.Sprintf("bring.%d", i)
		known, err := b.known(tx)
		if err != nil {
			return err
		}
		if !known {
			f.add(field, BringCondition)
		}
		lines[i].Text = f.text(field, b.Text, bringLength)
		if lines[i].Text == "" {
			f.add(field, BringText)
		}
	}
	if err := f.err(); err != nil {
		return err
	}
	if err := changed(tx.Exec(`UPDATE service SET version = version + 1 WHERE id = ? AND version = ?`, s.ID, version)); err != nil {
		return fmt.Errorf("set what to bring: %w", err)
	}
	if _, err := tx.Exec(`DELETE FROM bring WHERE service_id = ?`, s.ID); err != nil {
		return fmt.Errorf("clear what to bring: %w", err)
	}
	for i, b := range lines {
		if _, err := tx.Insert(`INSERT INTO bring (service_id, condition, value, text, position) VALUES (?, ?, ?, ?, ?)`,
			s.ID, b.Condition, b.Value, b.Text, i+1); err != nil {
			return fmt.Errorf("add what to bring: %w", err)
		}
	}
	return audit.Record(tx, by, audit.BringChanged, s.subject(), audit.Detail{"lines": len(lines)})
}

// standardBring is what towns ask for at each of the standard services.
func standardBring(code string) []Bring {
	identity := Bring{Always, "", "本人確認書類（運転免許証などは1点、健康保険の資格確認書や年金手帳などは2点）"}
	proxy := []Bring{
		{OfComer, string(Guardian), "法定代理人の本人確認書類と、資格を確かめられる書類（戸籍謄本など。本籍が町内なら不要）"},
		{OfComer, UnsaidProxy, "代理人が受け取れるのは、病気・けが・障害・妊娠、施設への入所、75歳以上、長期の出張や留学などで本人が来られないときだけです"},
		{OfComer, UnsaidProxy, "理由を確かめられる書類（診断書、障害者手帳、母子健康手帳、入所の証明、在学証明書など）"},
		{OfComer, string(Proxy), "代理人の本人確認書類（2点）と、委任状（交付通知書の委任状欄に本人が書いたもの）"},
		{OfComer, string(Proxy), "本人の顔写真付きの本人確認書類（写真付きがないときは、顔写真証明書）"},
	}
	current := Bring{Always, "", "マイナンバーカード"}
	switch code {
	case CardIssuanceCode:
		return append([]Bring{
			{Always, "", "交付通知書（はがき）"}, identity,
			{Always, "", "通知カード（お持ちのかた）"},
			{Always, "", "住民基本台帳カード・以前のマイナンバーカード（お持ちのかた）"},
			{OfIssueKind, string(card.Renewal), "いまのマイナンバーカード（お返しいただきます）"},
			{OfIssueKind, string(card.Reissue), "再交付の手数料（理由により無料）"},
			{OfAge, string(Under15), "15歳未満のかたは、法定代理人と一緒にお越しください"},
		}, proxy...)
	case CertificateRenewalCode:
		return append([]Bring{current, {Always, "", "有効期限のお知らせ（届いているかた）"}, {Always, "", "設定した暗証番号の控え"}}, proxy...)
	case PINResetCode:
		return append([]Bring{current, identity}, proxy...)
	case CardApplicationCode:
		return append([]Bring{identity, {Always, "", "申請書（届いているかた）"}}, proxy...)
	}
	return nil
}
