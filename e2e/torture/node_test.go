package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"madoguchi/app/bench"
	"madoguchi/store"
)

// node is one machine of a pair: a process, its disk and its links.
type node struct {
	t       *testing.T
	lab     *lab
	name    string
	pair    int
	machine int // 0 or 1
	dir     string
	policy  string

	site     string // address for residents
	listen   string // what the process listens on for them
	peerSite string // address at which the other machine is seen from here
	replica  string
	store    *wire
	front    *front
	toPeer   *wire // where machines are plain processes

	lost    time.Time // when its disk was lost, in this round
	process *exec.Cmd
	ended   chan error
	log     *os.File
}

func (n *node) data() string     { return filepath.Join(n.dir, "data") }
func (n *node) database() string { return filepath.Join(n.data(), "madoguchi.db") }
func (n *node) meta() string     { return filepath.Join(n.data(), ".madoguchi.db-litestream") }
func (n *node) identity() string { return filepath.Join(n.dir, "identity") }
func (n *node) clock() string    { return filepath.Join(n.dir, "clock") }
func (n *node) space() string    { return n.lab.net.space(n.pair, n.machine) }

// diskSize holds a few days of the demo's town.
const diskSize = 256 << 20

// newNode connects a machine; the other must be connected before either starts.
func newNode(t *testing.T, l *lab, pair, machine int, path string, unconditional bool, policy string) *node {
	t.Helper()
	n := &node{t: t, lab: l, pair: pair, machine: machine, name: string(rune('a' + machine)), policy: policy}
	n.dir = filepath.Join(l.dir, fmt.Sprintf("pair-%d", pair), n.name)
	if err := os.MkdirAll(n.data(), 0o700); err != nil {
		t.Fatal(err)
	}
	n.front = l.newFront(t, unconditional)
	at := "127.0.0.1:0"
	if l.net.spaces {
		if err := syscall.Mount("tmpfs", n.data(), "tmpfs", 0, fmt.Sprintf("size=%d", diskSize)); err != nil {
			t.Fatalf("disk of limited size: %v", err)
		}
		t.Cleanup(n.saveDisk)
		n.listen, n.site = "0.0.0.0:8080", "http://"+l.net.at(pair, machine, 6)+":8080"
		at = l.net.at(pair, machine, 1) + ":9000"
	} else {
		at = freeAddress(t)
		n.listen = freeAddress(t)
		n.site = "http://" + n.listen
	}
	n.store = l.newWire(t, fmt.Sprintf("store-%d-%s", pair, n.name), at, n.front.address)
	n.replica = fmt.Sprintf("s3://%s/%s?region=%s&endpoint=https://%s", bucket, path, region, at)
	return n
}

// saveDisk unmounts the disk; what is on it is kept if something went wrong.
func (n *node) saveDisk() {
	if n.t.Failed() {
		exec.Command("cp", "-a", n.data(), n.dir+"/data-kept").Run() //nolint:errcheck // only to look at
	}
	if err := syscall.Unmount(n.data(), syscall.MNT_DETACH); err != nil {
		n.t.Errorf("unmount: %v", err)
	}
}

func (n *node) meet(other *node) {
	n.t.Helper()
	if n.lab.net.spaces {
		n.peerSite = fmt.Sprintf("http://%s:8080", n.lab.net.at(n.pair, 2, other.machine+1))
		return
	}
	at := freeAddress(n.t)
	n.toPeer = n.lab.newWire(n.t, fmt.Sprintf("peer-%d-%s", n.pair, n.name), at, other.listen)
	n.peerSite = "http://" + at
}

// command is the binary with a command, on this machine.
func (n *node) command(args ...string) *exec.Cmd {
	words := append([]string{binary}, args...)
	if n.lab.net.spaces {
		words = append([]string{"ip", "netns", "exec", n.space()}, words...)
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = n.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + n.dir, "AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey,
		"SSL_CERT_FILE=" + n.lab.ca, "TORTURE_CLOCK=" + n.clock(), "TMPDIR=" + n.dir}
	return cmd
}

