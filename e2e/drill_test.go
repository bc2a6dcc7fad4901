package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// commandsOf are the commands of one part of a runbook, in their order, as
// people type them. What only sets places and keys is left out.
func commandsOf(t *testing.T, runbook, part string) (commands []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "runbooks", runbook))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\n## "+part)
	if !ok {
		t.Fatalf("%s has no part %s", runbook, part)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	for line := range strings.Lines(rest) {
		if command, ok := strings.CutPrefix(line, "       "); ok && !strings.HasPrefix(command, "export ") {
			commands = append(commands, strings.TrimSpace(command))
		}
	}
	if len(commands) == 0 {
		t.Fatalf("%s, %s: no commands", runbook, part)
	}
	return commands
}

// standsBy starts the machine as one of a pair.
func (n *node) standsBy() {
	n.Helper()
	var err error
	if n.log, err = os.OpenFile(filepath.Join(n.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		n.Fatal(err)
	}
	n.process = n.with("standby", append(n.places(), "--peer", n.peer.start.Public)...)
	n.process.Stdout, n.process.Stderr = n.log, n.log
	if err := n.process.Start(); err != nil {
		n.Fatal(err)
	}
	n.Cleanup(n.end)
}

// TestYearlyDrillAsWritten does what docs/runbooks/drill.md says, on a pair that
// serves meanwhile: what people type once a year must work on that day.
func TestYearlyDrillAsWritten(t *testing.T) {
	at := objectStore(t)
	a, b := &node{town: town{T: t, dir: t.TempDir()}, name: "a", store: at}, &node{town: town{T: t, dir: t.TempDir()}, name: "b", store: at}
	escrow := &node{town: town{T: t, dir: t.TempDir()}}
	a.peer, b.peer = b, a
	for _, n := range []*node{a, b} {
		n.start.Public, n.start.Console = "http://"+freeAddress(t), "http://"+freeAddress(t)
	}
	share(t, at, a, b, escrow)
	a.seed()
	a.standsBy()
	a.awaitReady(time.Minute)
	b.standsBy()
	b.await("standby", time.Minute)

	drill := filepath.Join(t.TempDir(), "drill")
	// Typed, because the shell resolves names: the machine's own program and addresses.
	as := strings.NewReplacer("/tmp/drill", drill, "yesterday 17:00", "2 seconds ago", "/var/lib/madoguchi", b.data(),
		"http://10.0.0.1:8080", a.start.Public, "http://10.0.0.2:8080", b.start.Public)
	run := func(part string) string {
		t.Helper()
		script := as.Replace(strings.Join(commandsOf(t, "drill.md", part), "\n"))
		cmd := exec.CommandContext(t.Context(), "bash", "-euxo", "pipefail", "-c", script)
		cmd.Env = []string{"PATH=" + filepath.Dir(binary) + ":" + os.Getenv("PATH"), "HOME=" + t.TempDir(),
			"MADOGUCHI_DATA=" + drill + "/data", "MADOGUCHI_IDENTITY=" + escrow.identity(), "MADOGUCHI_REPLICA=" + at,
			"AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret-key-of-the-test"}
		text, status := output(t, cmd)
		if status != 0 {
			t.Fatalf("%s: got status %d\n%s", part, status, text)
		}
		return text
	}
	time.Sleep(3 * time.Second) // the copies reach back to when they began
	restored := run("一")
	for _, want := range []string{"データ鍵", "結果", "最も新しい予約は", "反するデータはありません"} {
		if !strings.Contains(restored, want) {
			t.Errorf("got\n%s\nwant %q", restored, want)
		}
	}
	if regexp.MustCompile(`開けません`).MatchString(restored) {
		t.Errorf("got\n%s\nwant every data key opened", restored)
	}
	if _, err := os.Stat(drill); !os.IsNotExist(err) {
		t.Errorf("got %v, want nothing left behind", err)
	}
	if got := a.state() + fmt.Sprint(" ", b.state()); got != "ready standby" {
		t.Fatalf("got %s after the restore, want the pair untouched", got)
	}
	if text := run("二"); !strings.Contains(text, "standby") {
		t.Errorf("got\n%s", text)
	}
	if got := b.state() + fmt.Sprint(" ", a.state()); got != "ready standby" {
		t.Errorf("got %s, want the two exchanged", got)
	}
}
