package torture

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// network gives each machine its links: to the store, to the residents and to
// the other machine. Where this is root, a machine is a network namespace and a
// link a veth pair that can be taken down; elsewhere machines are processes
// that reach the store and each other through proxies.
type network struct {
	spaces bool
	slot   int // of several runs on this machine
	lock   *os.File
}

const slots = 16

func newNetwork(t *testing.T) network {
	t.Helper()
	if os.Getuid() != 0 || *plain {
		t.Log("machines are plain processes: partitions are made by proxies, a full disk by a limit on the length of files")
		return network{}
	}
	for slot := range slots {
		f, err := os.OpenFile(filepath.Join(os.TempDir(), fmt.Sprintf("madoguchi-torture-net-%d.lock", slot)), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
			f.Close() //nolint:errcheck // another run's
			continue
		}
		n := network{true, slot, f}
		n.sweep()
		t.Cleanup(func() {
			n.sweep()
			os.Remove(f.Name()) //nolint:errcheck // the next run makes it anew
			f.Close()           //nolint:errcheck // gives the lock back
		})
		if out, err := exec.Command("ip", "netns", "add", n.space(0, 0)).CombinedOutput(); err != nil {
			t.Logf("no network namespaces here (%s): machines are plain processes", strings.TrimSpace(string(out)))
			n.spaces = false
			return n
		}
		n.sweep()
		t.Log("machines are network namespaces with a link each to the store, to the residents and to the other; data folders are on file systems of limited size")
		return n
	}
	t.Fatal("too many runs on this machine")
	return network{}
}

// space names the namespace of a machine.
func (n network) space(pair, machine int) string {
	return fmt.Sprintf("mt%d-%d%c", n.slot, pair, 'a'+machine)
}

// link names this end of a link of a machine.
func (n network) link(pair, machine int, what byte) string {
	return fmt.Sprintf("mt%d-%d%c%c", n.slot, pair, 'a'+machine, what)
}

// sweep removes what a run that was killed has left; links go with the namespaces.
func (n network) sweep() {
	out, err := exec.Command("ip", "netns", "list").Output()
	if err != nil {
		return
	}
	for line := range strings.Lines(string(out)) {
		if name, _, _ := strings.Cut(strings.TrimSpace(line), " "); strings.HasPrefix(name, fmt.Sprintf("mt%d-", n.slot)) {
			exec.Command("ip", "netns", "del", name).Run() //nolint:errcheck // nothing more can be done
		}
	}
}

// at is an address of this run: the third number is the machine's or, for the
// link between two machines, the pair's.
func (n network) at(pair, third, last int) string {
	return fmt.Sprintf("10.%d.%d.%d", 208+n.slot, 4*pair+third, last)
}

// storeAddresses are those at which the machines see the store.
func (n network) storeAddresses() []net.IP {
	all := []net.IP{net.IPv4(127, 0, 0, 1)}
	for pair := range 60 {
		for machine := range 2 {
			all = append(all, net.ParseIP(n.at(pair, machine, 1)))
		}
	}
	return all
}

func ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// wirePair makes the namespaces and links of a pair.
func (n network) wirePair(t *testing.T, pair int) {
	t.Helper()
	if !n.spaces {
		return
	}
	for machine := range 2 {
		space := n.space(pair, machine)
		ip(t, "netns", "add", space)
		ip(t, "-n", space, "link", "set", "lo", "up")
		for i, what := range []byte{'s', 'r'} { // store, residents
			name := n.link(pair, machine, what)
			ip(t, "link", "add", name, "type", "veth", "peer", "name", string(what), "netns", space)
			ip(t, "addr", "add", n.at(pair, machine, 4*i+1)+"/30", "dev", name)
			ip(t, "link", "set", name, "up")
			ip(t, "-n", space, "addr", "add", n.at(pair, machine, 4*i+2)+"/30", "dev", string(what))
			ip(t, "-n", space, "link", "set", string(what), "up")
		}
	}
	a, b := n.space(pair, 0), n.space(pair, 1)
	ip(t, "-n", a, "link", "add", "p", "type", "veth", "peer", "name", "p", "netns", b)
	for machine, space := range []string{a, b} {
		ip(t, "-n", space, "addr", "add", n.at(pair, 2, machine+1)+"/30", "dev", "p")
		ip(t, "-n", space, "link", "set", "p", "up")
	}
}
