package qr

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// testReader starts this test program as the child. Its page limit leaves room
// for the race detector.
func testReader(t testing.TB) *Reader {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	lim := DefaultLimits()
	lim.Page, lim.Open = 3*time.Minute, 5*time.Minute
	return &Reader{Exe: exe, Args: []string{"qr-worker"}, Limits: lim}
}

func read(t testing.TB, r *Reader, name string, data []byte) File {
	t.Helper()
	f, err := r.Read(context.Background(), name, data)
	if err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	return f
}

// tally counts over pages.
type tally struct {
	pages, printed, read, wrong, agreed, disagreed, idle int
	took, cpu                                            time.Duration // cpu is the children's processor time
}

func (a *tally) add(b tally) {
	a.pages += b.pages
	a.printed += b.printed
	a.read += b.read
	a.wrong += b.wrong
	a.agreed += b.agreed
	a.disagreed += b.disagreed
	a.idle += b.idle
	a.took += b.took
	a.cpu += b.cpu
}

func (a *tally) log(t *testing.T, name string) {
	t.Helper()
	t.Logf("%-50s read %4d of %4d (%5.1f%%)  wrong %d  agreed %4d  disagreed %d  idle %d  %4d ms (cpu %4d ms) a page", name,
		a.read, a.printed, 100*float64(a.read)/float64(a.printed), a.wrong, a.agreed, a.disagreed, a.idle,
		a.took.Milliseconds()/int64(a.pages), a.cpu.Milliseconds()/int64(a.pages))
}

// compareSheet counts what the command's lines have of the codes of s, and the
// places of which it says that they are unread. A value that is not printed at
// its place is wrong.
func compareSheet(s sheet, e exposure, lines []line, said string) tally {
	c := tally{pages: 1, printed: len(s.codes), idle: strings.Count(said, "QRコードらしい場所")}
	at := map[int]bool{}
	for _, l := range lines {
		var q Quad
		for i, p := range l.Position {
			q[i] = Point{p[0], p[1]}
		}
		right := false
		for i, p := range s.codes {
			if q.contains(e.place(p.center)) && string(l.Bytes) == p.value {
				at[i], right = true, true
			}
		}
		if !right {
			c.wrong++
		}
		switch l.Agree {
		case Agreed:
			c.agreed++
		case Disagree:
			c.disagreed++
		}
	}
	c.read = len(at)
	return c
}

// childrenTime is the processor time of all ended children. On a busy machine
// it tells more than the clock.
func childrenTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// evaluateAll is the environment variable that makes TestEvaluate go through
// every kind of page in every condition instead of a sample.
const evaluateAll = "MADOGUCHI_QR_EVALUATE"

func TestEvaluatePagesAreReadAndNoValueIsWrong(t *testing.T) {
	all := os.Getenv(evaluateAll) != ""
	kinds := layouts()
	if !all {
		kinds = kinds[5:] // text touching the codes, and all modes
	}
	ways := degradations()
	sums := make([]tally, len(ways))
	for _, l := range kinds {
		s := draw(t, l)
		for i, d := range ways {
			if !all && !strings.HasPrefix(d.name, "200 dpi scan") && !strings.HasPrefix(d.name, "photograph 3") {
				continue
			}
			e := d.apply(s)
			data := e.file(t)
			start, before := time.Now(), childrenTime(t)
			_, lines, said := runCommand(t, data)
			c := compareSheet(s, e, lines, said)
			c.took, c.cpu = time.Since(start), childrenTime(t)-before
			c.log(t, l.name+", "+d.name)
			sums[i].add(c)
		}
	}
	for i, d := range ways {
		sum := sums[i]
		if sum.pages == 0 {
			continue
		}
		sum.log(t, "ALL PAGES, "+d.name)
		if got := float64(sum.read) / float64(sum.printed); got < d.least {
			t.Errorf("%s: got %.2f%% of the codes, want at least %.1f%%", d.name, 100*got, 100*d.least)
		}
		if sum.wrong != 0 {
			t.Errorf("%s: got %d wrong values, want none", d.name, sum.wrong)
		}
	}
}
