// Package intake takes in what others hand over: today the codes of the
// recipient list (交付対象者一覧). Promises: a code is taken in once, also when
// two people read it at once (the schema refuses); what came is kept as it came;
// a payload with a 個人番号 is refused and kept nowhere.
package intake

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// Problems of ReadPayload, all on the field "payload".
var (
	Empty        = problem.Define(problem.Invalid, "payload_empty")
	TypedWithIME = problem.Define(problem.Invalid, "payload_typed_with_ime")
	// ReadBefore has the args at, by, notice_number, and differs: "1" when this
	// code says something else than what is on record.
	ReadBefore        = problem.Define(problem.Conflict, "payload_read_before")
	ReadBeforeInBatch = problem.Define(problem.Conflict, "payload_read_before_in_batch") // and batch
	Unreadable        = problem.Define(problem.Invalid, "payload_unreadable")            // arg: field
	TooShort          = problem.Define(problem.Invalid, "payload_too_short")
	TooLong           = problem.Define(problem.Invalid, "payload_too_long")
	HoldsMyNumber     = problem.Define(problem.Invalid, "payload_holds_my_number")
	ForeignTown       = problem.Define(problem.Invalid, "payload_foreign_town")

	PositionTooLong = card.ShelfTooLong
)

// mostBytes is more than the largest QR code holds (2,953 bytes, JIS X 0510
// version 40-L), times 16 for a code in several symbols.
const mostBytes = 16 * 2953

// positionLength is the most characters of a shelf's or box's name.
const positionLength = card.ShelfLength

// WasReadBefore reports whether err says that a code is on record already.
func WasReadBefore(err error) bool {
	return errors.Is(err, ReadBefore) || errors.Is(err, ReadBeforeInBatch)
}

// Scan is one code as it was read.
type Scan struct {
	// Payload is the code's text: what a keyboard-type scanner typed, or what the
	// bytes of a picture's code say.
	Payload string
	// Raw are the code's bytes where the way knows them.
	Raw []byte
	Way card.Way // "" means card.ByScanner
	// Batch is the delivery that the card came with; "" for none.
	Batch store.Ref
	// Position is the shelf or box into which the card goes; "" for none.
	Position string
}

// Result is what became of one scan: a card on record, or a part of a code
// whose other parts are still to come.
type Result struct {
	Record  card.Record
	Waiting *Waiting
}

// ReadPayload registers the card that one code of the list describes, outside
// any delivery. Problems: as Take.
func ReadPayload(tx *store.Tx, by audit.Actor, payload string) (card.Record, error) {
	result, err := Take(tx, by, Scan{Payload: payload})
	return result.Record, err
}

// Take registers the card that one code of the list describes. Ends of line and
// tabs around the payload do not count, full-width letters and digits are taken
// for what they mean. Problems on "payload": those of this package; of the
// batch: BatchNotFound, card.BatchClosed; PositionTooLong on "position".
func Take(tx *store.Tx, by audit.Actor, s Scan) (Result, error) {
	if utf8.RuneCountInString(s.Position) > positionLength {
		return Result{}, PositionTooLong.On("position").With("most", fmt.Sprint(positionLength))
	}
	if holdsMyNumber(s.Position) {
		return Result{}, HoldsMyNumber.On("position")
	}
	var batchID int64
	if s.Batch != "" {
		b, err := BatchByRef(tx, s.Batch)
		if err != nil {
			return Result{}, err
		}
		batchID = b.ID
	}
	profileID, profile, err := active(tx)
	if err != nil {
		return Result{}, err
	}
	payload, err := clean(pictureText(profile, s.Payload, s.Raw))
	if err != nil {
		return Result{}, err
	}
	if part, ok := profile.part(payload); ok && s.Way != card.ByPicture {
		whole, waiting, err := keepPart(tx, by, part)
		if err != nil || waiting != nil {
			return Result{Waiting: waiting}, err
		}
		payload = whole
	}
	reading, err := interpret(tx, profile, payload)
	if err != nil {
		return Result{}, err
	}
	reading.ProfileID, reading.BatchID, reading.Way, reading.Raw, reading.Position = profileID, batchID, s.Way, s.Raw, s.Position
	r, err := card.Register(tx, by, reading)
	if errors.Is(err, card.Registered) {
		r, err = readBefore(tx, reading)
	}
	return Result{Record: r}, err
}

// clean takes off what scanners add around a payload and refuses what must not
// be looked at any further.
func clean(payload string) (string, error) {
	payload = strings.Trim(payload, " \t\r\n\u3000\ufeff")
	switch {
	case payload == "":
		return "", Empty.On("payload")
	case len(payload) > mostBytes:
		return "", TooLong.On("payload")
	case holdsMyNumber(payload):
		return "", HoldsMyNumber.On("payload")
	}
	return payload, nil
}

// interpret takes a clean payload apart and checks that it is this town's.
func interpret(tx *store.Tx, profile Profile, payload string) (card.Reading, error) {
	reading, err := takeApart(profile, payload)
	if err != nil {
		return reading.Reading, err
	}
	town, err := settings.Get(tx)
	if err != nil {
		return reading.Reading, err
	}
	if code := reading.municipality; code != "" && !sameTown(code, town.MunicipalityCode) {
		return reading.Reading, ForeignTown.On("payload").With("code", code)
	}
	return reading.Reading, nil
}

func readBefore(tx *store.Tx, reading card.Reading) (card.Record, error) {
	r, info, err := card.ReadBefore(tx, reading.Payload, reading.Card)
	if err != nil {
		return r, err
	}
	return r, sayBefore(r, info, reading)
}

// sayBefore says when, by whom and with which delivery a card came on record.
func sayBefore(r card.Record, info card.ReadInfo, reading card.Reading) *problem.Problem {
	why := ReadBefore
	if info.BatchRef != "" {
		why = ReadBeforeInBatch.With("batch", BatchName(info.ArrivedOn, info.BatchNumber))
	}
	differs := ""
	if len(card.Differences(r, reading)) > 0 {
		differs = "1"
	}
	at := info.ReadAt.In(jp.Tokyo)
	return why.On("payload").With("at", jp.DateOf(at).Short()+at.Format(" 15:04")).
		With("by", info.ReadBy).With("notice_number", r.NoticeNumber.String()).With("differs", differs)
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
	if _, err := card.ParseNoticeNumber(values[NoticeNumber]); err != nil && jp.TypedWithIME(values[NoticeNumber]) {
		return parsed{}, TypedWithIME.On("payload")
	}
	if !ok {
		return parsed{}, TooShort.On("payload")
	}
	return assemble(p, payload, values)
}

// assemble makes a reading of what a payload's fields say.
func assemble(p Profile, payload string, values map[FieldName]string) (parsed, error) {
	number, err := card.ParseNoticeNumber(values[NoticeNumber])
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
