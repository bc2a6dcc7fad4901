package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/app/sheet"
	"madoguchi/store"
)

// chunk is how many rows are written in one transaction while a file is
// matched, so that others get their turn.
const chunk = 1000

// Runner matches and applies lists. What it has done is in the store, so that
// a file whose matching was cut off by a restart is matched again from its
// beginning as soon as somebody looks at it.
type Runner struct {
	st   *store.Store
	dict *Dictionary
	log  *slog.Logger
	mu   sync.Mutex
	busy map[store.Ref]*Progress
	// ended is how writes went that nobody has looked at yet.
	ended map[store.Ref]Ended
	wait  sync.WaitGroup
}

// NewRunner makes a runner that takes postal codes from dict.
func NewRunner(st *store.Store, dict *Dictionary, log *slog.Logger) *Runner {
	return &Runner{st: st, dict: dict, log: log, busy: map[store.Ref]*Progress{}, ended: map[store.Ref]Ended{}}
}

// Wait returns when nothing runs in the background any more.
func (r *Runner) Wait() { r.wait.Wait() }

// Match starts matching a file in the background unless it is under way.
func (r *Runner) Match(ref store.Ref) {
	if !r.begin(ref, Matching) {
		return
	}
	r.wait.Go(func() {
		defer r.end(ref)
		if err := r.match(context.Background(), ref); err != nil && !errors.Is(err, store.ErrClosed) && !errors.Is(err, errListChanged) {
			r.log.Error("match list", "error", err)
			r.fail(ref)
		}
	})
}

// match reads a file that waits for it and keeps what each row would do.
func (r *Runner) match(ctx context.Context, ref store.Ref) error {
	dict, err := r.dict.Latest(ctx)
	if err != nil {
		return err
	}
	var f File
	var body []byte
	var m *matcher
	err = r.st.Read(ctx, func(tx *store.Tx) error {
		if f, err = GetFile(tx, ref); err != nil || f.State != ListIsMatching {
			return err
		}
		if body, err = card.HeldFile(tx, f.ID); err != nil {
			return err
		}
		m, err = newMatcher(tx, f, dict)
		return err
	})
	if err != nil || m == nil {
		return err
	}
	held, wrong := r.matchAll(m, f, body)
	if wrong != nil {
		if p, ok := problem.As(wrong); ok {
			return r.failWith(ctx, f, p)
		}
		return wrong
	}
	return r.keep(ctx, f, m.rows, held)
}

func (r *Runner) matchAll(m *matcher, f File, body []byte) (held []card.HeldRow, err error) {
	table, err := sheet.Open(body)
	if err != nil {
		return nil, err
	}
	first := true
	for row, err := range table.Rows() {
		if err != nil {
			return nil, err
		}
		if skip := first && f.Header; !skip {
			held = append(held, m.match(row))
			r.at(f.Ref, Matching, len(held))
		}
		first = false
	}
	return held, nil
}

// keep writes the rows in portions and then the counts.
func (r *Runner) keep(ctx context.Context, f File, rows []Row, held []card.HeldRow) error {
	same := func(tx *store.Tx) error {
		now, err := GetFile(tx, f.Ref)
		if err == nil && (now.Version != f.Version || now.State != ListIsMatching) {
			err = errListChanged
		}
		return err
	}
	for from := 0; from == 0 || from < len(rows); from += chunk {
		to := min(from+chunk, len(rows))
		err := r.st.Write(ctx, func(tx *store.Tx) error {
			if err := same(tx); err != nil {
				return err
			}
			if from == 0 {
				if err := clearRows(tx, f.ID); err != nil {
					return err
				}
			}
			for i := from; i < to; i++ {
				if err := keepRow(tx, f.ID, rows[i], held[i]); err != nil {
					return err
				}
			}
			_, err := tx.Exec(`UPDATE roll_file SET done = ? WHERE id = ?`, to, f.ID)
			return err
		})
		if err != nil {
			return err
		}
		r.at(f.Ref, Keeping, to)
	}
	counts := map[Outcome]int{}
	for _, row := range rows {
		counts[row.Outcome]++
	}
	return r.st.Write(ctx, func(tx *store.Tx) error {
		if err := same(tx); err != nil {
			return err
		}
		_, err := tx.Exec(`UPDATE roll_file SET state = 'matched', total = ?, done = ?, counts = ?, version = version + 1 WHERE id = ?`,
			len(rows), len(rows), asJSON(counts), f.ID)
		return err
	})
}

func keepRow(tx *store.Tx, file int64, row Row, held card.HeldRow) error {
	if err := card.HoldRow(tx, file, held); err != nil {
		return err
	}
	_, err := tx.Exec(`INSERT INTO roll_row (file_id, number, outcome, reason, cell, other_row, subject_id, tied, candidates, fields, marks,
		private, version_before) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, file, row.Number, row.Outcome, row.Reason, row.Cell, row.OtherRow,
		store.Opt(row.SubjectID), row.Tied, row.Candidates, row.Fields, row.Marks, row.Private, row.VersionBefore)
	if err != nil {
		return fmt.Errorf("keep row: %w", err)
	}
	return nil
}

var broken = problem.Define(problem.Invalid, "list_not_matched")

func (r *Runner) fail(ref store.Ref) {
	ctx := context.Background()
	var f File
	err := r.st.Read(ctx, func(tx *store.Tx) (err error) {
		f, err = GetFile(tx, ref)
		return err
	})
	if err == nil {
		err = r.failWith(ctx, f, broken)
	}
	if err != nil {
		r.log.Error("note that a list was not matched", "error", err)
	}
}

func (r *Runner) failWith(ctx context.Context, f File, p *problem.Problem) error {
	return r.st.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE roll_file SET state = 'failed', failure = ?, version = version + 1 WHERE id = ? AND state = 'matching'`,
			asJSON(map[string]any{"code": p.Code, "args": p.Args}), f.ID)
		return err
	})
}

// Apply writes what a person accepted, in one transaction. expect is how many
// rows the page said it would be. Problems: ListNotFound, ListStale, ListForgotten,
// ListNothing.
func (r *Runner) Apply(tx *store.Tx, by audit.Actor, ref store.Ref, version, expect int) error {
	f, err := GetFile(tx, ref)
	if err != nil {
		return err
	}
	if f.State != ListIsMatched || f.Version != version {
		return ListStale
	}
	n, err := CountToApply(tx, f)
	switch {
	case err != nil:
		return err
	case n != expect:
		return ListStale
	case n == 0:
		return ListNothing
	}
	if !f.ForgottenAt.IsZero() {
		return ListForgotten
	}
	return r.apply(tx, by, f)
}
