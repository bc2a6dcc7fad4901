package intake

import (
	"errors"
	"fmt"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// apply writes every row that is to be applied.
func (r *Runner) apply(tx *store.Tx, by audit.Actor, f File) error {
	form, err := newForm(tx, f)
	if err != nil {
		return err
	}
	applied, changed := 0, 0
	err = eachRow(tx, f, toApply, func(row Row, held card.HeldRow) error {
		e, wrong := form.read(held.Cells)
		if wrong != nil {
			return fmt.Errorf("row %d was read before and cannot be read now", row.Number)
		}
		result := "applied"
		subject, after, err := applyRow(tx, by, f, row, held, form, e)
		switch {
		case errors.Is(err, card.Stale), errors.Is(err, card.NotFound), errors.Is(err, card.Registered):
			result, subject, after = "changed", row.SubjectID, row.VersionBefore
			changed++
		case err != nil:
			return err
		default:
			applied++
		}
		r.at(f.Ref, Applying, applied+changed)
		return setResult(tx, f.ID, row.Number, result, subject, after)
	})
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE roll_file SET state = 'applied', applied_at = ?, version = version + 1 WHERE id = ?`, tx.Now, f.ID)
	if err != nil {
		return fmt.Errorf("apply list: %w", err)
	}
	return audit.Record(tx, by, audit.RollApplied, f.subject(), audit.Detail{"list": f.List, "applied": applied, "changed_meanwhile": changed})
}

func setResult(tx *store.Tx, file int64, number int, result string, subject int64, version int) error {
	_, err := tx.Exec(`UPDATE roll_row SET result = ?, subject_id = ?, version_after = ? WHERE file_id = ? AND number = ?`,
		result, store.Opt(subject), version, file, number)
	if err != nil {
		return fmt.Errorf("note result of row: %w", err)
	}
	return nil
}

// eachRow calls fn for the rows of a file that a condition picks, a portion at
// a time, so that memory does not follow the file's size.
func eachRow(tx *store.Tx, f File, condition string, fn func(Row, card.HeldRow) error) error {
	for last := -1; ; {
		rows, err := store.All[Row](tx, selectRow+`WHERE file_id = ? AND number > ? AND `+condition+` ORDER BY number LIMIT ?`, f.ID, last, chunk)
		if err != nil || len(rows) == 0 {
			return err
		}
		first := rows[0].Number
		last = rows[len(rows)-1].Number
		held, err := card.HeldRows(tx, f.ID, first, last)
		if err != nil {
			return err
		}
		byNumber := make(map[int]card.HeldRow, len(held))
		for _, h := range held {
			byNumber[h.Number] = h
		}
		for _, row := range rows {
			h, ok := byNumber[row.Number]
			if !ok {
				return errNoRow
			}
			if err := fn(row, h); err != nil {
				return err
			}
		}
	}
}

// applyRow writes one row and returns what it wrote to, with its new version.
func applyRow(tx *store.Tx, by audit.Actor, f File, row Row, held card.HeldRow, form form, e entry) (subject int64, version int, err error) {
	place := card.Place{File: f.ID, Number: row.Number}
	switch f.List {
	case AddressList:
		a := card.PostalAddress{PostalCode: jp.PostalCode(held.PostalCode), Address: e.address, Building: e.building, KeepBuilding: !form.has(Building)}
		version, err = card.TakeAddress(tx, by, card.ID(row.SubjectID), row.VersionBefore, a, place, f.Ref)
		return row.SubjectID, version, err
	case RenewalList:
		if row.SubjectID == 0 {
			subject, err = card.AddRenewalTarget(tx, by, e.renewal(), place, f.Ref)
			return subject, 1, err
		}
		version, err = card.ChangeRenewalTarget(tx, by, row.SubjectID, row.VersionBefore, e.renewal(), place, f.Ref)
		return row.SubjectID, version, err
	}
	kind := e.kind
	if kind == "" {
		kind = card.UnknownIssue
	}
	r, err := card.Register(tx, by, card.Reading{
		Way: card.ByCSV, BatchID: f.BatchID,
		Card: card.Card{NoticeNumber: e.number, ApplicationID: e.applicationID, IssueKind: kind, MadeOn: e.madeOn, ExpiresOn: e.expiresOn},
		Recipient: card.Recipient{Name: e.name, KanaName: e.kana, Birth: e.birth, PostalCode: jp.PostalCode(held.PostalCode),
			Address: e.address, Building: e.building},
	})
	return int64(r.Card.ID), r.PersonVersion, err
}

// CanTakeBack reports whether a file is the last of its kind that was applied,
// and still held.
func CanTakeBack(tx *store.Tx, f File) (bool, error) {
	if f.State != ListIsApplied || !f.ForgottenAt.IsZero() {
		return false, nil
	}
	n, err := store.One[int](tx, `SELECT count(*) FROM roll_file WHERE list = ? AND state = 'applied'
		AND (applied_at > ? OR applied_at = ? AND id > ?)`, f.List, f.AppliedAt, f.AppliedAt, f.ID)
	return n == 0, err
}

// TakeBack undoes the last file of its kind. Records that someone has changed
// since stay as they are and are counted. Problems: ListNotFound, ListStale,
// ListNotLast, ListForgotten.
func (r *Runner) TakeBack(tx *store.Tx, by audit.Actor, ref store.Ref, version int) error {
	f, err := GetFile(tx, ref)
	if err != nil {
		return err
	}
	can, err := CanTakeBack(tx, f)
	switch {
	case err != nil:
		return err
	case f.State != ListIsApplied || f.Version != version:
		return ListStale
	case !f.ForgottenAt.IsZero():
		return ListForgotten
	case !can:
		return ListNotLast
	}
	back, kept := 0, 0
	err = eachRow(tx, f, `result = 'applied'`, func(row Row, held card.HeldRow) error {
		result := "taken_back"
		err := takeRowBack(tx, by, f, row, held)
		switch {
		case errors.Is(err, card.Stale), errors.Is(err, card.NotFound):
			result = "kept"
			kept++
		case err != nil:
			return err
		default:
			back++
		}
		r.at(f.Ref, TakingBack, back+kept)
		return setResult(tx, f.ID, row.Number, result, row.SubjectID, row.VersionAfter)
	})
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE roll_file SET state = 'taken_back', taken_back_at = ?, version = version + 1 WHERE id = ?`, tx.Now, f.ID)
	if err != nil {
		return fmt.Errorf("take list back: %w", err)
	}
	return audit.Record(tx, by, audit.RollTakenBack, f.subject(), audit.Detail{"list": f.List, "taken_back": back, "kept": kept})
}

