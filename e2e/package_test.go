package e2e

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"madoguchi/store"
)

// booted is a machine with systemd as its first process.
type booted struct {
	node
	shared string // folder that this test and the machine see
	first  string // its first process, as this machine numbers it
}

// boot starts a machine. It has its own processes, files and control groups, and
// shares the network with this one.
func boot(t *testing.T) *booted {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("to boot a machine of its own for the package, this test must be run by root")
	}
	m := &booted{node: node{town: town{T: t, dir: t.TempDir()}, name: "booted"}}
	m.shared = m.dir
	for _, dir := range []string{"files", "data"} {
		if err := os.Mkdir(filepath.Join(m.shared, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	outer := exec.Command("unshare", "--pid", "--mount", "--cgroup", "--ipc", "--uts", "--fork", "--kill-child", "sh", "testdata/machine.sh", m.shared)
	log, err := os.Create(filepath.Join(m.dir, "boot.log"))
	if err != nil {
		t.Fatal(err)
	}
	outer.Stdout, outer.Stderr = log, log
	if err := errors.Join(outer.Start(), log.Close()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		outer.Process.Kill() //nolint:errcheck // and with it all that runs in the machine
		outer.Wait()         //nolint:errcheck // killed
	})
	children := filepath.Join("/proc", strconv.Itoa(outer.Process.Pid), "task", strconv.Itoa(outer.Process.Pid), "children")
	for begin := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		if text, err := os.ReadFile(children); err == nil && len(text) > 0 {
			m.first = strings.TrimSpace(string(text))
			if out, err := m.try("systemctl", "is-system-running"); err == nil {
				return m
			} else if time.Since(begin) > 30*time.Second {
				text, _ := os.ReadFile(log.Name())
				t.Fatalf("the machine does not boot: %s\n%s", out, text)
			}
		} else if time.Since(begin) > 30*time.Second {
			t.Fatal("the machine does not boot")
		}
	}
}

