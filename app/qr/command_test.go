package qr

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// runCommand runs madoguchi qr on files given by content and gives its lines.
func runCommand(t *testing.T, files ...[]byte) (exit int, lines []line, said string) {
	t.Helper()
	var args []string
	for i, f := range files {
		name := filepath.Join(t.TempDir(), "list"+string(rune('1'+i)))
		if err := os.WriteFile(name, f, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	var out, errOut bytes.Buffer
	exit = command(context.Background(), testReader(t), args, &out, &errOut)
	dec := json.NewDecoder(&out)
	for dec.More() {
		var l line
		if err := dec.Decode(&l); err != nil {
			t.Fatalf("decode output: %v", err)
		}
		lines = append(lines, l)
	}
	return exit, lines, errOut.String()
}

// beside puts pictures next to each other on white paper.
func beside(pics ...*image.Gray) *image.Gray {
	w, h := 0, 0
	for _, p := range pics {
		w += p.Rect.Dx()
		h = max(h, p.Rect.Dy())
	}
	out := newGray(w, h)
	for i := range out.Pix {
		out.Pix[i] = 255
	}
	x := 0
	for _, p := range pics {
		for y := range p.Rect.Dy() {
			copy(out.Pix[y*w+x:], p.Pix[y*p.Stride:(y+1)*p.Stride])
		}
		x += p.Rect.Dx()
	}
	return out
}

func TestTheCommandPrintsALineForEveryCode(t *testing.T) {
	sheet := beside(plainPicture(symbol(t, numeric("0244500012345"), plainBytes(sjis(t, ",髙﨑"))), 5),
		plainPicture(symbol(t, eci(26), plainBytes("<南部&町>")), 5))
	exit, lines, said := runCommand(t, encodePNG(t, sheet))
	if exit != exitRead || said != "" || len(lines) != 2 {
		t.Fatalf("got exit %d, %d lines, %q, want two lines and nothing to say", exit, len(lines), said)
	}
	first := lines[0]
	if string(first.Bytes) != "0244500012345"+sjis(t, ",髙﨑") || first.Text != "0244500012345,髙﨑" || first.Charset != CP932 {
		t.Errorf("got %q (%s) from bytes %q, want 0244500012345,髙﨑 in CP932", first.Text, first.Charset, first.Bytes)
	}
	if first.Page != 1 || !slices.Equal(first.Readers, []string{FirstReader, SecondReader}) {
		t.Errorf("got page %d, readers %v, want page 1 and both readers", first.Page, first.Readers)
	}
	if p := first.Position; p[0][0] < 15 || p[0][0] > 25 || p[1][0] <= p[0][0] || p[2][1] <= p[1][1] {
		t.Errorf("got position %v, want corners from the upper left, 20 pixels in", p)
	}
	if lines[1].Text != "<南部&町>" || lines[1].Charset != UTF8 {
		t.Errorf("got %q (%s), want <南部&町> in UTF-8", lines[1].Text, lines[1].Charset)
	}
}

func TestFivePartsGiveFiveLinesAndTheWholeMessage(t *testing.T) {
	all := "青森県三戸郡南部町大字苫米地字下宿23番地1,髙橋﨑子"
	p := parityOf(all)
	var pics []*image.Gray
	size := (len(all) + 4) / 5
	for i := range 5 {
		pics = append(pics, plainPicture(symbol(t, part(i, 5, p), plainBytes(all[i*size:min((i+1)*size, len(all))])), 4))
	}
	slices.Reverse(pics)
	exit, lines, said := runCommand(t, encodePNG(t, beside(pics...)))
	if exit != exitRead || len(lines) != 6 {
		t.Fatalf("got exit %d, %d lines (%q), want five parts and the whole", exit, len(lines), said)
	}
	whole := lines[5]
	if !whole.Joined || whole.Text != all || string(whole.Bytes) != all || whole.ParityOK == nil || !*whole.ParityOK {
		t.Errorf("got %+v, want %q joined", whole, all)
	}
	if a := lines[0].Append; a == nil || a.Index != 4 || a.Total != 5 {
		t.Errorf("got %v for the leftmost code, want part 4 of 5", a)
	}

	exit, lines, said = runCommand(t, encodePNG(t, beside(pics[:4]...)))
	if exit != exitPart || len(lines) != 4 || !strings.Contains(said, "連結") {
		t.Errorf("got exit %d, %d lines, %q, want four parts and a complaint", exit, len(lines), said)
	}
}

func TestTheCommandSaysInJapaneseWhatItCannotRead(t *testing.T) {
	blank := newGray(300, 300)
	for i := range blank.Pix {
		blank.Pix[i] = 255
	}
	cases := []struct {
		name string
		file []byte
		want string
	}{
		{"a blank page", encodePNG(t, blank), "QRコードが見つかりません"},
		{"a code too damaged", encodePNG(t, ruined(t)), "QRコードらしい場所"},
		{"a photograph in HEIC", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), "HEIC"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			exit, lines, said := runCommand(t, c.file)
			if exit != exitPart || len(lines) != 0 || !strings.Contains(said, c.want) {
				t.Errorf("got exit %d, %d lines, %q, want exit %d and %q", exit, len(lines), said, exitPart, c.want)
			}
		})
	}
	var out, errOut bytes.Buffer
	if exit := Main(context.Background(), "", nil, &out, &errOut); exit != exitUsage || !strings.Contains(errOut.String(), "使い方") {
		t.Errorf("no files: got exit %d, %q, want %d and the usage", exit, errOut.String(), exitUsage)
	}
	if exit := Main(context.Background(), "", []string{"/nonexistent"}, &out, &errOut); exit != exitPart {
		t.Errorf("missing file: got exit %d, want %d", exit, exitPart)
	}
	if exit := Main(context.Background(), "", []string{"-h"}, &out, &errOut); exit != exitRead || !strings.Contains(out.String(), "使い方") {
		t.Errorf("-h: got exit %d, want %d and the usage", exit, exitRead)
	}
}