// output runs a command to its end.
func (n *node) output(args ...string) (text string, status int) {
	n.t.Helper()
	cmd := n.command(args...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		n.t.Fatal(err)
	}
	return strings.TrimSpace(string(out)), cmd.ProcessState.ExitCode()
}

func (n *node) places() []string {
	console := "0.0.0.0:8081"
	if !n.lab.net.spaces {
		console = "127.0.0.1:0"
	}
	return []string{"--data", n.data(), "--replica", n.replica, "--identity", n.identity(), "--public", n.listen, "--console", console, "--confirm", n.policy}
}

// seed fills the data folder and the copies with the demo's town.
func (n *node) seed() {
	n.t.Helper()
	demo := n.command(append([]string{"demo", "--json"}, n.places()...)...)
	out, err := demo.StdoutPipe()
	if err != nil {
		n.t.Fatal(err)
	}
	demo.Stderr = os.Stderr
	if err := demo.Start(); err != nil {
		n.t.Fatal(err)
	}
	if err := json.NewDecoder(out).Decode(&struct{}{}); err != nil {
		n.t.Fatal(err)
	}
	if err := demo.Process.Signal(syscall.SIGTERM); err != nil {
		n.t.Fatal(err)
	}
	if err := demo.Wait(); err != nil {
		n.t.Fatal(err)
	}
}

