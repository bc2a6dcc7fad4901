// Package restore brings the database back from its copies (復旧).
//
// Promise: the live file is not touched until the copy beside it has passed
// every check, and what it replaces is kept.
package restore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"madoguchi/store"
	"madoguchi/store/replica"
)

// Verify looks a restored copy through for what the product promises and
// returns what it found as sentences for the report. An error means that the
// copy must not be used.
type Verify func(ctx context.Context, copied *store.Store) ([]string, error)

// Report is what a restore did.
type Report struct {
	// Sentences say it in Japanese.
	Sentences []string
	// LastCommit is the newest group commit that came back.
	LastCommit store.Commit
	// Aside is the folder with the files that were replaced, "" if there were none.
	Aside string
}

// attempts is how often files are chosen anew when the server that still
// writes the copies has merged some away meanwhile.
const attempts = 3

// Run carries the plan out. It takes the database's lock first and fails with
// store.ErrLocked while a server runs. On any error before the exchange of the
// files nothing has changed; one during the exchange leaves a mark that keeps
// the server from starting until a restore has succeeded.
func Run(ctx context.Context, p Plan, verify Verify) (_ Report, err error) {
	if err := os.MkdirAll(filepath.Dir(p.options.Path), 0o750); err != nil {
		return Report{}, fmt.Errorf("make data folder: %w", err)
	}
	lock, err := store.Lock(p.options.Path)
	if err != nil {
		return Report{}, fmt.Errorf("restore: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	s := scratch(p.options.Path)
	if err := s.clear(); err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, s.clear()) }()
	report, err := s.build(ctx, p, verify)
	if err != nil {
		return Report{}, err
	}
	switch err := replica.Adopt(ctx, p.options.Target, s.meta()); {
	case errors.Is(err, replica.ErrCopiesGone):
		report.Sentences = append(report.Sentences, "これからの複製は、同じ場所には続けられません。新しい場所を指定してください。")
	case err != nil:
		return Report{}, err
	}
	if report.Aside, err = s.swap(p.Aside); err != nil {
		return Report{}, err
	}
	if report.Aside != "" {
		report.Sentences = append(report.Sentences, fmt.Sprintf("前のデータベースは %s に残してあります。", report.Aside))
	}
	report.Sentences = append(report.Sentences, "復旧が終わりました。")
	return report, nil
}

// Rehearse does everything that Run does but the exchange, in a folder of its
// own that it removes, and may be done while the server runs.
func Rehearse(ctx context.Context, p Plan, verify Verify) (_ Report, err error) {
	dir, err := os.MkdirTemp(filepath.Dir(p.options.Path), "rehearsal-")
	if err != nil {
		return Report{}, fmt.Errorf("make folder for rehearsal: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	return scratch(filepath.Join(dir, "rehearsal.db")).build(ctx, p, verify)
}

// scratch is the path of a database; its methods name what is built beside it.
type scratch string

func (s scratch) copied() string { return string(s) + ".restoring" }
func (s scratch) spool() string  { return string(s) + ".restoring-files" }
func (s scratch) meta() string   { return string(s) + ".restoring-meta" }

// clear removes what is built beside the database, also what an earlier run
// that was cut off has left.
func (s scratch) clear() error {
	if err := errors.Join(removeDatabase(s.copied()), os.RemoveAll(s.spool()), os.RemoveAll(s.meta())); err != nil {
		return fmt.Errorf("remove leftovers: %w", err)
	}
	return nil
}

// build makes the copy beside the database and checks it.
func (s scratch) build(ctx context.Context, p Plan, verify Verify) (Report, error) {
	for attempt := 1; ; attempt++ {
		err := s.assemble(ctx, p)
		if err == nil {
			break
		}
		err = fmt.Errorf("restore from %s: %w", p.options.Target, err)
		if !errors.Is(err, os.ErrNotExist) || attempt == attempts {
			return Report{}, err
		}
		chosen, again := choose(ctx, p.options)
		if again != nil {
			return Report{}, errors.Join(err, again)
		}
		p.take(chosen)
	}
	return p.pass(ctx, s.copied(), verify)
}

// pass is what every database has to, however it was made, before it may serve.
func (p Plan) pass(ctx context.Context, path string, verify Verify) (Report, error) {
	report, err := check(ctx, path, verify)
	if err != nil {
		return Report{}, err
	}
	return p.compare(report)
}

// compare holds what came back against what the servers have reported.
func (p Plan) compare(r Report) (Report, error) {
	switch missing := p.Reported.CommitSeq - r.LastCommit.Sequence; {
	case p.Reported.CommitSeq == 0:
	case missing <= 0:
		r.Sentences = append(r.Sentences, "サーバーが最後に報告した書き込みまで、すべて戻りました。")
	case !p.options.AcceptLoss:
		return Report{}, fmt.Errorf("restore from %s: commit %d of %s was reported, the newest found is %d: %w",
			p.options.Target, p.Reported.CommitSeq, clock(p.Reported.CommittedAt), r.LastCommit.Sequence, replica.ErrOlder)
	default:
		r.Sentences = append(r.Sentences, fmt.Sprintf("足りない書き込みがあります。サーバーは %s（%d 回目）までを複製したと報告していますが、戻ったのはその %d 回前までです。",
			clock(p.Reported.CommittedAt), p.Reported.CommitSeq, missing))
	}
	return r, nil
}

func (s scratch) assemble(ctx context.Context, p Plan) (err error) {
	if err := s.clear(); err != nil {
		return err
	}
	if err := os.Mkdir(s.spool(), 0o700); err != nil {
		return fmt.Errorf("make folder for fetched files: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.spool())) }()
	a := assembly{client: p.client, spool: s.spool(), window: mergeWindow}
	return a.run(ctx, p.files, s.copied())
}

// check opens a database as the program would, brings it to the program's
// schema and looks it through.
func check(ctx context.Context, path string, verify Verify) (_ Report, err error) {
	st, err := store.Open(ctx, store.Options{Path: path, Readers: 2})
	if err != nil {
		return Report{}, fmt.Errorf("open restored copy: %w", err)
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	report := Report{LastCommit: st.LastCommit()}
	found, err := st.Integrity(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("check restored copy: %w: %w", ErrDamaged, err)
	}
	if len(found) > 0 {
		return Report{}, fmt.Errorf("check restored copy: %w: %s", ErrDamaged, strings.Join(found, "; "))
	}
	report.Sentences = append(report.Sentences, copyWords(report.LastCommit), "データベースの検査に合格しました。")
	if verify != nil {
		found, err := verify(ctx, st)
		if err != nil {
			return Report{}, fmt.Errorf("check restored copy: %w", err)
		}
		report.Sentences = append(report.Sentences, found...)
	}
	if err := st.Checkpoint(ctx); err != nil {
		return Report{}, fmt.Errorf("complete restored copy: %w", err)
	}
	return report, nil
}
