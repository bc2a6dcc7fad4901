// Package intake takes in what others hand over: today the codes of the
// recipient list (交付対象者一覧). Promises: a code is taken in once, also when
// two people read it at once (the schema refuses); what came is kept as it came;
// a payload with a 個人番号 is refused and kept nowhere.
package intake

import (
	"errors"
	"strings"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// Problems of ReadPayload, all on the field "payload".
var (
	Empty         = problem.Define(problem.Invalid, "payload_empty")
	TypedWithIME  = problem.Define(problem.Invalid, "payload_typed_with_ime")
	ReadBefore    = problem.Define(problem.Conflict, "payload_read_before") // args: at, by, notice_number
	Unreadable    = problem.Define(problem.Invalid, "payload_unreadable")   // arg: field
	TooShort      = problem.Define(problem.Invalid, "payload_too_short")
	TooLong       = problem.Define(problem.Invalid, "payload_too_long")
	HoldsMyNumber = problem.Define(problem.Invalid, "payload_holds_my_number")
	ForeignTown   = problem.Define(problem.Invalid, "payload_foreign_town")
)

// mostBytes is more than the largest QR code holds (2,953 bytes, JIS X 0510
// version 40-L), times 16 for a code in several symbols.
const mostBytes = 16 * 2953

// ReadPayload registers the card that one code of the list describes. The
// payload is what a keyboard-type scanner typed: ends of line and tabs around
// it do not count, full-width letters and digits are taken for what they mean.
func ReadPayload(tx *store.Tx, by audit.Actor, payload string) (card.Record, error) {
	payload = strings.Trim(payload, " \t\r\n\u3000\ufeff")
	switch {
	case payload == "":
		return card.Record{}, Empty.On("payload")
	case len(payload) > mostBytes:
		return card.Record{}, TooLong.On("payload")
	case holdsMyNumber(payload):
		return card.Record{}, HoldsMyNumber.On("payload")
	}
	profileID, profile, err := active(tx)
	if err != nil {
		return card.Record{}, err
	}
	reading, err := takeApart(profile, payload)
	if err != nil {
		return card.Record{}, err
	}
	town, err := settings.Get(tx)
	if err != nil {
		return card.Record{}, err
	}
	if code := reading.municipality; code != "" && !sameTown(code, town.MunicipalityCode) {
		return card.Record{}, ForeignTown.On("payload").With("code", code)
	}
	reading.ProfileID = profileID
	r, err := card.Register(tx, by, reading.Reading)
	if errors.Is(err, card.Registered) {
		return readBefore(tx, reading)
	}
	return r, err
}

func readBefore(tx *store.Tx, reading parsed) (card.Record, error) {
	r, info, err := card.ReadBefore(tx, reading.Payload, reading.Card)
	if err != nil {
		return r, err
	}
	at := info.ReadAt.In(jp.Tokyo)
	return r, ReadBefore.On("payload").With("at", jp.DateOf(at).Short()+at.Format(" 15:04")).
		With("by", info.ReadBy).With("notice_number", r.NoticeNumber.String())
}

// sameTown compares municipality codes, which come with five digits or with a
// check digit as the sixth. A town without a code of its own takes any.
func sameTown(got, own string) bool {
	return own == "" || len(got) >= 5 && len(own) >= 5 && got[:5] == own[:5]
}

// parsed is a payload taken apart.
type parsed struct {
	card.Reading
	municipality string
}

func takeApart(p Profile, payload string) (parsed, error) {
	values, ok := p.cut(payload)
	if !ok {
		// A scanner driver may have typed full-width separators.
		if folded, again := p.cut(halfWidth(payload)); again {
			values, ok = folded, true
		}
	}
	number, err := card.ParseNoticeNumber(values[NoticeNumber])
	if err != nil && jp.TypedWithIME(values[NoticeNumber]) {
		return parsed{}, TypedWithIME.On("payload")
	}
	if !ok {
		return parsed{}, TooShort.On("payload")
	}
	if err != nil {
		return parsed{}, unreadable(NoticeNumber)
	}
	out := parsed{Reading: card.Reading{Payload: []byte(payload)}, municipality: jp.Digits(values[Municipality])}
	out.Card.NoticeNumber = number
	out.Card.IssueKind = p.kind(values[KindOfIssue])
	out.Recipient.Name, out.Recipient.KanaName = values[Name], values[KanaName]
	out.Recipient.Address = values[Address]
	if id := jp.Digits(values[ApplicationID]); values[ApplicationID] != "" {
		if len(id) != 23 {
			return parsed{}, unreadable(ApplicationID)
		}
		out.Card.ApplicationID = id
	}
	if v := values[Birth]; v != "" {
		if out.Recipient.Birth, err = jp.ParseBirthDate(v); err != nil {
			return parsed{}, unreadable(Birth)
		}
	}
	if v := values[PostalCode]; v != "" {
		if out.Recipient.PostalCode, err = jp.ParsePostalCode(v); err != nil {
			return parsed{}, unreadable(PostalCode)
		}
	}
	if out.Card.MadeOn, err = day(values[MadeOn]); err != nil {
		return parsed{}, unreadable(MadeOn)
	}
	if out.Card.ExpiresOn, err = day(values[ExpiresOn]); err != nil {
		return parsed{}, unreadable(ExpiresOn)
	}
	return out, nil
}

// halfWidth turns full-width letters, digits and marks into ASCII and leaves
// all else, names above all, as it came.
func halfWidth(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			return r - '！' + '!'
		}
		return r
	}, s)
}

