package app

import (
	"context"
	"flag"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
)

// command is one sub-command of the program.
type command struct {
	name    string
	words   string // what follows the name, such as "list|add|…"
	meaning string
	options []option
	hidden  bool // the program calls it itself
	run     func(context.Context, Surroundings) error
}

func (c command) has(name string) bool {
	for _, o := range c.options {
		if o.name == name {
			return true
		}
	}
	return false
}

// help is the text of --help.
func (c command) help(fs *flag.FlagSet) string {
	var b strings.Builder
	fmt.Fprintf(&b, "使い方: madoguchi %s\n\n%s\n", strings.TrimSpace(c.name+" [指定] "+c.words), c.meaning)
	empty := true
	fs.VisitAll(func(f *flag.Flag) {
		if empty {
			b.WriteString("\n指定:\n")
			empty = false
		}
		fmt.Fprintf(&b, "  --%-12s %s", f.Name, f.Usage)
		if f.DefValue != "" && f.DefValue != "false" {
			fmt.Fprintf(&b, " 省略時 %s", f.DefValue)
		}
		b.WriteByte('\n')
	})
	b.WriteString("\n終了状態: 0 正常、1 失敗、2 指定の誤り\n")
	return b.String()
}

// commands lists them in the order of the overview. A function, not a
// variable: the commands themselves refer to it.
func commands() []command {
	return []command{
		{"serve", "", "住民サイトと職員用画面を動かします。データがなければ作り、最初の管理者の仮パスワードを一度だけ表示します。", allOptions, false, serve},
		{"demo", "", "架空の町のデータで両方の画面を動かし、アドレスと試用の番号を表示します。", allOptions, false, serveDemo},
		{"restore", "", "複製だけからデータベースを復旧します。実行前に内容を表示し、検査に通ったものだけを置き換えます。", []option{optData, optReplica, optIdentity}, false, restoreData},
		{"check", "", "有効な設定、スキーマの版、複製の遅れ、データの整合性を表示します。", allOptions, false, check},
		{"standby", "", "二台構成の一台として動きます。自分の複製がいちばん新しければ業務を行い、そうでなければ待機して、もう一台が止まったら引き継ぎます。", allOptions, false, standby},
		{"promote", "", "この機械の待機系に、引き継ぐよう頼みます。", []option{optData}, false, promote},
		{"fence", "", "いま動いているサーバーが何も受け付けないようにします（切替えの前や、止められない機械があるとき）。", []option{optData, optReplica, optIdentity}, false, fence},
		{"keys", "make 鍵ファイル | wrap 受取人… | rotate | list", "複製を暗号化する鍵を扱います。makeは鍵ファイルを作り、wrapはデータ鍵を受取人（age1…）に向けて包み、rotateは新しいデータ鍵に替えます。", []option{optData, optReplica, optIdentity}, false, manageKeys},
		{"store-probe", "", "複製先の性質（条件付きの書込み、書いたものがすぐ読めるか）を調べ、結果を複製先に残します。二台構成の守り方はこの結果で決まります。", []option{optData, optReplica, optIdentity}, false, probeStore},
		{"bench", "", "この機械での速さを測ります（仮のフォルダと127.0.0.1だけを使います）。", nil, false, measure},
		{"migrate", "", "データベースのスキーマをこの版に合わせます。", []option{optData}, false, migrate},
		{"staff", "list | add 担当者ID 氏名 | reset 担当者ID | unlock 担当者ID | disable 担当者ID | enable 担当者ID", "担当者の一覧、追加、仮パスワードの再発行、ロックの解除、停止、再開をします。", []option{optData}, false, manageStaff},
		{"postal", "load ファイル [--data フォルダ] | lookup | towns 郵便番号 | diff 旧ファイル 新ファイル | eval", "住所から郵便番号を、郵便番号から住所を調べます（標準入力に1行1住所）。loadは日本郵便のファイルを使い始めます。", nil, false, managePostal},
		{"qr", "ファイル…", "一覧の画像やPDFからQRコードを読み取り、1件1行のJSONで出力します。", nil, false, readPictures},
		{qrWorker, "", "画像を読み取る子プロセスです。", nil, true, workOnPictures},
		{"licences", "", "ほかの人が作った部分と、その使用許諾を表示します。", nil, false, showLicences},
		{"version", "", "版を表示します。", nil, false, version},
	}
}

func lookUp(name string) (command, bool) {
	for _, c := range commands() {
		if c.name == name {
			return c, true
		}
	}
	return command{}, false
}

func mustLookUp(name string) command {
	c, ok := lookUp(name)
	if !ok {
		panic("no command " + name)
	}
	return c
}

func overview() string {
	var b strings.Builder
	b.WriteString("madoguchi（窓口） マイナンバーカード交付予約管理\n\n使い方: madoguchi 命令 [指定]\n\n命令:\n")
	for _, c := range commands() {
		if c.hidden {
			continue
		}
		fmt.Fprintf(&b, "  %-11s %s\n", c.name, c.meaning)
	}
	b.WriteString("\n各命令の指定は madoguchi 命令 --help で表示します。\n")
	return b.String()
}

// foreign runs a command that reads its own arguments and knows its own exit status.
func foreign(main func(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int) func(context.Context, Surroundings) error {
	return func(ctx context.Context, s Surroundings) error {
		if status := main(ctx, s.Args, s.In, s.Out, s.Err); status != exitDone {
			return statusError(status)
		}
		return nil
	}
}

func version(_ context.Context, s Surroundings) error {
	if _, rest, err := configure(s, mustLookUp("version"), nil); err != nil {
		return err
	} else if len(rest) > 0 {
		return wrongUsage("余分な言葉があります: %s", strings.Join(rest, " "))
	}
	_, err := fmt.Fprintf(s.Out, "madoguchi %s\n", release())
	return err
}

// stamp is the version that the build was given with -ldflags, if any.
var stamp string

// release names the build: what it was stamped with, the module's version, or
// the commit it was made from.
func release() string {
	if stamp != "" {
		return stamp
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "devel " + info.GoVersion
}
