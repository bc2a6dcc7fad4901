// Package torture puts pairs of the built binary through every fault that a
// town hall may meet, while residents book, and holds what was answered against
// what is there afterwards.
//
// The machines are processes, each in a network namespace of its own where this
// is root and with proxies in between where it is not. The store is versitygw,
// behind toxiproxy and behind a front that can fail requests and take away what
// makes a write conditional. The binary is the product's own; only the standard
// library's time.Now is built so that a file can shift it, as a wrong clock does.
package torture

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var (
	rounds   = flag.Int("rounds", 0, "rounds over all pairs; 0 is each kind of fault once")
	pairs    = flag.Int("pairs", 6, "pairs that run side by side")
	seed     = flag.Uint64("seed", 0, "chooses the rounds; 0 draws one")
	limit    = flag.Duration("limit", 0, "longest take-over; 0 only shows it")
	only     = flag.String("only", "", "kinds of faults, separated by semicolons")
	plain    = flag.Bool("plain", false, "plain processes also where this is root")
	keep     = flag.Bool("keep", false, "keep the folders of rounds that went well, too")
	toolsDir = flag.String("tools", "../../bin", "where versitygw and toxiproxy's server are")
)

var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	// Pairs wait most of the time: as many as wanted run side by side.
	if err := flag.Set("test.parallel", fmt.Sprint(max(1, *pairs))); err != nil {
		panic(err)
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "madoguchi-torture-binary-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		if binary, err = build(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// shiftedNow is put into the standard library's time package: Now is off by as
// many seconds as Shift says. The monotonic clock, by which the program
// measures how long something takes, is left alone, as a step of the machine's
// clock leaves it alone.
const shiftedNow = `
var shift = new(int64)

// Shift makes Now wrong by some seconds.
func Shift(seconds int64) { *shift = seconds }
`

// watchClock is put into the product's main package.
const watchClock = `package main

import (
	"os"
	"strconv"
	"strings"
	"time"
)

func init() {
	path := os.Getenv("TORTURE_CLOCK")
	read := func() {
		if text, err := os.ReadFile(path); err == nil {
			if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
				time.Shift(n)
			}
		}
	}
	read()
	go func() {
		for range time.Tick(50 * time.Millisecond) {
			read()
		}
	}()
}
`

// build makes the binary, with a clock that can be put wrong.
func build(dir string) (string, error) {
	top, err := filepath.Abs("../..")
	if err != nil {
		return "", err
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	library := filepath.Join(strings.TrimSpace(string(root)), "src", "time", "time.go")
	text, err := os.ReadFile(library)
	if err != nil {
		return "", err
	}
	const where = "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n"
	patched := strings.Replace(string(text), where, where+"\tsec += *shift\n", 1)
	if patched == string(text) {
		return "", fmt.Errorf("%s: time.Now does not look as this test knows it; put the shift where it belongs now", library)
	}
	replace := map[string]string{}
	for at, what := range map[string]string{library: patched + shiftedNow, filepath.Join(top, "torture_clock.go"): watchClock} {
		file := filepath.Join(dir, filepath.Base(at))
		if err := os.WriteFile(file, []byte(what), 0o600); err != nil {
			return "", err
		}
		replace[at] = file
	}
	overlay := filepath.Join(dir, "overlay.json")
	text, err = json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		return "", err
	}
	made := filepath.Join(dir, "madoguchi")
	begin := time.Now()
	cmd := exec.Command("go", "build", "-trimpath", "-overlay", overlay, "-o", made, ".")
	cmd.Dir, cmd.Env = top, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	fmt.Printf("binary built in %v\n", time.Since(begin).Round(time.Second))
	return made, nil
}
