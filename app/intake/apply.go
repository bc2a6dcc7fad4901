package intake

import (
	"errors"
	"fmt"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/app/qr"
	"madoguchi/store"
)

// Problems of places on a page that are not codes on record yet.
var (
	PartsLacking = problem.Define(problem.Invalid, "place_parts_lacking") // args: lacking, parts
	TwiceInFile  = problem.Define(problem.Conflict, "place_twice")        // args: page, number
)

// Plan is what would become of a place if it were applied now.
type Plan struct {
	card.ListCode
	// Reading is what the code says; empty where Problem says why it says nothing.
	Reading card.Reading
	// Problem says why it would not come on record; nil if it would.
	Problem *problem.Problem
	// Record is the card on record with the same code or number, if any.
	Record card.Record
	// KindName is what the town calls the kind of issue that the code says.
	KindName string
}

// Disputed reports that the two readers gave different values: a person has to
// look before it counts.
func (p Plan) Disputed() bool { return p.Agree == string(qr.Disagree) }

// Ready reports that the place would come on record.
func (p Plan) Ready() bool {
	return p.Role == card.WholeCode && p.Outcome == card.Undecided && p.Problem == nil
}

// Plans says what would become of each place of a file.
func Plans(tx *store.Tx, f card.ListFile) ([]Plan, error) {
	codes, err := card.ListCodes(tx, f.ID)
	if err != nil {
		return nil, err
	}
	_, profile, err := active(tx)
	if err != nil {
		return nil, err
	}
	seen := map[string]card.ListCode{}
	plans := make([]Plan, len(codes))
	for i, c := range codes {
		plans[i] = Plan{ListCode: c}
		if err := plans[i].fill(tx, profile, seen); err != nil {
			return nil, err
		}
	}
	return plans, nil
}

func (p *Plan) fill(tx *store.Tx, profile Profile, seen map[string]card.ListCode) error {
	if p.CardID != 0 {
		r, err := card.GetByID(tx, p.CardID)
		p.Record = r
		return err
	}
	if p.Role != card.WholeCode || p.Outcome != card.Undecided {
		return nil
	}
	if p.Payload == nil {
		p.Problem = PartsLacking.With("lacking", fmt.Sprint(p.Lacking)).With("parts", fmt.Sprint(p.Parts))
		return nil
	}
	payload, err := clean(pictureText(profile, string(p.Payload), p.Raw))
	if err == nil {
		p.Reading, err = interpret(tx, profile, payload)
	}
	var refused bool
	if p.Problem, refused = problem.As(err); refused || err != nil {
		if refused {
			return nil
		}
		return err
	}
	kind, err := card.KindOf(tx, p.Reading.Card.IssueKind)
	if errors.Is(err, card.KindNotFound) {
		p.Problem = card.KindUnknown
		return nil
	}
	if err != nil {
		return err
	}
	p.KindName = kind.Name
	if before, twice := seen[payload]; twice {
		p.Problem = TwiceInFile.With("page", fmt.Sprint(before.Page)).With("number", fmt.Sprint(before.Number))
		return nil
	}
	seen[payload] = p.ListCode
	r, info, err := card.ReadBefore(tx, p.Reading.Payload, p.Reading.Card)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	p.Record = r
	p.Problem = sayBefore(r, info, p.Reading)
	return nil
}

// pictureText is what a code's bytes say by the profile.
func pictureText(p Profile, text string, raw []byte) string {
	if raw == nil || p.Charset == AnyCharset {
		return text
	}
	text, _ = decode(p.Charset, raw)
	return text
}

// Applied counts what became of the places of a file.
type Applied struct{ Registered, Before, Refused, Left int }

// Apply puts the codes of a file on record, those that the readers dispute only
// where a person has looked (looked, by page and number). What cannot come on
// record says so at its place and does not hold up the others. Problems:
// card.ListFileNotFound, card.ListFileStale, card.ListFileBusy, card.BatchClosed.
func Apply(tx *store.Tx, by audit.Actor, ref store.Ref, version int, looked map[[2]int]bool) (Applied, error) {
	var done Applied
	f, err := card.ListFileByRef(tx, ref)
	switch {
	case err != nil:
		return done, err
	case f.Version != version:
		return done, card.ListFileStale
	case f.State != card.ListRead:
		return done, card.ListFileBusy
	}
	codes, err := card.ListCodes(tx, f.ID)
	if err != nil {
		return done, err
	}
	for _, c := range codes {
		if c.Role != card.WholeCode || c.Outcome != card.Undecided || c.Payload == nil ||
			c.Agree == string(qr.Disagree) && !looked[[2]int{c.Page, c.Number}] {
			if c.Outcome == card.Undecided && c.Role != card.PartCode {
				done.Left++
			}
			continue
		}
		result, err := Take(tx, by, Scan{Payload: string(c.Payload), Raw: c.Raw, Way: card.ByPicture, Batch: f.BatchRef})
		as := card.WasRegistered
		why, expected := problem.As(err)
		switch {
		case err == nil:
			done.Registered++
		case WasReadBefore(err):
			done.Before++
			as = card.WasBefore
		case expected && why.Kind == problem.Invalid:
			done.Refused++
			as = card.WasUnregistered
		default:
			return done, err
		}
		if err := card.SettleListCode(tx, by, f, c, as, result.Record.Card.ID); err != nil {
			return done, err
		}
	}
	return done, audit.Record(tx, by, audit.ListApplied, audit.Subject{Kind: "list_file", Ref: f.Ref}, audit.Detail{
		"registered": done.Registered, "before": done.Before, "refused": done.Refused, "left": done.Left})
}

// TypePlace puts what a person typed from a place of a page on record.
// Problems: as RegisterTyped; card.ListFileNotFound, card.ListCodeNotFound,
// card.ListCodeSettled.
func TypePlace(tx *store.Tx, by audit.Actor, ref store.Ref, page, number int, t Typed) (card.Record, error) {
	f, err := card.ListFileByRef(tx, ref)
	if err != nil {
		return card.Record{}, err
	}
	c, err := card.ListCodeOf(tx, f.ID, page, number)
	if err != nil {
		return card.Record{}, err
	}
	if c.Outcome == card.WasRegistered || c.Outcome == card.WasTyped {
		return card.Record{}, card.ListCodeSettled
	}
	t.Batch = f.BatchRef
	r, err := RegisterTyped(tx, by, t)
	if err != nil {
		return r, err
	}
	return r, card.SettleListCode(tx, by, f, c, card.WasTyped, r.Card.ID)
}

// NoCode notes that a person sees no code at a place.
func NoCode(tx *store.Tx, by audit.Actor, ref store.Ref, page, number int) error {
	f, err := card.ListFileByRef(tx, ref)
	if err != nil {
		return err
	}
	c, err := card.ListCodeOf(tx, f.ID, page, number)
	if err != nil {
		return err
	}
	return card.SettleListCode(tx, by, f, c, card.WasNoCode, 0)
}
