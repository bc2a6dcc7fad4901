package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"madoguchi/store"
)

// expands is a migration of the next release. Like all, it leaves what there is.
const expands = `ALTER TABLE booking ADD COLUMN interpreter TEXT NOT NULL DEFAULT '';
		CREATE TABLE interpreter (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
		CREATE INDEX interpreter_name ON interpreter (name);`

// release builds the program of a later release: this one with more migrations
// and a version of its own.
func release(t *testing.T, version string, scripts ...string) string {
	t.Helper()
	dir := filepath.Join(filepath.Dir(binary), version)
	if _, err := os.Stat(dir); err == nil {
		return filepath.Join(dir, "madoguchi") // built for an earlier test
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	replace := map[string]string{}
	for i, script := range scripts {
		file := filepath.Join(dir, fmt.Sprint(i, ".sql"))
		if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, "store", "migrations", fmt.Sprintf("%04d_later.sql", store.SchemaVersion()+1+i))] = file
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "madoguchi")
	build := exec.Command("go", "build", "-trimpath", "-overlay", filepath.Join(dir, "overlay.json"), "-ldflags", "-X madoguchi/app.stamp="+version, "-o", program, "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", version, err, out)
	}
	out, err := exec.Command(program, "version").Output()
	if err != nil || !strings.Contains(string(out), version) {
		t.Fatalf("got version %q, %v, want %s", out, err, version)
	}
	return program
}

// expanded is the next release: it adds to the schema.
func expanded(t *testing.T) string {
	t.Helper()
	return release(t, "v9.1.0", expands)
}

// contracted is the release after the next: it takes away what the release of
// today uses, and its database needs the next one at least.
func contracted(t *testing.T) string {
	t.Helper()
	return release(t, "v9.2.0", expands, fmt.Sprintf(`ALTER TABLE booking DROP COLUMN interpreter; UPDATE store_state SET readable_from = %d;`, store.SchemaVersion()+1))
}

// schema is what the machine's database says of itself.
func (n *node) schema() (s store.Schema) {
	n.Helper()
	st, err := store.Open(n.Context(), store.Options{Path: filepath.Join(n.data(), "madoguchi.db"), Guest: true, Readers: 1})
	if err != nil {
		n.Fatal(err)
	}
	s = st.Schema()
	if err := st.Close(); err != nil {
		n.Error(err)
	}
	return s
}

// TestUpgradeAndBackUnderLoad puts the next release in place and takes it back,
// twice, while residents read and book: the release before goes on with the
// database that the next one has expanded.
func TestUpgradeAndBackUnderLoad(t *testing.T) {
	next := expanded(t)
	n := machine(t, "alone", t.TempDir())
	n.seed()
	n.startManaged("serve")
	s, end := n.flow(n.start.Public)
	begin := time.Now()
	for _, program := range []string{next, "", next, ""} {
		time.Sleep(1500 * time.Millisecond)
		n.program = program
		n.restartManaged("serve")
		if want := (store.Schema{Version: store.SchemaVersion() + 1, ReadableFrom: n.schema().ReadableFrom}); n.schema() != want {
			t.Errorf("got schema %+v, want %+v", n.schema(), want)
		}
	}
	time.Sleep(1500 * time.Millisecond)
	end()
	s.report("upgraded and taken back twice", time.Since(begin))
	s.books.mustHold(&n.town, time.Time{})
	if text, status := output(t, n.with("check", n.places()...)); status != 0 || !strings.Contains(text, "以降のプログラムで使えます") {
		t.Errorf("got status %d\n%s\nwant check to go on with the newer schema and to say so", status, text)
	}
}

// TestReleaseIsNotTakenBackOverWhatItTookAway: where the database has lost what
// the release before needs, that one leaves it alone and says why.
func TestReleaseIsNotTakenBackOverWhatItTookAway(t *testing.T) {
	later := contracted(t)
	n := machine(t, "alone", t.TempDir())
	n.seed()
	n.program = later
	if text, status := output(t, n.with("migrate", "--data", n.data())); status != 0 {
		t.Fatalf("migrate: status %d\n%s", status, text)
	}
	n.program = ""
	for _, args := range [][]string{append([]string{"serve"}, n.places()...), append([]string{"check"}, n.places()...), {"staff", "list", "--data", n.data()}} {
		text, status := output(t, n.manager.hand(n.with(args[0], args[1:]...)))
		if status != 1 || !strings.Contains(text, "この版のmadoguchiでは扱えない形に変わっています") {
			t.Errorf("%s: got status %d\n%s\nwant 1 and why", args[0], status, text)
		}
	}
	n.program = later
	n.startManaged("serve")
	n.awaitReady(time.Second)
}

// managedPair is two machines with a store between them and a manager each.
func managedPair(t *testing.T) (a, b *node) {
	t.Helper()
	at := objectStore(t)
	a, b = machine(t, "a", at), machine(t, "b", at)
	a.peer, b.peer = b, a
	share(t, at, a, b)
	a.seed()
	a.startManaged("standby")
	a.awaitReady(time.Second)
	b.startManaged("standby")
	b.await("standby", time.Second)
	return a, b
}

// TestRollingUpgradeOfThePair puts the next release on both machines and takes
// it back from both, one after the other, under load: nobody is refused, and the
// machine that serves goes on serving.
func TestRollingUpgradeOfThePair(t *testing.T) {
	next := expanded(t)
	a, b := managedPair(t)
	s, end := a.flow(a.start.Public)
	begin := time.Now()
	for _, step := range []struct {
		n       *node
		program string
	}{{b, next}, {a, next}, {b, ""}, {a, ""}} {
		time.Sleep(1500 * time.Millisecond)
		step.n.program = step.program
		step.n.restartManaged("standby")
	}
	time.Sleep(1500 * time.Millisecond)
	end()
	s.report("both machines upgraded and taken back", time.Since(begin))
	if a.state() != "ready" || b.state() != "standby" {
		t.Errorf("got a %q and b %q, want the same roles as before", a.state(), b.state())
	}
	s.books.mustHold(&a.town, time.Time{})

	// The machine with the older release takes over what the newer has expanded.
	a.program = next
	a.restartManaged("standby")
	a.kill()
	b.awaitReady(mostTakeOver)
	s.books.mustHold(&b.town, time.Time{})
	if got := b.schema().Version; got != store.SchemaVersion()+1 {
		t.Errorf("got schema %d after the take-over, want %d", got, store.SchemaVersion()+1)
	}
}

// TestStandbyDoesNotFenceForASchemaItCannotRead: with a release that cannot work
// on the other's database, a standby leaves the other alone, also when asked to
// take over.
func TestStandbyDoesNotFenceForASchemaItCannotRead(t *testing.T) {
	later := contracted(t)
	a, b := managedPair(t)
	a.program = later
	a.restartManaged("standby")
	a.awaitReady(time.Second)
	time.Sleep(3 * time.Second) // a heartbeat, and a look at it
	if text, status := output(t, b.with("promote", "--data", b.data())); status != 0 {
		t.Fatalf("promote: status %d\n%s", status, text)
	}
	time.Sleep(3 * time.Second)
	if a.state() != "ready" || b.state() != "standby" || !strings.Contains(b.logged(), "引き継げません") {
		t.Errorf("got a %q and b %q, want no take-over and b to say why\n%s", a.state(), b.state(), b.logged())
	}
}