// up starts the machine, anew or again.
func (n *node) up() {
	n.t.Helper()
	var err error
	if n.log, err = os.OpenFile(filepath.Join(n.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		n.t.Fatal(err)
	}
	fmt.Fprintf(n.log, "== started %s\n", time.Now().UTC().Format(time.RFC3339Nano)) //nolint:errcheck // only a log
	n.process = n.command(append(append([]string{"standby"}, n.places()...), "--peer", n.peerSite)...)
	n.process.Stdout, n.process.Stderr = n.log, n.log
	if err := n.process.Start(); err != nil {
		n.t.Fatal(err)
	}
	n.ended = make(chan error, 1)
	go func(process *exec.Cmd, ended chan error) { ended <- process.Wait() }(n.process, n.ended)
}

// kill ends the process as a power cut does.
func (n *node) kill() {
	if n.process == nil {
		return
	}
	n.process.Process.Kill() //nolint:errcheck // it may have ended
	<-n.ended
	fmt.Fprintf(n.log, "== killed %s\n", time.Now().UTC().Format(time.RFC3339Nano)) //nolint:errcheck // only a log
	n.process = nil
	n.log.Close() //nolint:errcheck // only a log
}

// running reports whether the process is there.
func (n *node) running() bool {
	if n.process == nil {
		return false
	}
	select {
	case err := <-n.ended:
		n.ended <- err
		return false
	default:
		return true
	}
}

// again starts a process that has ended by itself, as systemd does.
func (n *node) again() {
	n.t.Helper()
	if n.process == nil || n.running() {
		return
	}
	n.t.Logf("machine %s of pair %d has ended by itself and is started again", n.name, n.pair)
	n.kill()
	time.Sleep(time.Second)
	n.up()
}

func (n *node) signal(s syscall.Signal) {
	n.t.Helper()
	if err := n.process.Process.Signal(s); err != nil {
		n.t.Fatalf("signal machine %s: %v", n.name, err)
	}
}

// asker knocks anew each time: kept connections would hide a link that is down.
var asker = &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// state is what the machine says of itself, or why it says nothing.
func (n *node) state(query string) string {
	resp, err := asker.Get(n.site + "/readyz" + query)
	if err != nil {
		var dns net.Error
		if errors.As(err, &dns) && dns.Timeout() {
			return "silent"
		}
		return "away"
	}
	defer resp.Body.Close()
	text := make([]byte, 64)
	m, _ := resp.Body.Read(text)
	return strings.TrimSpace(string(text[:m]))
}

// epoch is the one that the machine's database belongs to.
func (n *node) epoch() string {
	text, err := os.ReadFile(filepath.Join(n.meta(), "epoch.json"))
	var own struct {
		Epoch string `json:"epoch"`
		Held  bool   `json:"held"`
	}
	if err != nil || json.Unmarshal(text, &own) != nil || !own.Held {
		return ""
	}
	return own.Epoch
}

// link takes a link of the machine down or up: 's' to the store, 'p' to the
// other machine, 'r' to the residents.
func (n *node) link(what byte, up bool) {
	n.t.Helper()
	if n.lab.net.spaces {
		state := map[bool]string{true: "up", false: "down"}[up]
		if what == 'p' {
			ip(n.t, "-n", n.space(), "link", "set", "p", state)
			return
		}
		ip(n.t, "link", "set", n.lab.net.link(n.pair, n.machine, what), state)
		return
	}
	w := map[byte]*wire{'s': n.store, 'p': n.toPeer}[what]
	if w == nil {
		return // residents of a plain process cannot be cut off
	}
	change := w.silent
	if up {
		change = w.heard
	}
	if err := change(); err != nil {
		n.t.Fatal(err)
	}
}

// logged is the end of what the machine said.
func (n *node) logged() string {
	text, err := os.ReadFile(filepath.Join(n.dir, "log"))
	if err != nil {
		return err.Error()
	}
	// Without the requests: there are thousands.
	text = regexp.MustCompile(`(?m)^time=\S+ level=\S+ msg=request .*\n`).ReplaceAll(text, nil)
	const most = 12000
	if len(text) > most {
		text = text[len(text)-most:]
	}
	return fmt.Sprintf("---- machine %s of pair %d\n%s", n.name, n.pair, text)
}

// said counts how often the machine's log holds a text.
func (n *node) said(what string) int {
	text, _ := os.ReadFile(filepath.Join(n.dir, "log"))
	return strings.Count(string(text), what)
}

// read looks into a database beside whoever serves it.
func read(path string, guest bool, fn func(*store.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	st, err := store.Open(ctx, store.Options{Path: path, Guest: guest, Readers: 1})
	if err != nil {
		return err
	}
	return errors.Join(st.Read(ctx, fn), st.Close())
}

// booked tells where everyone of a list has a live booking: slot by notice number.
func booked(path string, guest bool) (map[string]string, error) {
	live := map[string]string{}
	err := read(path, guest, func(tx *store.Tx) error {
		type row struct{ Number, Slot string }
		rows, err := store.All[row](tx, `SELECT card.notice_number AS number, slot.ref AS slot FROM booking
			JOIN card ON card.id = booking.card_id JOIN slot ON slot.id = booking.slot_id WHERE booking.state = 'booked'`)
		for _, r := range rows {
			if _, twice := live[r.Number]; twice {
				return fmt.Errorf("%s has two live bookings", r.Number)
			}
			live[r.Number] = r.Slot
		}
		return err
	})
	return live, err
}

// town lists people without a booking and slots to book, few enough to fill up.
func (n *node) town(people, slots int) (all []bench.Person, refs []string) {
	n.t.Helper()
	err := read(n.database(), true, func(tx *store.Tx) (err error) {
		all, err = store.All[bench.Person](tx, `SELECT card.notice_number AS number, recipient.birth AS birth_date
			FROM card JOIN recipient ON recipient.id = card.recipient_id
			WHERE card.issued_at IS NULL AND (SELECT needs_booking FROM issue_kind WHERE code = card.issue_kind) = 1 AND recipient.birth NOT LIKE '%-00%'
			  AND NOT EXISTS (SELECT 1 FROM booking WHERE card_id = card.id AND state = 'booked') ORDER BY card.id LIMIT ?`, people)
		if err != nil {
			return err
		}
		// Late ones: a clock that is days ahead must not put them into the past.
		refs, err = store.All[string](tx, `SELECT ref FROM slot WHERE open = 1 AND capacity > taken AND held_on > ?
			  AND service_id = (SELECT id FROM service WHERE code = 'card_issuance') ORDER BY held_on DESC, starts LIMIT ?`,
			tx.Now.AddDate(0, 0, 1).Format("2006-01-02"), slots)
		return err
	})
	if err != nil || len(all) < people || len(refs) < slots {
		n.t.Fatalf("got %d people and %d slots (%v), want %d and %d", len(all), len(refs), err, people, slots)
	}
	return all, refs
}
