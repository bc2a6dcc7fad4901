package card

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"madoguchi/app/audit"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Problems of kinds of issue.
var (
	KindNotFound    = problem.Define(problem.NotFound, "issue_kind_not_found")
	KindUnknown     = problem.Define(problem.Invalid, "issue_kind_unknown")
	KindNameMissing = problem.Define(problem.Invalid, "issue_kind_name_missing")
	KindNameTaken   = problem.Define(problem.Invalid, "issue_kind_name_taken")
	KindStale       = problem.Define(problem.Conflict, "issue_kind_stale")
	KindStays       = problem.Define(problem.Conflict, "issue_kind_stays")
)

// The most characters of a kind's texts.
const (
	kindNameLength = 20
	kindTextLength = 200
)

// Kind is a kind of issue (交付区分) with what follows from it. The town may
// rename kinds, change what follows, and add its own.
type Kind struct {
	Code         IssueKind
	Name         string
	NeedsBooking bool   // the resident books a visit for it
	Renewal      bool   // counted as a renewal (更新) when lists are compared
	Fee          string // what the resident pays, in words; "" for nothing
	Wording      string // what staff tell the resident about it; "" for nothing
	Position     int
	RetiredAt    time.Time
	Version      int
}

// Retired reports whether the kind is offered no more; cards keep it.
func (k Kind) Retired() bool { return !k.RetiredAt.IsZero() }

func (k Kind) subject() audit.Subject {
	return audit.Subject{Kind: "issue_kind", Ref: store.Ref(k.Code)}
}

const kindColumns = `code, name, needs_booking, renewal, fee, wording, position, retired_at, version`

// Kinds lists the kinds in use, in the town's order.
func Kinds(tx *store.Tx) ([]Kind, error) {
	return store.All[Kind](tx, `SELECT `+kindColumns+` FROM issue_kind WHERE retired_at IS NULL ORDER BY position, code`)
}

// AllKinds lists every kind, those in use first.
func AllKinds(tx *store.Tx) ([]Kind, error) {
	return store.All[Kind](tx, `SELECT `+kindColumns+` FROM issue_kind ORDER BY retired_at IS NOT NULL, position, code`)
}

// KindOf finds a kind. Problem: KindNotFound.
func KindOf(tx *store.Tx, code IssueKind) (Kind, error) {
	k, err := store.One[Kind](tx, `SELECT `+kindColumns+` FROM issue_kind WHERE code = ?`, code)
	if errors.Is(err, store.ErrNotFound) {
		return k, KindNotFound
	}
	return k, err
}

// check trims the kind's texts and says what is wrong with them.
func (k *Kind) check() error {
	k.Name, k.Fee, k.Wording = strings.TrimSpace(k.Name), strings.TrimSpace(k.Fee), strings.TrimSpace(k.Wording)
	if k.Name == "" {
		return KindNameMissing.On("name")
	}
	for _, t := range []struct {
		field, text string
		most        int
	}{{"name", k.Name, kindNameLength}, {"fee", k.Fee, kindTextLength}, {"wording", k.Wording, kindTextLength}} {
		if utf8.RuneCountInString(t.text) > t.most {
			return TooLong.On(t.field).With("most", fmt.Sprint(t.most))
		}
	}
	return nil
}

// AddKind adds a kind at the end of those in use; its code is drawn. Problems:
// KindNameMissing, KindNameTaken and TooLong on their fields.
func AddKind(tx *store.Tx, by audit.Actor, k Kind) (Kind, error) {
	if err := k.check(); err != nil {
		return k, err
	}
	k.Code = IssueKind(store.NewRef())
	_, err := tx.Insert(`INSERT INTO issue_kind (code, name, needs_booking, renewal, fee, wording, position)
		VALUES (?, ?, ?, ?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM issue_kind WHERE code <> 'unknown'))`,
		k.Code, k.Name, k.NeedsBooking, k.Renewal, k.Fee, k.Wording)
	if err != nil {
		return k, fmt.Errorf("add kind of issue: %w", kindMeaning(err))
	}
	if err := audit.Record(tx, by, audit.KindAdded, k.subject(), nil); err != nil {
		return k, err
	}
	return KindOf(tx, k.Code)
}

// ChangeKind writes what a kind is called and what follows from it. k.Version
// is that of the page that was edited. Problems: as AddKind, and KindNotFound,
// KindStale, KindStays.
func ChangeKind(tx *store.Tx, by audit.Actor, k Kind, inUse bool) error {
	old, err := KindOf(tx, k.Code)
	if err != nil {
		return err
	}
	switch {
	case old.Version != k.Version:
		return KindStale
	case k.Code == UnknownIssue && !inUse:
		return KindStays
	}
	if err := k.check(); err != nil {
		return err
	}
	retired := old.RetiredAt
	if inUse {
		retired = time.Time{}
	} else if retired.IsZero() {
		retired = tx.Now
	}
	_, err = tx.Exec(`UPDATE issue_kind SET name = ?, needs_booking = ?, renewal = ?, fee = ?, wording = ?, retired_at = ?, version = version + 1
		WHERE code = ?`, k.Name, k.NeedsBooking, k.Renewal, k.Fee, k.Wording, retired, k.Code)
	if err != nil {
		return fmt.Errorf("change kind of issue: %w", kindMeaning(err))
	}
	return audit.Record(tx, by, audit.KindChanged, k.subject(), audit.Detail{
		"in_use": inUse, "needs_booking": k.NeedsBooking, "renewal": k.Renewal, "needed_booking": old.NeedsBooking, "was_renewal": old.Renewal})
}

func kindMeaning(err error) error {
	if store.Broke(err, store.Unique, "issue_kind.name") {
		return KindNameTaken.On("name")
	}
	return err
}

// CountOfKind counts the cards of a kind.
func CountOfKind(tx *store.Tx, code IssueKind) (int, error) {
	return store.One[int](tx, `SELECT count(*) FROM card WHERE issue_kind = ?`, code)
}
