package qr

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
)

// Exit codes of the command.
const (
	exitRead  = 0 // every page was read and every place that looks like a code gave a value
	exitPart  = 1 // something was refused or left unread
	exitUsage = 2
)

const usage = `使い方: madoguchi qr ファイル…

PNG、JPEG、TIFF、PDF の全ページから QR コードをすべて読み取り、1件を1行の JSON で出力します。
  file, page        ファイル名とページ番号（1から）
  position          四隅の位置（画素。コードの左上・右上・右下・左下の順）
  bytes             読み取った内容（base64）
  text, charset     文字列としての内容と文字コード
  readers           内容が一致した読取方式
連結（structured append）されたコードは、各コードの行に加えて、
全部がそろったときに全体の内容を "joined": true の行で出力します。
読み取れなかった場所は標準エラー出力に表示します。
終了コード: 0 すべて読取 / 1 読み取れないものがある / 2 使い方の誤り
`

// line is one line of the command's output.
type line struct {
	File     string        `json:"file"`
	Page     int           `json:"page"`
	Position [4][2]float64 `json:"position"`
	Bytes    []byte        `json:"bytes"`
	Text     string        `json:"text"`
	Charset  Charset       `json:"charset"`
	Unmapped int           `json:"unmapped,omitempty"`
	Readers  []string      `json:"readers"`
	Agree    Agreement     `json:"agree"`
	Second   []byte        `json:"second,omitempty"`
	Append   *Append       `json:"structured_append,omitempty"`
	Joined   bool          `json:"joined,omitempty"`
	ParityOK *bool         `json:"parity_ok,omitempty"`
}

// Main is the command madoguchi qr. exe is the program whose hidden command
// qr-worker decodes; args are the words after "qr". What people read is in
// Japanese on errOut.
func Main(ctx context.Context, exe string, args []string, out, errOut io.Writer) (exit int) {
	return command(ctx, &Reader{Exe: exe, Args: []string{"qr-worker"}, CacheDir: userCache()}, args, out, errOut)
}

// command is Main with a Reader of the caller's.
func command(ctx context.Context, reader *Reader, args []string, out, errOut io.Writer) (exit int) {
	flags := flag.NewFlagSet("qr", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		if _, err := io.WriteString(out, usage); err != nil {
			return exitPart
		}
		return exitRead
	}
	if err != nil || flags.NArg() == 0 {
		return complain(errOut, exitUsage, "%s", usage)
	}
	say := json.NewEncoder(out)
	say.SetEscapeHTML(false)
	for _, name := range flags.Args() {
		exit = max(exit, readOne(ctx, reader, name, say, errOut))
		if ctx.Err() != nil {
			break
		}
	}
	return exit
}

// userCache is where the compiled PDF renderer is kept, "" where the account
// has no such place.
func userCache() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "madoguchi", "pdf")
}

// complain writes for people and gives exit back; when even that fails there
// is nobody left to tell.
func complain(errOut io.Writer, exit int, format string, args ...any) int {
	if _, err := fmt.Fprintf(errOut, format, args...); err != nil {
		return max(exit, exitPart)
	}
	return exit
}

func readOne(ctx context.Context, reader *Reader, name string, say *json.Encoder, errOut io.Writer) int {
	data, err := readFile(name, DefaultLimits().Bytes)
	if err != nil {
		return complain(errOut, exitPart, "%s: ファイルを開けません（%v）\n", name, err)
	}
	file, err := reader.Read(ctx, name, data)
	if err != nil {
		return complain(errOut, exitPart, "%s: 読取を開始または完了できませんでした（%v）\n", name, err)
	}
	if err := printFile(file, say); err != nil {
		return complain(errOut, exitPart, "%s: 結果を出力できません（%v）\n", name, err)
	}
	return report(file, errOut)
}

// readFile reads at most one byte more than limit: enough to be refused by
// size without filling memory.
func readFile(name string, limit int) (data []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, int64(limit)+1))
}