func unreadable(f FieldName) error { return Unreadable.On("payload").With("field", fieldLabels[f]) }

func (p Profile) kind(code string) card.IssueKind {
	if kind, ok := p.IssueKinds[jp.Narrow(code)]; ok {
		return kind
	}
	return card.UnknownIssue
}

// day reads a date in any of the forms that ParseBirthDate knows; empty is none.
func day(s string) (jp.Date, error) {
	if s == "" {
		return jp.Date{}, nil
	}
	b, err := jp.ParseBirthDate(s)
	if err != nil {
		return jp.Date{}, err
	}
	d, ok := b.Date()
	if !ok {
		return jp.Date{}, jp.ErrDate
	}
	return d, nil
}

// holdsMyNumber reports whether a payload carries a 12-digit 個人番号: twelve
// digits on their own, plain or in groups of four, whose last is the check
// digit of the rule in 行政手続における特定の個人を識別するための番号の利用等に
// 関する法律施行令 and the ministry's ordinance (番号省令 第五条).
func holdsMyNumber(payload string) bool {
	run := make([]byte, 0, 24)
	narrow := jp.Narrow(payload)
	for i := 0; i <= len(narrow); i++ {
		if i < len(narrow) {
			if c := narrow[i]; c >= '0' && c <= '9' {
				run = append(run, c)
				continue
			} else if (c == ' ' || c == '-') && len(run) > 0 && len(run)%4 == 0 {
				continue
			}
		}
		if len(run) == 12 && myNumberChecks(run) {
			return true
		}
		run = run[:0]
	}
	return false
}

func myNumberChecks(digits []byte) bool {
	sum := 0
	for n := 1; n <= 11; n++ { // n counts from the right, the check digit left out
		q := n + 1
		if n > 6 {
			q = n - 5
		}
		sum += int(digits[11-n]-'0') * q
	}
	check := 0
	if r := sum % 11; r > 1 {
		check = 11 - r
	}
	return int(digits[11]-'0') == check
}

// Recent lists what a member of staff (0 = everyone) has read since an
// instant, newest first.
func Recent(tx *store.Tx, staffID int64, since time.Time, limit int) ([]card.RecentReading, error) {
	return card.RecentReadings(tx, staffID, since, limit)
}

// CountToday counts what a member of staff (0 = everyone) has read today.
func CountToday(tx *store.Tx, staffID int64) (int, error) {
	return card.CountReadings(tx, staffID, jp.DateOf(tx.Now).At(0))
}
