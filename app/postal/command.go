package postal

import (
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// Exit codes of Main.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

const usage = `使い方: madoguchi postal 命令 [指定]

  load ファイル [--data フォルダ]   日本郵便のファイルを、データのフォルダの辞書として使い始めます。
  lookup                            標準入力の住所（1行に1つ）の郵便番号を、CSVで出力します。
                                    列: address（住所）, code（1つに決まった郵便番号）,
                                    tier（sure 決まった・candidates 人が選ぶ・none 見つからない）, candidates（候補）
  towns 郵便番号…                   郵便番号が表す町域と事業所をCSVで出力します。
  diff 旧ファイル 新ファイル        2つのファイルの違いをCSVで出力します。
  eval --addresses ファイル         郵便番号の分かっている住所で、正しさを測ります。

指定（lookup、towns、eval）:
  --data フォルダ      そのデータのフォルダで使っている辞書と、その町を使います。
  --dict ファイル      日本郵便のファイルを使います（何度でも指定できます）。
  --default 市区町村   市区町村の書かれていない住所を、この市区町村のものとします（例 青森県三戸郡南部町）。
  --examples 件数      evalで、種類ごとに表示する誤りの数。
--data も --dict も指定しないときは、プログラムに入っている町の一覧だけを使います。

ファイルは日本郵便の utf_ken_all、ken_all、jigyosyo の zip か CSV です。

終了状態: 0 正常、1 失敗、2 指定の誤り
`

// Kept opens the dictionary that a data folder holds, with the municipality
// that runs the system.
type Kept func(ctx context.Context, folder string) (*Dictionary, Default, error)

// errUsage says that the command line was not understood.
var errUsage = errors.New("bad command line")

// Main runs a sub-command of madoguchi postal and gives the exit code: 0, 1
// when it failed, 2 for a bad command line.
func Main(ctx context.Context, kept Kept, args []string, in io.Reader, out, errOut io.Writer) (exit int) {
	err := run(ctx, kept, args, in, out)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, flag.ErrHelp):
		report(out, usage)
		return exitOK
	case errors.Is(err, errUsage):
		report(errOut, usage)
		return exitUsage
	}
	report(errOut, "postal: "+err.Error()+"\n")
	return exitFailed
}

// report writes to the error output; when that is gone, nobody can be told.
func report(errOut io.Writer, text string) {
	if _, err := io.WriteString(errOut, text); err != nil {
		return
	}
}

// options are the flags of all sub-commands.
type options struct {
	data      string
	dicts     fileList
	def       string
	addresses string
	examples  int
}

// fileList collects a flag that may be given several times.
type fileList []string

func (l *fileList) String() string { return strings.Join(*l, " ") }

// Set appends one file.
func (l *fileList) Set(s string) error {
	*l = append(*l, s)
	return nil
}

func run(ctx context.Context, kept Kept, args []string, in io.Reader, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	if args[0] == "--help" || args[0] == "-h" || args[0] == "help" {
		return flag.ErrHelp
	}
	var opt options
	set := flag.NewFlagSet("postal "+args[0], flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&opt.data, "data", "", "data folder whose dictionary is used")
	set.Var(&opt.dicts, "dict", "zip or CSV of Japan Post, may be repeated")
	set.StringVar(&opt.def, "default", "", "municipality of addresses that name none")
	set.StringVar(&opt.addresses, "addresses", "", "CSV with the columns address and postal_code")
	set.IntVar(&opt.examples, "examples", 10, "faults to print of each kind")
	if err := set.Parse(args[1:]); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil || opt.data != "" && len(opt.dicts) > 0 {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if args[0] == "diff" {
		return runDiff(set.Args(), out)
	}
	d, def, err := opt.load(ctx, kept)
	if err != nil {
		return err
	}
	switch args[0] {
	case "lookup":
		return d.LookupStream(ctx, in, out, def)
	case "towns":
		return writeTowns(d, set.Args(), out)
	case "eval":
		return runEval(d, def, opt, out)
	}
	return errUsage
}

// load gives the dictionary of --data or of the files of --dict.
func (o options) load(ctx context.Context, kept Kept) (d *Dictionary, def Default, err error) {
	if o.data != "" {
		d, def, err = kept(ctx, o.data)
	} else {
		d, err = o.read()
	}
	if err != nil || o.def == "" {
		return d, def, err
	}
	def, err = d.ParseDefault(o.def)
	return d, def, err
}

func (o options) read() (*Dictionary, error) {
	files := make([]*File, 0, len(o.dicts))
	for _, name := range o.dicts {
		f, err := readFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return NewDictionary(files...), nil
}

func readFile(name string) (f *File, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open dictionary: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("open dictionary: %w", err)
	}
	f, err = Read(file, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// ParseDefault reads a municipality as written in one piece, such as
// 青森県三戸郡南部町. The empty text is the zero Default.
func (d *Dictionary) ParseDefault(text string) (Default, error) {
	if strings.TrimSpace(text) == "" {
		return Default{}, nil
	}
	e, ok := d.places.keys[string(foldName(text))]
	if !ok || len(e.munis) != 1 {
		return Default{}, fmt.Errorf("default municipality %q is not in the dictionary", text)
	}
	m := &d.munis[e.munis[0]]
	return Default{Prefecture: m.pref, County: m.county, Municipality: m.bare}, nil
}

func writeTowns(d *Dictionary, codes []string, out io.Writer) error {
	if len(codes) == 0 {
		return errUsage
	}
	w := csv.NewWriter(out)
	rows := [][]string{{"code", "prefecture", "municipality", "town", "office"}}
	for _, code := range codes {
		for _, t := range d.Towns(code) {
			rows = append(rows, []string{t.Code, t.Prefecture, t.Municipality, t.Town, t.Office})
		}
	}
	if err := w.WriteAll(rows); err != nil {
		return fmt.Errorf("write towns: %w", err)
	}
	return nil
}

func runEval(d *Dictionary, def Default, opt options, out io.Writer) (err error) {
	if opt.addresses == "" {
		return errUsage
	}
	in, err := os.Open(opt.addresses)
	if err != nil {
		return fmt.Errorf("open addresses: %w", err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	samples, err := ReadSamples(in)
	if err != nil {
		return err
	}
	return Evaluate(d, samples, def).Write(out, opt.examples)
}

// runDiff compares two files of the same kind.
func runDiff(names []string, out io.Writer) error {
	if len(names) != 2 {
		return errUsage
	}
	var dicts [2]*Dictionary
	for i, name := range names {
		f, err := readFile(name)
		if err != nil {
			return err
		}
		dicts[i] = NewDictionary(f)
	}
	diff := Diff(dicts[0], dicts[1])
	w := csv.NewWriter(out)
	rows := [][]string{{"change", "prefecture", "municipality", "town", "old", "new"}}
	for _, part := range []struct {
		name string
		list []Change
	}{{"added", diff.Added}, {"removed", diff.Removed}, {"changed", diff.Changed}} {
		for _, c := range part.list {
			rows = append(rows, []string{part.name, c.Prefecture, c.Municipality, c.Town, strings.Join(c.Old, " "), strings.Join(c.New, " ")})
		}
	}
	if err := w.WriteAll(rows); err != nil {
		return fmt.Errorf("write differences: %w", err)
	}
	return nil
}
