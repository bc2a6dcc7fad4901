package qr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/tiff"
)

// shell is a Reader whose child is a shell script instead of a decoder: the
// one way to have a child that hangs or dies on demand.
func shell(script string, page time.Duration) *Reader {
	lim := DefaultLimits()
	lim.Page, lim.Open = page, time.Minute
	return &Reader{Exe: "/bin/sh", Args: []string{"-c", script}, Limits: lim}
}

const (
	opens    = `echo '{"format":"tiff","pages":3}';`
	onePage  = `echo '{"page":{"number":1,"codes":[]}}';`
	forever  = `exec sleep 3600`
	notAnEnd = `echo '{"page":'`
)

func TestAHungOrDyingChildCostsOnlyItsPage(t *testing.T) {
	cases := []struct {
		name   string
		script string
		want   Refusal
	}{
		{"a child that hangs is killed at the page's limit", opens + onePage + forever, TimeLimit},
		{"a child that is killed", opens + onePage + `kill -9 $$`, Crashed},
		{"a child that runs out of memory", opens + onePage + `echo 'fatal error: runtime: out of memory' >&2; exit 2`, MemoryLimit},
		{"a child that breaks off in a word", opens + onePage + notAnEnd, Crashed},
		{"a child whose own watch ended it", opens + onePage + `exit 3`, TimeLimit},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := read(t, shell(c.script, 300*time.Millisecond), "list", nil)
			if got.Refused != "" || len(got.Pages) != 3 {
				t.Fatalf("got %+v, want three pages", got)
			}
			// Each child of the script reads one page and fails at the next.
			if got.Pages[0].Refused != "" || got.Pages[1].Refused != c.want || got.Pages[1].Number != 2 || got.Pages[2].Refused != "" {
				t.Errorf("got refusals %q, %q, %q, want only page 2 refused as %q",
					got.Pages[0].Refused, got.Pages[1].Refused, got.Pages[2].Refused, c.want)
			}
		})
	}
}

func TestAFileThatKillsEveryChildIsGivenUp(t *testing.T) {
	many := `echo '{"format":"tiff","pages":200}'; exit 1`
	if got := read(t, shell(many, time.Minute), "list", nil); got.Refused != Crashed {
		t.Errorf("got refusal %q after %d pages, want %q", got.Refused, len(got.Pages), Crashed)
	}
	if got := read(t, shell("exit 1", time.Minute), "list", nil); got.Refused != Crashed || len(got.Pages) != 0 {
		t.Errorf("got %+v, want the file refused", got)
	}
}

func TestAChildThatAsksForAFreshOneGoesOn(t *testing.T) {
	again := opens + onePage + `echo '{"again":true}';` + forever
	got := read(t, shell(again, time.Minute), "list", nil)
	if len(got.Pages) < 3 || got.Pages[2].Refused != "" {
		t.Errorf("got %+v, want all pages from one child after the other", got)
	}
}

func TestTheCallerCanGiveUp(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := shell(opens+forever, time.Hour).Read(ctx, "list", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
}

func TestAMissingProgramIsAnError(t *testing.T) {
	r := &Reader{Exe: "/nonexistent/madoguchi"}
	if _, err := r.Read(context.Background(), "list", nil); err == nil {
		t.Error("got no error, want one for a program that is not there")
	}
}

func TestTheChildSeesNothingOfTheServersEnvironment(t *testing.T) {
	t.Setenv("MADOGUCHI_SECRET", "hidden")
	env := `[ -z "$MADOGUCHI_SECRET" ] && [ -n "$GOMEMLIMIT" ] && echo '{"end":true}'`
	got := read(t, shell(env, time.Minute), "list", nil)
	if got.Refused != "" {
		t.Errorf("got refusal %q, want a child without the secret and with a memory limit", got.Refused)
	}
}

func TestAPictureTooLargeForMemoryIsRefusedAndTheParentLives(t *testing.T) {
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(&b, newGray(4000, 4000)); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name   string
		memory int64
		want   []Refusal
	}{
		{"what can be foreseen is not tried", 32 << 20, []Refusal{MemoryLimit}},
		// The runtime does not always get to say that memory ran out.
		{"the kernel stops what could not be foreseen", 48 << 20, []Refusal{MemoryLimit, Crashed}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := testReader(t)
			r.Limits.Memory = c.memory
			got := read(t, r, "large.png", b.Bytes())
			if len(got.Pages) != 1 || !slices.Contains(c.want, got.Pages[0].Refused) {
				t.Errorf("got %+v, want its page refused as %q", got, c.want)
			}
		})
	}
}

