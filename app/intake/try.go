package intake

import (
	"fmt"
	"slices"
	"strings"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// trialRows is how many payloads of a trial are listed one by one.
const trialRows = 50

// Trial is what a profile would make of every payload on record, compared with
// the profile in use (試し読み).
type Trial struct {
	Total  int // payloads on record
	Same   int // both say the same
	Differ int // both can read it, and say different things
	Lost   int // only the profile in use can read it
	Gained int // only the new one can
	Failed int // neither can
	Rows   []TrialRow
	// Stamp names what was tried against, so that a switch can tell that nothing
	// has come in between.
	Stamp string
}

// TrialRow is one payload on which the two differ.
type TrialRow struct {
	Card    store.Ref
	Changes []card.Change // where both can read it
	// Why is what the one that cannot read it says; nil where both can.
	Why  *problem.Problem
	Lost bool
}

type kept struct {
	Ref     store.Ref
	Payload []byte
	Raw     []byte
}

// text is what a stored code says by a profile's charset.
func (k kept) text(p Profile) string {
	if k.Raw == nil || p.Charset == AnyCharset {
		return string(k.Payload)
	}
	text, _ := decode(p.Charset, k.Raw)
	return text
}

// Try takes every payload on record apart with a profile and compares.
func Try(tx *store.Tx, p Profile) (Trial, error) {
	var t Trial
	inUse, now, err := active(tx)
	if err != nil {
		return t, err
	}
	all, err := store.All[kept](tx, `SELECT card.ref, reading.payload, reading.raw FROM reading JOIN card ON card.id = reading.card_id
		WHERE reading.payload IS NOT NULL ORDER BY reading.id`)
	if err != nil {
		return t, err
	}
	t.Total = len(all)
	for _, k := range all {
		before, failedBefore := takeApart(now, k.text(now))
		after, failedAfter := takeApart(p, k.text(p))
		row := TrialRow{Card: k.Ref}
		switch {
		case failedBefore != nil && failedAfter != nil:
			t.Failed++
			continue
		case failedAfter != nil:
			t.Lost++
			row.Lost = true
			row.Why, _ = problem.As(failedAfter)
		case failedBefore != nil:
			t.Gained++
			row.Why, _ = problem.As(failedBefore)
		default:
			if row.Changes = changes(before.Reading, after.Reading); len(row.Changes) == 0 {
				t.Same++
				continue
			}
			t.Differ++
		}
		if len(t.Rows) < trialRows {
			t.Rows = append(t.Rows, row)
		}
	}
	t.Stamp = fmt.Sprintf("%d-%d-%d-%d-%d", inUse, t.Total, t.Same, t.Differ, t.Lost)
	return t, nil
}

// changes lists where two readings of one payload differ, what one of them
// leaves empty too.
func changes(before, after card.Reading) []card.Change {
	var all []card.Change
	now := before.Says()
	for i, said := range after.Says() {
		if said.Text != now[i].Text {
			all = append(all, card.Change{Field: said.Field, Now: now[i].Text, New: said.Text})
		}
	}
	return all
}

// Reread is a card whose code, read again with the profile in use, says
// something else than the record (再読込).
type Reread struct {
	Record  card.Record
	Changes []card.Change
	// ByHand says that someone has corrected the record since.
	ByHand bool
}

// Rereadings lists the cards that are not issued and whose code says something
// else than their record; at most limit, and whether there are more.
func Rereadings(tx *store.Tx, limit int) (all []Reread, more bool, err error) {
	_, p, err := active(tx)
	if err != nil {
		return nil, false, err
	}
	readings, err := store.All[kept](tx, latestPayloads)
	if err != nil {
		return nil, false, err
	}
	for _, k := range readings {
		reading, err := takeApart(p, k.text(p))
		if err != nil {
			continue // the trial before the switch has told
		}
		r, err := card.Get(tx, k.Ref)
		if err != nil {
			return nil, false, err
		}
		differ := card.Differences(r, reading.Reading)
		if len(differ) == 0 {
			continue
		}
		if len(all) == limit {
			return all, true, nil
		}
		all = append(all, Reread{Record: r, Changes: differ, ByHand: r.PersonVersion > 1})
	}
	return all, false, nil
}

// latestPayloads are the newest payloads of the cards that are not issued.
const latestPayloads = `SELECT card.ref, reading.payload, reading.raw FROM card JOIN reading ON reading.id =
	(SELECT max(id) FROM reading WHERE card_id = card.id AND payload IS NOT NULL) WHERE card.issued_at IS NULL ORDER BY card.id`

// ApplyReread writes into a card's record what its code says by the profile in
// use. Problems: as card.Correct.
func ApplyReread(tx *store.Tx, by audit.Actor, ref store.Ref, seen card.Versions) error {
	_, p, err := active(tx)
	if err != nil {
		return err
	}
	k, err := store.One[kept](tx, `SELECT card.ref, reading.payload, reading.raw FROM card JOIN reading ON reading.card_id = card.id
		WHERE card.ref = ? AND reading.payload IS NOT NULL ORDER BY reading.id DESC LIMIT 1`, ref)
	if err != nil {
		return err
	}
	reading, err := takeApart(p, k.text(p))
	if err != nil {
		return err
	}
	_, err = card.Correct(tx, by, ref, seen, reading.Reading)
	return err
}

// Sample is a payload taken apart for the eyes of whoever edits a profile.
type Sample struct {
	Pieces []Piece
	Values []SampleValue
	// Problem says why the payload could not be read as a whole; nil if it could.
	Problem *problem.Problem
	Part    *Part // the sample is one symbol of several
}

// Piece is a part of the payload: a field between separators, a group, or a
// stretch of fixed width.
type Piece struct {
	At   int
	Text string
	As   []FieldName // what the profile takes it for; none: nothing
}

// SampleValue is what one field of the profile comes to.
type SampleValue struct {
	Field FieldName
	Raw   string // as cut and stripped
	Means string // as it would be kept; "" when it cannot be read
	OK    bool
}

// Show takes a sample apart with a profile that may still be unfinished. Error:
// ErrProfile with the problem when nothing can be said at all.
func Show(p Profile, payload string) (Sample, error) {
	if err := p.check(); err != nil {
		return Sample{}, err
	}
	var s Sample
	payload, err := clean(payload)
	if err == nil {
		if part, ok := p.part(payload); ok {
			s.Part, payload = &part, part.Payload
		}
		s.Pieces = p.explain(payload)
		values, _ := p.cut(payload)
		_, err = takeApart(p, payload)
		for _, f := range p.Fields {
			v := SampleValue{Field: f.As, Raw: values[f.As]}
			v.Means, v.OK = p.means(f.As, v.Raw)
			s.Values = append(s.Values, v)
		}
	}
	s.Problem, _ = problem.As(err)
	return s, nil
}

// means is what one value would be kept as.
func (p Profile) means(f FieldName, raw string) (string, bool) {
	values := map[FieldName]string{NoticeNumber: "AAA000000"}
	values[f] = raw
	out, err := assemble(p, "", values)
	if err != nil {
		return "", false
	}
	if f == Municipality {
		return out.municipality, true
	}
	for _, said := range out.Says() {
		if said.Field == string(f) {
			return said.Text, true
		}
	}
	return "", true
}

// explain cuts a payload into the pieces that a person would see.
func (p Profile) explain(payload string) []Piece {
	parts, _ := p.pieces(payload)
	if p.Split == ByWidth {
		return p.explainWidths(parts)
	}
	var all []Piece
	for i, text := range parts {
		piece := Piece{At: i + 1, Text: text}
		for _, f := range p.Fields {
			if p.Split == ByKey && keyOf(text, p.Equals) == f.Key || p.Split != ByKey && f.At == i+1 {
				piece.As = append(piece.As, f.As)
			}
		}
		all = append(all, piece)
	}
	return all
}

func keyOf(pair, equals string) string {
	key, _, _ := strings.Cut(pair, equals)
	return strings.TrimSpace(key)
}

// explainWidths shows what stands in each field's place, and between them.
func (p Profile) explainWidths(units []string) []Piece {
	taken := make([]bool, len(units))
	var all []Piece
	for _, f := range p.Fields {
		from, to := min(f.At-1, len(units)), min(f.At-1+f.Length, len(units))
		piece := Piece{At: f.At, As: []FieldName{f.As}}
		for i := from; i < to; i++ {
			piece.Text += units[i]
			taken[i] = true
		}
		all = append(all, piece)
	}
	for i := 0; i < len(units); i++ {
		if taken[i] {
			continue
		}
		piece := Piece{At: i + 1}
		for ; i < len(units) && !taken[i]; i++ {
			piece.Text += units[i]
		}
		all = append(all, piece)
	}
	slices.SortStableFunc(all, func(a, b Piece) int { return a.At - b.At })
	return all
}

// NewestPayload is the code that was read last, as a sample; "" when there is
// none.
func NewestPayload(tx *store.Tx) (string, error) {
	payloads, err := store.All[[]byte](tx, `SELECT payload FROM reading WHERE payload IS NOT NULL ORDER BY id DESC LIMIT 1`)
	if err != nil || len(payloads) == 0 {
		return "", err
	}
	return string(payloads[0]), nil
}
