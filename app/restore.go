package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/watch"
	"madoguchi/store"
	"madoguchi/store/restore"
)

// restoreData brings the database back from the copies alone.
func restoreData(ctx context.Context, s Surroundings) error {
	var at, to string
	var acceptLoss, rehearse bool
	cfg, rest, err := configure(s, mustLookUp("restore"), func(fs *flag.FlagSet) {
		fs.StringVar(&at, "at", "", "復旧時点（例 2026-12-01T09:30:00、省略時は最新）")
		fs.StringVar(&to, "to", "", "戻す先のデータベースのファイル（省略時は --data の中）")
		fs.BoolVar(&acceptLoss, "accept-loss", false, "複製の新しい部分が失われていても戻す")
		fs.BoolVar(&rehearse, "rehearse", false, "戻せることだけを確かめ、何も置き換えない")
	})
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return wrongUsage("余分な言葉があります: %s", strings.Join(rest, " "))
	}
	point, err := restorePoint(at)
	if err != nil {
		return err
	}
	path := cfg.Database()
	if to != "" {
		path = to
	}
	options := restore.Options{Target: cfg.Replica, Path: path, At: point, AcceptLoss: acceptLoss}
	if rehearse {
		return rehearseRestore(ctx, s, options, cfg.Data)
	}
	plan, err := restore.Prepare(ctx, options)
	if err != nil {
		return err
	}
	if err := printLines(s, "これから行うこと", plan.Sentences); err != nil {
		return err
	}
	report, err := restore.Run(ctx, plan, verifyCopy)
	if err != nil {
		return err
	}
	return printLines(s, "結果", report.Sentences)
}

// rehearseRestore makes sure that the copies can be brought back, replaces
// nothing and leaves in the data folder how it went, for the status page.
func rehearseRestore(ctx context.Context, s Surroundings, o restore.Options, folder string) error {
	begin := time.Now()
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	plan, err := restore.Prepare(ctx, o)
	if err == nil {
		err = printLines(s, "これから行うこと", plan.Sentences)
	}
	var report restore.Report
	if err == nil {
		report, err = restore.Rehearse(ctx, plan, verifyCopy)
	}
	note := watch.Rehearsal{At: begin, Good: err == nil, Commit: report.LastCommit.At, Took: watch.Length(time.Since(begin))}
	if err := errors.Join(err, watch.NoteRehearsal(folder, note)); err != nil {
		return err
	}
	return printLines(s, "結果", report.Sentences)
}

// restorePoint reads --at: town hall time, or an instant with its own offset.
func restorePoint(at string) (time.Time, error) {
	if at == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, at); err == nil {
		return t, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, at, jp.Tokyo); err == nil {
			return t, nil
		}
	}
	return time.Time{}, wrongUsage("--at「%s」: 2026-12-01T09:30:00 の形で指定してください", at)
}

func printLines(s Surroundings, heading string, lines []string) error {
	_, err := fmt.Fprintf(s.Out, "%s\n  %s\n", heading, strings.Join(lines, "\n  "))
	return err
}

// verifyCopy holds a restored copy against the product's invariants and names
// the newest booking it has.
func verifyCopy(ctx context.Context, st *store.Store) (lines []string, err error) {
	err = st.Read(ctx, func(tx *store.Tx) error {
		wrong, err := booking.Invariants(tx)
		if err != nil {
			return err
		}
		if len(wrong) > 0 {
			return fmt.Errorf("%w: %s", restore.ErrDamaged, strings.Join(wrong, "; "))
		}
		lines = append(lines, "業務の決まり（定員、二重予約、操作履歴）に反するデータはありません。")
		newest, ok, err := booking.Newest(tx)
		if ok {
			lines = append(lines, fmt.Sprintf("最も新しい予約は %s（受付 %s）です。", newest.Number, local(newest.BookedAt)))
		} else {
			lines = append(lines, "予約は1件もありません。")
		}
		for _, c := range []struct{ says, query string }{
			{"カード %d件", `SELECT count(*) FROM card`}, {"予約 %d件", `SELECT count(*) FROM booking`}, {"操作履歴 %d件", `SELECT count(*) FROM audit`},
		} {
			n, err := store.One[int](tx, c.query)
			if err != nil {
				return err
			}
			lines = append(lines, fmt.Sprintf(c.says, n))
		}
		return err
	})
	return lines, err
}