func TestAWorkerGoesOnWhereTheLastOneStopped(t *testing.T) {
	code := encodeTIFF(t, plainPicture(symbol(t, numeric("1")), 4), tiff.Uncompressed)
	last := encodeTIFF(t, plainPicture(symbol(t, numeric("3")), 4), tiff.Uncompressed)
	r := testReader(t)
	file := File{Pages: []Page{{Number: 1}, {Number: 2}}}
	more, err := r.run(context.Background(), &file, chainTIFF(t, code, code, last), r.Limits, func() error { return nil })
	if err != nil || more {
		t.Fatalf("got more %v, error %v, want the file ended", more, err)
	}
	if len(file.Pages) != 3 || file.Pages[2].Number != 3 || len(file.Pages[2].Codes) != 1 || file.Pages[2].Codes[0].Text != "3" {
		t.Errorf("got %+v, want page 3 added", file.Pages)
	}
}

func TestAWorkerWithoutARequestFails(t *testing.T) {
	for _, in := range []string{"", "no JSON\n"} {
		var out bytes.Buffer
		if got := WorkerMain(strings.NewReader(in), &out); got == workerDone || out.Len() != 0 {
			t.Errorf("%q: got exit %d and %q, want a failure", in, got, out.String())
		}
	}
}

func TestOnlySoManyChildrenRunAtOnce(t *testing.T) {
	dir := t.TempDir()
	// Each child fails if it finds another one's mark.
	script := fmt.Sprintf(`mkdir %[1]s/busy || exit 1; sleep 0.05; rmdir %[1]s/busy; echo '{"end":true}'`, dir)
	r := shell(script, time.Minute)
	r.AtOnce = 1
	results := make(chan File)
	for range 4 {
		go func() {
			f, err := r.Read(context.Background(), "list", nil)
			if err != nil {
				f.Refused = Crashed
			}
			results <- f
		}()
	}
	for range 4 {
		if f := <-results; f.Refused != "" {
			t.Errorf("got refusal %q, want children one after the other", f.Refused)
		}
	}
}

func TestReadingIsTakenUpWhereItStopped(t *testing.T) {
	code := func(s string) []byte { return encodeTIFF(t, plainPicture(symbol(t, numeric(s)), 5), tiff.Uncompressed) }
	data := chainTIFF(t, code("111"), code("222"), code("333"))
	r := testReader(t)
	r.Limits.Picture = 120
	stop := errors.New("enough")
	file := File{Name: "list.tif"}
	err := r.Continue(t.Context(), &file, data, func() error {
		if len(file.Pages) == 1 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || len(file.Pages) != 1 || file.Count != 3 {
		t.Fatalf("got %v with %d of %d pages, want it stopped after page 1 of 3", err, len(file.Pages), file.Count)
	}
	if err := r.Continue(t.Context(), &file, data, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"111", "222", "333"} {
		if len(file.Pages) != 3 || len(file.Pages[i].Codes) != 1 || string(file.Pages[i].Codes[0].Bytes) != want {
			t.Fatalf("got %+v, want 111, 222, 333, each once", file.Pages)
		}
		shown, err := jpeg.DecodeConfig(bytes.NewReader(file.Pages[i].Picture))
		if err != nil || max(shown.Width, shown.Height) != 120 {
			t.Errorf("page %d: got a picture of %d × %d (%v), want its longest side 120", i+1, shown.Width, shown.Height, err)
		}
	}
}