// ruined is a code with a third of its data under a stain: its finders and
// timing stand, its value is gone.
func ruined(t *testing.T) *image.Gray {
	t.Helper()
	g := plainPicture(symbolFrom(t, 4, plainBytes("02445-000123")), 6)
	side := g.Rect.Dx()
	for y := side * 4 / 10; y < side*9/10; y++ {
		for x := side * 4 / 10; x < side*8/10; x++ {
			if (x/6*7+y/6*13)%5 < 2 {
				g.Pix[y*side+x] = 255 - g.Pix[y*side+x]
			}
		}
	}
	return g
}

func TestARuinedCodeIsLocatedSoThatAPersonCanTypeIt(t *testing.T) {
	good := plainPicture(symbol(t, numeric("123")), 6)
	bad := ruined(t)
	got := read(t, testReader(t), "list", encodePNG(t, beside(good, bad)))
	if len(got.Pages) != 1 || len(got.Pages[0].Codes) != 1 || len(got.Pages[0].Unread) != 1 {
		t.Fatalf("got %+v, want one code and one place unread", got)
	}
	middle := Point{float64(good.Rect.Dx()) + float64(bad.Rect.Dx())/2, float64(bad.Rect.Dy()) / 2}
	if at := got.Pages[0].Unread[0].center(); distance(at, middle) > 12 {
		t.Errorf("got the unread place at %v, want it near %v", at, middle)
	}
}

func TestEveryRefusalHasWords(t *testing.T) {
	for _, r := range []Refusal{TooManyBytes, TooManyPages, UnknownFormat, HEIC, Locked, Damaged,
		TooManyPixels, Compression, TimeLimit, MemoryLimit, Crashed} {
		if refusalWords[r] == "" {
			t.Errorf("got no words for %q, want a sentence", r)
		}
	}
}
