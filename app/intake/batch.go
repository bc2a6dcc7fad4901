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
	"madoguchi/store"
)

// Problems of batches.
var (
	BatchNotFound  = problem.Define(problem.NotFound, "batch_not_found")
	BatchStale     = problem.Define(problem.Conflict, "batch_stale")
	BatchDay       = problem.Define(problem.Invalid, "batch_day")
	BatchVenue     = problem.Define(problem.Invalid, "batch_venue")
	BatchExpected  = problem.Define(problem.Invalid, "batch_expected")
	RemarksTooLong = problem.Define(problem.Invalid, "batch_remarks_too_long")
	BatchUnread    = problem.Define(problem.Conflict, "batch_pictures_unsettled")
)

const (
	expectedMost  = 100000
	remarksLength = 200
)

// Batch is a delivery (便): a box of cards with its printed recipient list.
type Batch struct {
	ID        int64
	Ref       store.Ref
	ArrivedOn jp.Date
	Number    int // of that day's deliveries, from 1
	VenueID   int64
	Venue     string
	VenueRef  store.Ref
	Expected  int // 0 while nobody knows
	Remarks   string
	OpenedAt  time.Time
	OpenedBy  string
	ClosedAt  time.Time
	ClosedBy  string
	Version   int
	// Read is how many cards came on record with it.
	Read int
}

// Closed reports whether nothing more is read into the batch.
func (b Batch) Closed() bool { return !b.ClosedAt.IsZero() }

// Name is what staff call the batch, such as 12月1日（火）着 第1便.
func (b Batch) Name() string { return BatchName(b.ArrivedOn, b.Number) }

// BatchName is the name of the batch that arrived on that day as its nth.
func BatchName(arrived jp.Date, n int) string {
	return fmt.Sprintf("%s着 第%d便", arrived.Short(), n)
}

func (b Batch) subject() audit.Subject { return audit.Subject{Kind: "batch", Ref: b.Ref} }

const selectBatch = `SELECT batch.id, batch.ref, batch.arrived_on, batch.number, batch.venue_id, venue.name AS venue, venue.ref AS venue_ref,
	batch.expected, batch.remarks, batch.opened_at, opener.name AS opened_by, batch.closed_at, closer.name AS closed_by, batch.version,
	(SELECT count(*) FROM reading WHERE batch_id = batch.id AND way <> 'correction') AS read
	FROM batch JOIN venue ON venue.id = batch.venue_id JOIN staff AS opener ON opener.id = batch.opened_by
	LEFT JOIN staff AS closer ON closer.id = batch.closed_by `

// BatchByRef finds a batch. Problem: BatchNotFound.
func BatchByRef(tx *store.Tx, ref store.Ref) (Batch, error) {
	b, err := store.One[Batch](tx, selectBatch+`WHERE batch.ref = ?`, ref)
	if errors.Is(err, store.ErrNotFound) {
		return b, BatchNotFound
	}
	return b, err
}

// BatchByID finds a batch. Problem: BatchNotFound.
func BatchByID(tx *store.Tx, id int64) (Batch, error) {
	b, err := store.One[Batch](tx, selectBatch+`WHERE batch.id = ?`, id)
	if errors.Is(err, store.ErrNotFound) {
		return b, BatchNotFound
	}
	return b, err
}

// Batches lists the newest batches, open ones first.
func Batches(tx *store.Tx, limit int) ([]Batch, error) {
	return store.All[Batch](tx, selectBatch+`ORDER BY batch.closed_at IS NOT NULL, batch.arrived_on DESC, batch.number DESC LIMIT ?`, limit)
}

// OpenBatches lists the batches that are read into, newest first.
func OpenBatches(tx *store.Tx) ([]Batch, error) {
	return store.All[Batch](tx, selectBatch+`WHERE batch.closed_at IS NULL ORDER BY batch.arrived_on DESC, batch.number DESC`)
}

// BatchForm is what is known of a batch when it is opened or changed.
type BatchForm struct {
	ArrivedOn jp.Date
	Venue     store.Ref
	Expected  int // 0 while nobody knows
	Remarks   string
}

func (f *BatchForm) check(tx *store.Tx) (venueID int64, _ error) {
	f.Remarks = strings.TrimSpace(f.Remarks)
	today := jp.DateOf(tx.Now)
	if f.ArrivedOn.IsZero() || f.ArrivedOn.Compare(today) > 0 || f.ArrivedOn.Before(today.AddDays(-366)) {
		return 0, BatchDay.On("arrived_on")
	}
	if f.Expected < 0 || f.Expected > expectedMost {
		return 0, BatchExpected.On("expected")
	}
	if utf8.RuneCountInString(f.Remarks) > remarksLength {
		return 0, RemarksTooLong.On("remarks").With("most", fmt.Sprint(remarksLength))
	}
	if holdsMyNumber(f.Remarks) {
		return 0, HoldsMyNumber.On("remarks")
	}
	venueID, err := store.One[int64](tx, `SELECT id FROM venue WHERE ref = ? AND retired_at IS NULL`, f.Venue)
	if errors.Is(err, store.ErrNotFound) {
		return 0, BatchVenue.On("venue")
	}
	return venueID, err
}