func printFile(file File, say *json.Encoder) error {
	for _, page := range file.Pages {
		for _, c := range page.Codes {
			l := line{File: file.Name, Page: page.Number, Position: position(c.Corners), Bytes: c.Bytes,
				Text: c.Text, Charset: c.Charset, Unmapped: c.Unmapped, Readers: c.Readers(),
				Agree: c.Agree, Second: c.Second, Append: c.Append}
			if err := say.Encode(l); err != nil {
				return err
			}
		}
	}
	for _, j := range file.Joined {
		if j.Bytes == nil {
			continue
		}
		first := file.Pages[j.Parts[0].Page]
		c := first.Codes[j.Parts[0].Code]
		l := line{File: file.Name, Page: first.Number, Position: position(c.Corners), Bytes: j.Bytes,
			Text: j.Text, Charset: j.Charset, Unmapped: j.Unmapped, Readers: Code{Agree: j.Agree}.Readers(),
			Agree: j.Agree, Joined: true, ParityOK: &j.ParityOK}
		if err := say.Encode(l); err != nil {
			return err
		}
	}
	return nil
}

func position(q Quad) (out [4][2]float64) {
	for i, p := range q {
		out[i] = [2]float64{math.Round(p.X*10) / 10, math.Round(p.Y*10) / 10}
	}
	return out
}

// refusalWords are what the command says for each refusal.
var refusalWords = map[Refusal]string{
	TooManyBytes:  "ファイルが大きすぎます。ページを分けて読み取ってください",
	TooManyPages:  "ページが多すぎます。ファイルを分けてください",
	UnknownFormat: "画像ファイルとして認識できません。PNG、JPEG、TIFF、PDF のいずれかにしてください",
	HEIC:          "HEIC 形式の写真は読めません。JPEG、PNG、PDF のいずれかで保存し直してください",
	Locked:        "パスワード付きの PDF は読めません。パスワードを外して保存し直してください",
	Damaged:       "ファイルが壊れているか、途中で切れています",
	TooManyPixels: "画像の画素数が多すぎます。解像度を300dpi程度に下げてください",
	Compression:   "この圧縮形式の画像は読めません。PNG または PDF で保存し直してください",
	TimeLimit:     "制限時間内に読み取れませんでした。スキャンし直すか、手入力してください",
	MemoryLimit:   "メモリの上限を超えたため中止しました。解像度を下げてスキャンし直してください",
	Crashed:       "読取処理が異常終了しました。スキャンし直すか、手入力してください",
}

// report tells on errOut what was not read, or not surely.
func report(file File, errOut io.Writer) (exit int) {
	if file.Refused != "" {
		exit = complain(errOut, exitPart, "%s: %s\n", file.Name, refusalWords[file.Refused])
	}
	for _, page := range file.Pages {
		if page.Refused != "" {
			exit = complain(errOut, exitPart, "%s %dページ: %s\n", file.Name, page.Number, refusalWords[page.Refused])
			continue
		}
		if len(page.Codes) == 0 && len(page.Unread) == 0 {
			exit = complain(errOut, exitPart, "%s %dページ: QRコードが見つかりません\n", file.Name, page.Number)
		}
		for _, q := range page.Unread {
			c := q.center()
			exit = complain(errOut, exitPart, "%s %dページ: QRコードらしい場所がありますが読み取れません（中心 %.0f, %.0f）\n",
				file.Name, page.Number, c.X, c.Y)
		}
		for _, c := range page.Codes {
			if c.Agree == Disagree {
				at := c.Corners.center()
				exit = complain(errOut, exitPart, "%s %dページ: 2つの読取方式の結果が違います。目視で確認してください（中心 %.0f, %.0f）\n",
					file.Name, page.Number, at.X, at.Y)
			}
		}
	}
	for _, j := range file.Joined {
		exit = max(exit, reportJoined(file.Name, j, errOut))
	}
	return exit
}

func reportJoined(name string, j Joined, errOut io.Writer) int {
	switch {
	case j.Conflict:
		return complain(errOut, exitPart, "%s: 連結QRコードに、同じ番号で内容の違うものがあります\n", name)
	case len(j.Missing) > 0:
		return complain(errOut, exitPart, "%s: 連結QRコード%d個のうち%d個が読めていません\n", name, j.Total, len(j.Missing))
	case !j.ParityOK:
		return complain(errOut, exitPart, "%s: 連結QRコードの検査値が合いません。別の組が混ざっていないか確認してください\n", name)
	}
	return exitRead
}
