package e2e

import (
	"cmp"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// manager runs the program as systemd does: it holds the sockets and keeps them
// over restarts, and it hears what the process says of itself.
type manager struct {
	*testing.T
	sockets          []*os.File
	public, console  string // addresses of the sockets
	notices          *net.UnixConn
	watchdog         time.Duration // as WatchdogSec=
	mu               sync.Mutex
	heard            []string // since the last start
	lastAlive, ready time.Time
}

func manage(t *testing.T, watchdog time.Duration) *manager {
	t.Helper()
	m := &manager{T: t, watchdog: watchdog}
	m.listen()
	// Not below t.TempDir: the name of a socket is short.
	dir, err := os.MkdirTemp("", "notify-")
	if err != nil {
		t.Fatal(err)
	}
	m.notices, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "s"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	go m.hear()
	t.Cleanup(func() {
		m.shut()
		if err := errors.Join(m.notices.Close(), os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
	})
	return m
}

// listen opens the sockets where they are not, at the addresses they had before.
func (m *manager) listen() {
	m.Helper()
	if m.sockets != nil {
		return
	}
	for _, at := range []*string{&m.public, &m.console} {
		l, err := net.Listen("tcp", cmp.Or(*at, "127.0.0.1:0"))
		if err != nil {
			m.Fatal(err)
		}
		*at = l.Addr().String()
		file, err := l.(*net.TCPListener).File()
		if err := errors.Join(err, l.Close()); err != nil {
			m.Fatal(err)
		}
		m.sockets = append(m.sockets, file)
	}
}

// shut closes the sockets: the units are stopped, or the whole machine is gone.
func (m *manager) shut() {
	m.Helper()
	for _, f := range m.sockets {
		if err := f.Close(); err != nil {
			m.Error(err)
		}
	}
	m.sockets = nil
}

func (m *manager) hear() {
	text := make([]byte, 4096)
	for {
		n, err := m.notices.Read(text)
		if err != nil {
			return // closed
		}
		m.mu.Lock()
		for line := range strings.Lines(string(text[:n])) {
			line = strings.TrimSpace(line)
			m.heard = append(m.heard, line)
			switch line {
			case "READY=1":
				m.ready = time.Now()
			case "WATCHDOG=1":
				m.lastAlive = time.Now()
			}
		}
		m.mu.Unlock()
	}
}

// hand gives a command what systemd gives it. The process id that the sockets
// are for is known only to the process itself.
func (m *manager) hand(cmd *exec.Cmd) *exec.Cmd {
	m.mu.Lock()
	m.heard, m.ready, m.lastAlive = nil, time.Time{}, time.Time{}
	m.mu.Unlock()
	handed := exec.Command("sh", append([]string{"-c", `LISTEN_PID=$$ WATCHDOG_PID=$$ exec "$0" "$@"`}, cmd.Args...)...)
	handed.Dir = cmd.Dir
	handed.Env = append(cmd.Env, "LISTEN_FDS=2", "LISTEN_FDNAMES=public:console", "NOTIFY_SOCKET="+m.notices.LocalAddr().String())
	if m.watchdog > 0 {
		handed.Env = append(handed.Env, "WATCHDOG_USEC="+strconv.FormatInt(m.watchdog.Microseconds(), 10))
	}
	handed.ExtraFiles = m.sockets
	return handed
}

func (m *manager) has(said string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Contains(m.heard, said)
}

func (m *manager) await(said string, limit time.Duration) {
	m.Helper()
	ctx, cancel := context.WithTimeout(m.Context(), limit)
	defer cancel()
	for !m.has(said) {
		select {
		case <-ctx.Done():
			m.mu.Lock()
			defer m.mu.Unlock()
			m.Fatalf("got %q after %v, want %s", m.heard, limit, said)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// silent is how long ago the process has last given a sign of life.
func (m *manager) silent() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Since(m.lastAlive)
}

// startManaged starts the machine's process under its manager and waits until
// it says that it is ready, as systemctl start does.
func (n *node) startManaged(command string) {
	n.Helper()
	var err error
	if n.log, err = os.OpenFile(filepath.Join(n.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		n.Fatal(err)
	}
	args := n.places()
	if command == "standby" {
		args = append(args, "--peer", n.peer.start.Public)
	}
	n.manager.listen()
	n.process = n.manager.hand(n.with(command, args...))
	n.process.Stdout, n.process.Stderr = n.log, n.log
	if err := n.process.Start(); err != nil {
		n.Fatal(err)
	}
	n.manager.await("READY=1", 30*time.Second)
}

// restartManaged is systemctl restart: the old process is told to end and the
// new one starts once it has. It returns how long nobody was there.
func (n *node) restartManaged(command string) (away time.Duration) {
	n.Helper()
	n.signal(syscall.SIGTERM)
	begin := time.Now()
	if err := n.process.Wait(); err != nil {
		n.Fatalf("machine %s ended with %v\n%s", n.name, err, n.logged())
	}
	ended := time.Now()
	n.manager.await("STOPPING=1", time.Second)
	if err := n.log.Close(); err != nil {
		n.Error(err)
	}
	n.startManaged(command)
	n.Logf("machine %s: ended in %v, ready again %v later", n.name, ended.Sub(begin).Round(time.Millisecond), time.Since(ended).Round(time.Millisecond))
	return time.Since(ended)
}