// OpenBatch opens a batch; its number is the next of its day. Problems on their
// fields: BatchDay, BatchVenue, BatchExpected, RemarksTooLong.
func OpenBatch(tx *store.Tx, by audit.Actor, f BatchForm) (Batch, error) {
	venueID, err := f.check(tx)
	if err != nil {
		return Batch{}, err
	}
	ref := store.NewRef()
	_, err = tx.Insert(`INSERT INTO batch (ref, arrived_on, number, venue_id, expected, remarks, opened_at, opened_by)
		VALUES (?, ?, (SELECT coalesce(max(number), 0) + 1 FROM batch WHERE arrived_on = ?), ?, ?, ?, ?, ?)`,
		ref, f.ArrivedOn, f.ArrivedOn, venueID, store.Opt(f.Expected), f.Remarks, tx.Now, by.StaffID)
	if err != nil {
		return Batch{}, fmt.Errorf("open batch: %w", err)
	}
	b, err := BatchByRef(tx, ref)
	if err != nil {
		return b, err
	}
	return b, audit.Record(tx, by, audit.BatchOpened, b.subject(), audit.Detail{"expected": f.Expected})
}

// ChangeBatch writes what is known of an open batch; its day and number stay
// together unless the day is changed. Problems: as OpenBatch, and
// BatchNotFound, BatchStale, card.BatchClosed.
func ChangeBatch(tx *store.Tx, by audit.Actor, ref store.Ref, version int, f BatchForm) error {
	b, err := openAt(tx, ref, version)
	if err != nil {
		return err
	}
	venueID, err := f.check(tx)
	if err != nil {
		return err
	}
	number := b.Number
	if f.ArrivedOn != b.ArrivedOn {
		if number, err = store.One[int](tx, `SELECT coalesce(max(number), 0) + 1 FROM batch WHERE arrived_on = ?`, f.ArrivedOn); err != nil {
			return err
		}
	}
	_, err = tx.Exec(`UPDATE batch SET arrived_on = ?, number = ?, venue_id = ?, expected = ?, remarks = ?, version = version + 1 WHERE id = ?`,
		f.ArrivedOn, number, venueID, store.Opt(f.Expected), f.Remarks, b.ID)
	if err != nil {
		return fmt.Errorf("change batch: %w", err)
	}
	return audit.Record(tx, by, audit.BatchChanged, b.subject(), audit.Detail{"expected": f.Expected, "was": b.Expected})
}

func openAt(tx *store.Tx, ref store.Ref, version int) (Batch, error) {
	b, err := BatchByRef(tx, ref)
	switch {
	case err != nil:
		return b, err
	case b.Version != version:
		return b, BatchStale
	case b.Closed():
		return b, card.BatchClosed
	}
	return b, nil
}

// CloseBatch ends a batch: nothing is read into it any more. Problems:
// BatchNotFound, BatchStale, card.BatchClosed, BatchUnread while pictures of it
// wait for a person.
func CloseBatch(tx *store.Tx, by audit.Actor, ref store.Ref, version int) error {
	b, err := openAt(tx, ref, version)
	if err != nil {
		return err
	}
	if n, err := store.One[int](tx, `SELECT count(*) FROM list_file WHERE batch_id = ? AND state <> 'done'`, b.ID); err != nil {
		return err
	} else if n > 0 {
		return BatchUnread.With("count", fmt.Sprint(n))
	}
	if _, err := tx.Exec(`UPDATE batch SET closed_at = ?, closed_by = ?, version = version + 1 WHERE id = ?`, tx.Now, by.StaffID, b.ID); err != nil {
		return fmt.Errorf("close batch: %w", err)
	}
	return audit.Record(tx, by, audit.BatchClosed, b.subject(), audit.Detail{"expected": b.Expected, "read": b.Read})
}

// ReopenBatch lets a closed batch be read into again. Problems: BatchNotFound,
// BatchStale.
func ReopenBatch(tx *store.Tx, by audit.Actor, ref store.Ref, version int) error {
	b, err := BatchByRef(tx, ref)
	if err != nil {
		return err
	}
	if b.Version != version || !b.Closed() {
		return BatchStale
	}
	if _, err := tx.Exec(`UPDATE batch SET closed_at = NULL, closed_by = NULL, version = version + 1 WHERE id = ?`, b.ID); err != nil {
		return fmt.Errorf("open batch again: %w", err)
	}
	return audit.Record(tx, by, audit.BatchReopened, b.subject(), nil)
}