func takeRowBack(tx *store.Tx, by audit.Actor, f File, row Row, held card.HeldRow) error {
	var version int
	var err error
	switch f.List {
	case AddressList:
		version, err = card.PutAddressBack(tx, by, card.ID(row.SubjectID), row.VersionAfter, held.Before, f.Ref)
	case RenewalList:
		version, err = card.PutRenewalBack(tx, by, row.SubjectID, row.VersionAfter, held.Before, f.Ref)
	default:
		return card.Unregister(tx, by, card.ID(row.SubjectID), row.VersionAfter, f.Ref)
	}
	if err != nil {
		return err
	}
	// The record is again as the file before this one left it, which may be
	// taken back next.
	_, err = tx.Exec(`UPDATE roll_row SET version_after = ? WHERE subject_id = ? AND result = 'applied' AND version_after = ?
		AND file_id IN (SELECT id FROM roll_file WHERE list = ? AND id <> ?)`, version, row.SubjectID, row.VersionBefore, f.List, f.ID)
	if err != nil {
		return fmt.Errorf("note version of record: %w", err)
	}
	return nil
}

// Results counts the rows of a file by what became of them.
func Results(tx *store.Tx, f File) (map[string]int, error) {
	type line struct {
		Result string
		N      int
	}
	rows, err := store.All[line](tx, `SELECT result, count(*) AS n FROM roll_row WHERE file_id = ? AND result <> '' GROUP BY result`, f.ID)
	out := map[string]int{}
	for _, r := range rows {
		out[r.Result] = r.N
	}
	return out, err
}