// try runs a command in the machine.
func (m *booted) try(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(m.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "nsenter", append([]string{"-t", m.first, "-m", "-p", "-C", "-i", "-u", "-r", "-w"}, args...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "SYSTEMD_PAGER=cat", "SYSTEMD_COLORS=0"}
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (m *booted) do(args ...string) string {
	m.Helper()
	out, err := m.try(args...)
	if err != nil {
		journal, _ := m.try("journalctl", "-u", "madoguchi", "-n", "20", "-o", "cat")
		m.Fatalf("%s: %v\n%s\n%s", strings.Join(args, " "), err, out, journal)
	}
	return out
}

// must demands that a command prints something.
func (m *booted) must(want string, args ...string) {
	m.Helper()
	if got := m.do(args...); !strings.Contains(got, want) {
		m.Errorf("%s: got\n%s\nwant %q", strings.Join(args, " "), got, want)
	}
}

// packaged builds the Debian package of a version, of a later release if there
// are further migrations, into the machine's folder.
func (m *booted) packaged(version string, later func(*testing.T) string) {
	m.Helper()
	build := exec.Command("make", "-s", "-C", "..", "deb", "VERSION="+version, "DEB="+filepath.Join(m.shared, "files"))
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if later != nil {
		build.Env = append(build.Env, "GOFLAGS=-overlay="+filepath.Join(filepath.Dir(later(m.T)), "overlay.json"))
	}
	if out, err := build.CombinedOutput(); err != nil {
		m.Fatalf("make deb: %v\n%s", err, out)
	}
}

// TestPackageOnAMachine does with the Debian package what the runbooks say, on a
// machine with systemd: install, set up, restart, upgrade and take back under
// load, a writer that hangs, remove and purge.
func TestPackageOnAMachine(t *testing.T) {
	m := boot(t)
	m.packaged("1.0.0", nil)
	m.packaged("1.1.0", expanded)
	m.packaged("1.2.0", contracted)
	const old, next, last = "/srv/shared/madoguchi_1.0.0_amd64.deb", "/srv/shared/madoguchi_1.1.0_amd64.deb", "/srv/shared/madoguchi_1.2.0_amd64.deb"

	// Installed, it waits to be set up.
	install := []string{"apt-get", "install", "-y", "-q", "--allow-downgrades"}
	m.must("設定を書いてから始めます", append(install, old)...)
	m.must("640 root madoguchi", "stat", "-c", "%a %U %G", "/etc/madoguchi/environment")
	if out, err := m.try("systemctl", "is-active", "madoguchi.service"); err == nil {
		t.Errorf("got %s, want nothing started before it is set up", out)
	}
	m.setUp()
	m.must("業務を行っています", "systemctl", "show", "-p", "StatusText", "madoguchi.service")
	m.awaitReady(20 * time.Second)
	m.must("success", "systemctl", "show", "-p", "Result", "madoguchi-rehearse.service")

	s, end := m.flow(m.start.Public)
	begin := time.Now()
	for _, step := range [][]string{{"systemctl", "restart", "madoguchi.service"}, slices.Concat(install, []string{next}), slices.Concat(install, []string{old}), slices.Concat(install, []string{next})} {
		time.Sleep(1500 * time.Millisecond)
		m.do(step...)
	}
	m.must("1.1.0", "madoguchi", "version")
	time.Sleep(time.Second)
	end()
	s.report("restarted, upgraded, taken back, upgraded by package", time.Since(begin))
	s.books.mustHold(&m.town, time.Time{})
	if got := m.schema().Version; got != store.SchemaVersion()+1 {
		t.Errorf("got schema %d, want %d", got, store.SchemaVersion()+1)
	}

	m.hangs()

	// A release that cannot be taken back says so, and is put in place again.
	m.do(append(install, last)...)
	out, err := m.try(append(install, old)...)
	if err == nil || !strings.Contains(out, "madoguchi を始められません") {
		t.Errorf("took back what cannot be: got %v\n%s", err, out)
	}
	m.must("この版のmadoguchiでは扱えない形に変わっています", "journalctl", "-u", "madoguchi", "-o", "cat", "-n", "30")
	m.do(append(install, last)...)
	m.awaitReady(20 * time.Second)

	m.do("apt-get", "remove", "-y", "-q", "madoguchi")
	if out, err := m.try("systemctl", "is-active", "madoguchi-public.socket"); err == nil {
		t.Errorf("got %s, want the sockets gone with the package", out)
	}
	m.must("残しています", "apt-get", "purge", "-y", "-q", "madoguchi")
	if _, err := os.Stat(filepath.Join(m.data(), "madoguchi.db")); err != nil {
		t.Errorf("got %v, want the data kept", err)
	}
}

// setUp is what docs/runbooks/install.md says for one machine with a folder for
// its copies, and a town to serve.
func (m *booted) setUp() {
	m.Helper()
	m.start.Public, m.start.Console = "http://"+freeAddress(m.T), "http://"+freeAddress(m.T)
	m.do("install", "-d", "-o", "madoguchi", "-g", "madoguchi", "/mnt/other/madoguchi", "/var/lib/madoguchi")
	m.do("sed", "-i", "s#^MADOGUCHI_REPLICA=.*#MADOGUCHI_REPLICA=/mnt/other/madoguchi#; s/^MADOGUCHI_IDENTITY/#&/; s/^MADOGUCHI_PEER/#&/", "/etc/madoguchi/environment")
	m.do("sh", "-c", `mkdir -p /etc/systemd/system/madoguchi.service.d && printf '[Service]\nExecStart=\nExecStart=/usr/bin/madoguchi serve\nReadWritePaths=/mnt/other/madoguchi\n' >/etc/systemd/system/madoguchi.service.d/one.conf
		mkdir -p /etc/systemd/system/madoguchi-rehearse.service.d && printf '[Service]\nReadWritePaths=/mnt/other/madoguchi\n' >/etc/systemd/system/madoguchi-rehearse.service.d/one.conf`)
	for socket, address := range map[string]string{"public": m.start.Public, "console": m.start.Console} {
		m.do("sh", "-c", `mkdir -p /etc/systemd/system/$0.d && printf '[Socket]\nListenStream=\nListenStream=%s\n' $1 >/etc/systemd/system/$0.d/address.conf`,
			"madoguchi-"+socket+".socket", strings.TrimPrefix(address, "http://"))
	}
	m.do("sh", "-c", `runuser -u madoguchi -- timeout --preserve-status -s TERM 8 madoguchi demo --data /var/lib/madoguchi --replica /mnt/other/madoguchi --public 127.0.0.1:0 --console 127.0.0.1:0`)
	m.do("systemctl", "daemon-reload")
	m.do("systemctl", "enable", "--now", "madoguchi-public.socket", "madoguchi-console.socket", "madoguchi.service", "madoguchi-rehearse.timer")
	m.do("systemctl", "start", "madoguchi-rehearse.service")
}

// hangs keeps the writer from writing, as a disk that hangs would: systemd ends
// the process and starts it anew.
func (m *booted) hangs() {
	m.Helper()
	m.must("NRestarts=0", "systemctl", "show", "-p", "NRestarts", "madoguchi.service")
	guest, err := store.Open(m.Context(), store.Options{Path: filepath.Join(m.data(), "madoguchi.db"), Guest: true, Readers: 1})
	if err != nil {
		m.Fatal(err)
	}
	err = guest.Write(m.Context(), func(*store.Tx) error {
		for begin := time.Now(); time.Since(begin) < 40*time.Second; time.Sleep(200 * time.Millisecond) {
			if out, _ := m.try("systemctl", "show", "-p", "NRestarts", "madoguchi.service"); out != "NRestarts=0" {
				m.Logf("systemd started the process anew %v after its writer began to hang", time.Since(begin).Round(time.Second))
				return nil
			}
		}
		return errors.New("systemd did not notice that the writer hangs")
	})
	if err := errors.Join(err, guest.Close()); err != nil {
		m.Errorf("%v\n%s", err, m.do("journalctl", "-u", "madoguchi", "-o", "short-precise", "-n", "60"))
	}
	m.must("Watchdog timeout", "journalctl", "-u", "madoguchi", "-o", "cat")
	m.awaitReady(20 * time.Second)
}
