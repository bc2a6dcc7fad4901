package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// node is one machine of a pair: a process, its disk and its addresses.
type node struct {
	town
	name  string
	store string // address of the copies
	peer  *node

	manager *manager // that runs the process, nil where it runs by itself
}

// objectStore runs an S3 server in this process. The torture's is a real one.
func objectStore(t *testing.T) string {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("copies"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	t.Cleanup(server.Close)
	return "s3://copies/pair?region=jp-east-1&endpoint=" + server.URL
}

// share makes the keys of encrypted copies at a place for some machines.
func share(t *testing.T, at string, machines ...*node) {
	t.Helper()
	var recipients []string
	for _, n := range machines {
		text, status := output(t, n.with("keys", "make", n.identity()))
		if status != 0 {
			t.Fatal(text)
		}
		recipients = append(recipients, text[strings.LastIndex(text, "age1"):])
	}
	if text, status := output(t, machines[0].with("keys", append([]string{"wrap", "--replica", at}, recipients...)...)); status != 0 {
		t.Fatal(text)
	}
}

func (n *node) identity() string { return filepath.Join(n.dir, "identity") }

// with is the binary with a command and the keys of the store.
func (n *node) with(name string, args ...string) *exec.Cmd {
	cmd := n.binary(append([]string{name}, args...)...)
	cmd.Env = append(cmd.Env, "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret-key-of-the-test")
	return cmd
}

func (n *node) places() []string {
	args := []string{"--data", n.data(), "--replica", n.store}
	if _, err := os.Stat(n.identity()); err == nil {
		args = append(args, "--identity", n.identity())
	}
	return append(args, "--public", strings.TrimPrefix(n.start.Public, "http://"), "--console", strings.TrimPrefix(n.start.Console, "http://"))
}

// seed fills the data folder and the copies.
func (n *node) seed() {
	n.Helper()
	demo := n.with("demo", append([]string{"--json"}, n.places()...)...)
	if n.manager != nil {
		demo = n.manager.hand(demo)
	}
	out, err := demo.StdoutPipe()
	if err != nil {
		n.Fatal(err)
	}
	if err := demo.Start(); err != nil {
		n.Fatal(err)
	}
	if err := json.NewDecoder(out).Decode(&struct{}{}); err != nil {
		n.Fatal(err)
	}
	if err := demo.Process.Signal(syscall.SIGTERM); err != nil {
		n.Fatal(err)
	}
	if err := demo.Wait(); err != nil {
		n.Fatal(err)
	}
}

// end ends the process however it stands.
func (n *node) end() {
	if n.process == nil {
		return
	}
	n.process.Process.Signal(syscall.SIGCONT) //nolint:errcheck // it may run already
	n.process.Process.Kill()                  //nolint:errcheck // it may have ended
	n.process.Wait()                          //nolint:errcheck // killed
	n.process = nil
	n.log.Close() //nolint:errcheck // only a log
}

func (n *node) signal(s syscall.Signal) {
	n.Helper()
	if err := n.process.Process.Signal(s); err != nil {
		n.Fatal(err)
	}
}

// state is what the machine says of itself: ready, standby, fenced, or why not.
func (n *node) state() string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.start.Public+"/readyz", nil)
	if err != nil {
		return err.Error()
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	text := make([]byte, 64)
	m, _ := resp.Body.Read(text)
	return strings.TrimSpace(string(text[:m]))
}

func (n *node) await(state string, limit time.Duration) time.Duration {
	n.Helper()
	begin := time.Now()
	for n.state() != state {
		if time.Since(begin) > limit {
			if n.process != nil { // else the service manager has it
				n.signal(syscall.SIGQUIT) // what it is doing goes to the log
				time.Sleep(time.Second)
			}
			n.Fatalf("machine %s: got %q after %v, want %q\n%s", n.name, n.state(), limit, state, n.logged())
		}
		time.Sleep(50 * time.Millisecond)
	}
	return time.Since(begin)
}

func (n *node) awaitReady(limit time.Duration) time.Duration {
	n.Helper()
	return n.await("ready", limit)
}

// mostTakeOver is the promise: seconds from the fault to the other serving.
const mostTakeOver = 15 * time.Second
