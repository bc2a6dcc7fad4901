package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// byHand are two machines with one store; the first has the demo's town.
func byHand(t *testing.T) (a, b *node) {
	t.Helper()
	at := objectStore(t)
	a = &node{town: town{T: t, dir: t.TempDir()}, name: "a", store: at}
	b = &node{town: town{T: t, dir: t.TempDir()}, name: "b", store: at}
	a.peer, b.peer = b, a
	for _, n := range []*node{a, b} {
		n.start.Public, n.start.Console = "http://"+freeAddress(t), "http://"+freeAddress(t)
	}
	share(t, at, a, b)
	a.seed()
	a.upByHand()
	a.awaitReady(60 * time.Second)
	b.upByHand()
	t.Cleanup(func() { a.end(); b.end() })
	return a, b
}

// upByHand starts a machine that takes over only when a person says so.
func (n *node) upByHand() {
	n.Helper()
	n.standBy("--manual")
}

// standBy starts a machine of a pair.
func (n *node) standBy(args ...string) {
	n.Helper()
	var err error
	if n.log, err = os.OpenFile(filepath.Join(n.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		n.Fatal(err)
	}
	n.process = n.with("standby", append(append(n.places(), "--peer", n.peer.start.Public), args...)...)
	n.process.Stdout, n.process.Stderr = n.log, n.log
	if err := n.process.Start(); err != nil {
		n.Fatal(err)
	}
}

// does runs one command of the operator's on this machine, and returns what
// it says.
func (n *node) does(wantStatus int, name string, args ...string) string {
	n.Helper()
	where := []string{"--data", n.data()}
	if name == "fence" {
		where = []string{"--replica", n.store, "--identity", n.identity()}
	}
	text, status := output(n.T, n.with(name, append(where, args...)...))
	if status != wantStatus {
		n.Fatalf("%s: got status %d, want %d: %s", name, status, wantStatus, text)
	}
	return text
}

// stays demands that a machine is in a state for as long.
func (n *node) stays(state string, d time.Duration) {
	n.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if got := n.state(); got != state {
			n.Fatalf("machine %s: got %q, want it to stay %q\n%s", n.name, got, state, n.logged())
		}
	}
}

// TestOperatorSwitchesByHand is what docs/runbooks/pair.md tells an operator to
// do: promote the one that stands by, and fence the one that cannot be stopped.
func TestOperatorSwitchesByHand(t *testing.T) {
	a, b := byHand(t)
	b.await("standby", 30*time.Second)
	c := newCrowd()
	wait := c.run(&a.town, a.unbooked(4), a.free(20))
	c.work(t, 500*time.Millisecond)

	// A planned switch: nothing that was answered is lost, and the one before
	// stands by.
	if text := b.does(0, "promote"); !strings.Contains(text, "頼みました") {
		t.Errorf("got %q", text)
	}
	b.awaitReady(60 * time.Second)
	a.await("standby", 60*time.Second)
	wait()
	c.mustHold(&b.town, time.Time{})
	// Where nobody stands by, promote says so and leaves nothing that counts later.
	if text := b.does(1, "promote"); !strings.Contains(text, "応答しません") {
		t.Errorf("got %q, want it to say that nobody answers", text)
	}
	b.stays("ready", time.Second)

	// With --manual a machine that is lost is not succeeded by itself.
	b.kill()
	a.stays("standby", 12*time.Second)
	if !strings.Contains(a.logged(), "madoguchi promote で引き継いでください") {
		t.Errorf("the log does not say what to do:\n%s", a.logged())
	}
	a.does(0, "promote")
	a.awaitReady(60 * time.Second)
	c.mustHold(&a.town, time.Time{})

	// fence needs to be meant; then nobody serves until a person decides.
	b.upByHand()
	b.await("standby", 60*time.Second)
	if text := b.does(2, "fence"); !strings.Contains(text, "--yes") {
		t.Errorf("got %q, want it to ask for --yes", text)
	}
	a.stays("ready", 2*time.Second)
	if text := b.does(0, "fence", "--yes"); !strings.Contains(text, "閉じました") {
		t.Errorf("got %q", text)
	}
	a.await("standby", 60*time.Second)
	a.stays("standby", 14*time.Second)
	b.stays("standby", time.Second)
	b.does(0, "promote")
	b.awaitReady(60 * time.Second)
	c.mustHold(&b.town, time.Time{})
}
