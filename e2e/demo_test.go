// Package e2e uses the built binary as people do: residents and staff in a real
// browser, many residents at once over HTTP, operators with kill and restore.
package e2e

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"madoguchi/app/bench"
	"madoguchi/store"
)

var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "madoguchi-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "madoguchi")
		build := exec.Command("go", "build", "-trimpath", "-o", binary, "..")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// town is one running "madoguchi demo".
type town struct {
	*testing.T
	dir     string
	program string   // "" for the one of this release
	extra   []string // further settings
	process *exec.Cmd
	log     *os.File
	start   struct {
		Public, Console string
		StaffID         string `json:"staff_id"`
		Password        string
		Notices         []struct {
			Number    string
			BirthDate string `json:"birth_date"`
		}
		Payloads []string
		List     string // a picture of a list page with the codes of Payloads
	}
}

// run starts the demo in a folder of its own.
func run(t *testing.T) *town {
	t.Helper()
	w := &town{T: t, dir: t.TempDir()}
	w.up()
	t.Cleanup(w.down)
	return w
}

func (w *town) data() string    { return filepath.Join(w.dir, "data") }
func (w *town) replica() string { return filepath.Join(w.dir, "replica") }

// command is the binary with a command and this town's folders.
func (w *town) command(name string, args ...string) *exec.Cmd {
	return w.binary(append([]string{name, "--data", w.data(), "--replica", w.replica()}, args...)...)
}

// binary is the binary with arguments, in an environment of its own.
func (w *town) binary(args ...string) *exec.Cmd {
	cmd := exec.Command(cmp.Or(w.program, binary), args...)
	cmd.Dir = w.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir}
	return cmd
}

// up starts the demo, anew or again, and reads where it is.
func (w *town) up() {
	w.Helper()
	var err error
	if w.log, err = os.OpenFile(filepath.Join(w.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		w.Fatal(err)
	}
	w.process = w.command("demo", append([]string{"--json", "--public", "127.0.0.1:0", "--console", "127.0.0.1:0"}, w.extra...)...)
	w.process.Stderr = w.log
	out, err := w.process.StdoutPipe()
	if err != nil {
		w.Fatal(err)
	}
	if err := w.process.Start(); err != nil {
		w.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		w.down()
		w.Fatalf("the demo said nothing: %v\n%s", err, w.logged())
	}
	if err := json.Unmarshal(line, &w.start); err != nil {
		w.Fatalf("first line %q: %v", line, err)
	}
}

// down ends the demo as a service manager does and expects it to end well.
func (w *town) down() {
	w.Helper()
	if w.process == nil {
		return
	}
	process := w.process
	w.process = nil
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		w.Errorf("end the demo: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- process.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			w.Errorf("the demo ended with %v\n%s", err, w.logged())
		}
	case <-time.After(20 * time.Second):
		w.Errorf("the demo does not end: %v", process.Process.Kill())
	}
	if err := w.log.Close(); err != nil {
		w.Error(err)
	}
}

// kill ends the demo as a power cut ends a process.
func (w *town) kill() {
	w.Helper()
	if err := w.process.Process.Kill(); err != nil {
		w.Fatal(err)
	}
	var exit *exec.ExitError
	if err := w.process.Wait(); !errors.As(err, &exit) {
		w.Fatal(err)
	}
	w.process = nil
	if err := w.log.Close(); err != nil {
		w.Error(err)
	}
}

func (w *town) logged() string {
	text, err := os.ReadFile(filepath.Join(w.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// read looks into the database itself, beside the running demo.
func (w *town) read(fn func(*store.Tx) error) {
	w.Helper()
	st, err := store.Open(context.Background(), store.Options{Path: filepath.Join(w.data(), "madoguchi.db"), Guest: true, Readers: 1})
	if err != nil {
		w.Fatal(err)
	}
	err = st.Read(context.Background(), fn)
	if err := errors.Join(err, st.Close()); err != nil {
		w.Fatal(err)
	}
}

// unbooked lists people who may book: their cards are not issued and they have
// no live booking.
func (w *town) unbooked(n int) []bench.Person {
	w.Helper()
	var people []bench.Person
	w.read(func(tx *store.Tx) (err error) {
		people, err = store.All[bench.Person](tx, `SELECT card.notice_number AS number, recipient.birth AS birth_date
			FROM card JOIN recipient ON recipient.id = card.recipient_id
			WHERE card.issued_at IS NULL AND (SELECT needs_booking FROM issue_kind WHERE code = card.issue_kind) = 1 AND recipient.birth NOT LIKE '%-00%'
			  AND NOT EXISTS (SELECT 1 FROM booking WHERE card_id = card.id AND state = 'booked') ORDER BY card.id LIMIT ?`, n)
		return err
	})
	if len(people) < n {
		w.Fatalf("got %d people without a booking, want %d", len(people), n)
	}
	return people
}

// output runs a command of the binary to its end.
func output(t *testing.T, cmd *exec.Cmd) (text string, status int) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out)), cmd.ProcessState.ExitCode()
}
