package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"madoguchi/app/audit"
	"madoguchi/app/intake"
	"madoguchi/app/postal"
	"madoguchi/store"
)

// managePostal loads a file of Japan Post into the data folder's dictionary;
// everything else that the command knows is postal's own.
func managePostal(ctx context.Context, s Surroundings) error {
	if len(s.Args) > 0 && s.Args[0] == "load" {
		s.Args = s.Args[1:]
		return loadPostal(ctx, s)
	}
	return foreign(func(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
		return postal.Main(ctx, keptPostal, args, in, out, errOut)
	})(ctx, s)
}

// keptPostal is the dictionary that a data folder uses, and its town.
func keptPostal(ctx context.Context, folder string) (d *postal.Dictionary, home postal.Default, err error) {
	cfg := Config{Data: folder}
	if _, err := os.Stat(cfg.Database()); err != nil {
		return nil, home, fmt.Errorf("open data folder: %w", err) // a look-up makes no database
	}
	st, err := openBeside(ctx, cfg)
	if err != nil {
		return nil, home, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	if d, err = intake.NewDictionary(st, slog.New(slog.DiscardHandler)).Latest(ctx); err != nil {
		return nil, home, err
	}
	err = st.Read(ctx, func(tx *store.Tx) error {
		home, err = intake.HomeTown(tx, d)
		return err
	})
	return d, home, err
}

func loadPostal(ctx context.Context, s Surroundings) (err error) {
	c := mustLookUp("postal")
	c.options = []option{optData}
	cfg, words, err := configure(s, c, nil)
	if err != nil {
		return err
	}
	if len(words) != 1 {
		return wrongUsage("postal load には日本郵便のファイルを1つ指定してください")
	}
	raw, err := readAtMost(words[0], intake.PostalFileBytes)
	if err != nil {
		return err
	}
	st, err := openBeside(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	prepared, err := intake.NewDictionary(st, slog.New(slog.DiscardHandler)).Prepare(ctx, filepath.Base(words[0]), raw)
	if err != nil {
		return err
	}
	var file intake.PostalFile
	by := audit.Command("postal load")
	err = st.Write(ctx, func(tx *store.Tx) error {
		ref, err := intake.OfferPostalFile(tx, by, prepared)
		if err != nil {
			return err
		}
		if file, err = intake.PostalOffer(tx, ref); err != nil {
			return err
		}
		return intake.TakePostalFile(tx, by, ref)
	})
	if err != nil {
		return err
	}
	return reportPostal(s.Out, file)
}

// reportPostal prints what a file changed.
func reportPostal(out io.Writer, f intake.PostalFile) error {
	c, err := f.ReadReport()
	if err != nil {
		return err
	}
	edition := f.DatedOn.Era()
	if f.DatedOn.IsZero() {
		edition = "（ファイルに日付がありません）"
	}
	if _, err = fmt.Fprintf(out, "%s を使い始めました。\n版　　　%s\n行　　　%d（ファイルの行数 %d）\n増えた　%d\n減った　%d\n変わった %d\n同じ　　%d\n",
		f.Name, edition, f.RowCount, f.LineCount, c.Added, c.Removed, c.Changed, c.Same); err != nil {
		return err
	}
	for _, x := range c.List {
		if _, err := fmt.Fprintf(out, "  %s\t%s → %s\n", x.Place, orDash(x.Old), orDash(x.New)); err != nil {
			return err
		}
	}
	return nil
}

func orDash(s string) string {
	if s == "" {
		return "なし"
	}
	return s
}

// readAtMost reads a file that may have at most limit bytes.
func readAtMost(name string, limit int64) (raw []byte, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	raw, err = io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	if int64(len(raw)) > limit {
		return nil, intake.PostalTooLarge
	}
	return raw, nil
}
