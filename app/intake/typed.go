package intake

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Problems of what is typed from a list, each on its field.
var (
	TypedNameMissing   = problem.Define(problem.Invalid, "typed_name_missing")
	TypedApplicationID = problem.Define(problem.Invalid, "typed_application_id")
	TypedBirth         = problem.Define(problem.Invalid, "typed_birth")
	TypedDate          = problem.Define(problem.Invalid, "typed_date")
	TypedKind          = problem.Define(problem.Invalid, "typed_kind")
	TypedTooLong       = problem.Define(problem.Invalid, "typed_too_long")
)

// The most characters of what is typed.
const (
	typedNameLength    = 100
	typedAddressLength = 200
)

// Typed is one line of a list whose code cannot be read, as people write it
// (手入力).
type Typed struct {
	NoticeNumber, ApplicationID, Kind, Name, KanaName, Birth, PostalCode, Address, MadeOn, ExpiresOn string

	Way      card.Way // card.ByHand or card.ByCSV; "" means ByHand
	Batch    store.Ref
	Position string
}

// reading reads what was typed; wrong names every field that cannot be read.
func (t Typed) reading(tx *store.Tx) (card.Reading, error) {
	var wrong *problem.Problem
	fail := func(p *problem.Problem, field string) {
		if wrong == nil {
			wrong = p.On(field)
			return
		}
		wrong.Fields[field] = p.Code
	}
	out := card.Reading{Way: t.Way, Position: strings.TrimSpace(t.Position)}
	if out.Way == "" {
		out.Way = card.ByHand
	}
	var err error
	if out.Card.NoticeNumber, err = card.ParseNoticeNumber(t.NoticeNumber); err != nil {
		fail(card.ErrNoticeNumber, "notice_number")
	}
	if t.ApplicationID != "" {
		if out.Card.ApplicationID = jp.Digits(jp.Narrow(t.ApplicationID)); len(out.Card.ApplicationID) != 23 {
			fail(TypedApplicationID, "application_id")
		}
	}
	out.Card.IssueKind = card.IssueKind(t.Kind)
	if kind, err := card.KindOf(tx, out.Card.IssueKind); errors.Is(err, card.KindNotFound) || err == nil && kind.Retired() {
		fail(TypedKind, "issue_kind")
	} else if err != nil {
		return out, err
	}
	out.Recipient = card.Recipient{Name: strings.TrimSpace(t.Name), KanaName: strings.TrimSpace(t.KanaName), Address: strings.TrimSpace(t.Address)}
	if out.Recipient.Name == "" {
		fail(TypedNameMissing, "name")
	}
	if t.Birth != "" {
		if out.Recipient.Birth, err = jp.ParseBirthDate(t.Birth); err != nil {
			fail(TypedBirth, "birth")
		}
	}
	if t.PostalCode != "" {
		if out.Recipient.PostalCode, err = jp.ParsePostalCode(t.PostalCode); err != nil {
			fail(card.BadPostalCode, "postal_code")
		}
	}
	if out.Card.MadeOn, err = day(t.MadeOn); err != nil {
		fail(TypedDate, "made_on")
	}
	if out.Card.ExpiresOn, err = day(t.ExpiresOn); err != nil {
		fail(TypedDate, "expires_on")
	}
	t.checkTexts(out, fail)
	if wrong != nil {
		return out, wrong
	}
	return out, nil
}

func (t Typed) checkTexts(out card.Reading, fail func(*problem.Problem, string)) {
	for _, c := range []struct {
		field, text string
		most        int
	}{
		{"name", out.Recipient.Name, typedNameLength}, {"kana_name", out.Recipient.KanaName, typedNameLength},
		{"address", out.Recipient.Address, typedAddressLength}, {"position", out.Position, positionLength},
	} {
		if utf8.RuneCountInString(c.text) > c.most {
			fail(TypedTooLong.With("most", fmt.Sprint(c.most)), c.field)
		}
		if holdsMyNumber(c.text) {
			fail(HoldsMyNumber, c.field)
		}
	}
}

// RegisterTyped puts a card on record from what was typed. Problems on their
// fields: those above, card.ErrNoticeNumber, card.BadPostalCode, HoldsMyNumber;
// ReadBefore on "notice_number"; BatchNotFound, card.BatchClosed.
func RegisterTyped(tx *store.Tx, by audit.Actor, t Typed) (card.Record, error) {
	reading, err := t.reading(tx)
	if err != nil {
		return card.Record{}, err
	}
	if t.Batch != "" {
		b, err := BatchByRef(tx, t.Batch)
		if err != nil {
			return card.Record{}, err
		}
		reading.BatchID = b.ID
	}
	r, err := card.Register(tx, by, reading)
	if !errors.Is(err, card.Registered) {
		return r, err
	}
	r, err = readBefore(tx, reading)
	if p, ok := problem.As(err); ok {
		p.Fields = map[string]string{"notice_number": p.Code}
		return r, p
	}
	return r, err
}
