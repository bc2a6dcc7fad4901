package torture

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const sigQuit = syscall.SIGQUIT

// kind is a kind of fault. do makes it, and leaves in round.heal how it ends.
type kind struct {
	name string
	// timed: the other machine takes over without a person, within the promised
	// time.
	timed bool
	do    func(*round)
}

// kinds are all of them.
var kinds = []kind{
	{"killed", true, func(r *round) {
		r.serving.kill()
		r.await(r.standby)
		r.heal = append(r.heal, r.serving.up)
	}},
	{"killed and started at once", false, func(r *round) {
		r.serving.kill()
		r.serving.up()
		r.hold(3*time.Second, 8*time.Second)
	}},
	{"paused over the take-over", true, func(r *round) {
		r.serving.signal(syscall.SIGSTOP)
		r.await(r.standby)
		r.heal = append(r.heal, func() { r.serving.signal(syscall.SIGCONT) })
	}},
	{"paused, resumed while the other takes over", false, func(r *round) {
		r.serving.signal(syscall.SIGSTOP)
		time.Sleep(time.Duration(5000+r.rng.IntN(4000)) * time.Millisecond)
		r.serving.signal(syscall.SIGCONT)
		r.hold(4*time.Second, 6*time.Second)
	}},
	{"killed, its disk lost", true, func(r *round) {
		r.serving.kill()
		r.serving.loseDisk()
		r.await(r.standby)
		r.heal = append(r.heal, r.serving.up)
	}},
	{"disk deleted under it", true, func(r *round) {
		r.serving.loseDisk()
		r.await(r.standby)
		r.heal = append(r.heal, func() { r.serving.kill(); r.serving.up() })
	}},
	{"disk full", false, func(r *round) {
		free := r.serving.fillDisk()
		r.heal = append(r.heal, free)
		r.hold(6*time.Second, 10*time.Second)
	}},
	{"killed while the standby's disk is full", false, func(r *round) {
		free := r.standby.fillDisk()
		r.serving.kill()
		r.hold(9*time.Second, 12*time.Second)
		free()
		r.await(r.standby)
		r.heal = append(r.heal, r.serving.up)
	}},
	{"store down", false, func(r *round) {
		r.both(func(n *node) error { return n.store.down() }, func(n *node) error { return n.store.up() })
		r.hold(6*time.Second, 12*time.Second)
		r.unmoved()
	}},
	{"store silent", false, func(r *round) {
		r.both(func(n *node) error { return n.store.silent() }, func(n *node) error { return n.store.heard() })
		r.hold(6*time.Second, 12*time.Second)
		r.unmoved()
	}},
	{"store down, and the machine killed", false, func(r *round) {
		r.both(func(n *node) error { return n.store.down() }, func(n *node) error { return n.store.up() })
		r.hold(4*time.Second, 5*time.Second)
		r.serving.kill()
		r.serving.up()
		r.hold(3*time.Second, 8*time.Second)
		r.unmoved()
	}},
	{"store slow", false, func(r *round) {
		slow, narrow := map[string]any{"latency": 150 + r.rng.IntN(250), "jitter": 100}, map[string]any{"rate": 100 + r.rng.IntN(400)}
		r.both(func(n *node) error {
			return errors.Join(n.store.toxic("latency", slow, "downstream"), n.store.toxic("bandwidth", narrow, "upstream", "downstream"))
		}, func(n *node) error {
			return errors.Join(n.store.cure("latency", "downstream"), n.store.cure("bandwidth", "upstream", "downstream"))
		})
		r.hold(6*time.Second, 10*time.Second)
	}},
	{"store fails some requests", false, func(r *round) {
		percent := int32(5 + r.rng.IntN(40))
		r.both(func(n *node) error { n.front.failing.Store(percent); return nil }, func(n *node) error { n.front.failing.Store(0); return nil })
		r.hold(6*time.Second, 10*time.Second)
	}},
	{"store loses answers", false, func(r *round) {
		percent := int32(5 + r.rng.IntN(40))
		r.both(func(n *node) error { n.front.losing.Store(percent); return nil }, func(n *node) error { n.front.losing.Store(0); return nil })
		r.hold(6*time.Second, 10*time.Second)
	}},
	{"killed while the store loses answers", false, func(r *round) {
		r.both(func(n *node) error { n.front.losing.Store(20); return nil }, func(n *node) error { n.front.losing.Store(0); return nil })
		time.Sleep(time.Second)
		r.fault = time.Now()
		r.serving.kill()
		r.await(r.standby)
		r.heal = append(r.heal, r.serving.up)
	}},
	{"killed while the store fails some requests", false, func(r *round) {
		r.both(func(n *node) error { n.front.failing.Store(15); return nil }, func(n *node) error { n.front.failing.Store(0); return nil })
		time.Sleep(time.Second)
		r.fault = time.Now()
		r.serving.kill()
		// For some attempts, not for good: a take-over needs dozens of requests.
		r.hold(12*time.Second, 20*time.Second)
		r.standby.front.failing.Store(0)
		r.await(r.standby)
		r.heal = append(r.heal, r.serving.up)
	}},
	{"cut off from the store", true, func(r *round) {
		r.cut(r.serving, 's')
		r.await(r.standby)
	}},
	{"cut off from the store and from the other", true, func(r *round) {
		r.cut(r.serving, 's')
		r.cut(r.serving, 'p')
		r.await(r.standby)
	}},
	{"cut off from everything", true, func(r *round) {
		r.cut(r.serving, 's')
		r.cut(r.serving, 'p')
		r.cut(r.serving, 'r')
		r.await(r.standby)
	}},
	{"standby cut off from the store", false, func(r *round) {
		r.cut(r.standby, 's')
		r.hold(8*time.Second, 12*time.Second)
		r.unmoved()
	}},
	{"machines cut off from each other", false, func(r *round) {
		r.cut(r.standby, 'p')
		r.hold(8*time.Second, 12*time.Second)
		r.unmoved()
	}},
	{"clock of the one that serves jumps", false, func(r *round) { r.jump(r.serving) }},
	{"clock of the standby jumps", false, func(r *round) { r.jump(r.standby); r.unmoved() }},
	{"killed while both clocks are wrong", true, func(r *round) {
		r.serving.setClock(r.someJump())
		r.standby.setClock(r.someJump())
		time.Sleep(time.Second)
		r.fault = time.Now()
		r.serving.kill()
		r.await(r.standby)
		r.heal = append(r.heal, func() { r.serving.setClock(0); r.standby.setClock(0); r.serving.up() })
	}},
	{"promoted while the other serves", false, func(r *round) {
		if text, status := r.standby.output("promote", "--data", r.standby.data()); status != 0 {
			r.failed("promote: status %d\n%s", status, text)
		}
		r.await(r.standby)
	}},
	{"both promoted at once", false, bothClaim},
	{"object corrupted", false, func(r *round) { r.damage(corrupt) }},
	{"object cut short", false, func(r *round) { r.damage(cutShort) }},
	{"newest object missing", false, func(r *round) { r.damage(removeNewest) }},
	{"object missing in between", false, func(r *round) { r.damage(removeMiddle) }},
	{"power loss that takes the newest of the database", false, powerLoss},
}

// both does something to both machines, and undoes it in the end.
func (r *round) both(do, undo func(*node) error) {
	r.Helper()
	for _, n := range r.nodes {
		if err := do(n); err != nil {
			r.Fatal(err)
		}
		r.heal = append(r.heal, func() {
			if err := undo(n); err != nil {
				r.Fatal(err)
			}
		})
	}
}

func (r *round) cut(n *node, what byte) {
	r.Helper()
	n.link(what, false)
	r.heal = append(r.heal, func() { n.link(what, true) })
}

// loseDisk empties the data folder.
func (n *node) loseDisk() {
	n.t.Helper()
	entries, err := os.ReadDir(n.data())
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(n.data(), e.Name())))
	}
	if err != nil {
		n.t.Fatal(err)
	}
	n.lost = time.Now()
}

// fillDisk leaves no room on the machine's disk until free is called. Where
// data folders are on the disk of this machine, no file may grow instead.
func (n *node) fillDisk() (free func()) {
	n.t.Helper()
	if !n.lab.net.spaces {
		pid := n.process.Process.Pid
		none := unix.Rlimit{Cur: 4096, Max: unix.RLIM_INFINITY}
		if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &none, nil); err != nil {
			n.t.Fatal(err)
		}
		return func() {
			all := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
			unix.Prlimit(pid, unix.RLIMIT_FSIZE, &all, nil) //nolint:errcheck // it may have ended of it
		}
	}
	path := filepath.Join(n.data(), "filler")
	f, err := os.Create(path)
	if err != nil {
		n.t.Fatal(err)
	}
	piece := make([]byte, 64<<10)
	for err == nil {
		_, err = f.Write(piece)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		n.t.Fatalf("fill the disk: %v", err)
	}
	f.Close() //nolint:errcheck // full
	return func() {
		if err := os.Remove(path); err != nil {
			n.t.Fatal(err)
		}
	}
}

// setClock makes the machine's clock wrong.
func (n *node) setClock(off time.Duration) {
	n.t.Helper()
	fresh := n.clock() + ".new"
	if err := errors.Join(os.WriteFile(fresh, fmt.Appendf(nil, "%d\n", int64(off/time.Second)), 0o600), os.Rename(fresh, n.clock())); err != nil {
		n.t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond) // the process looks every 50 ms
}

// someJump draws how wrong a clock is: from a badly set one to a dead battery.
func (r *round) someJump() time.Duration {
	all := []time.Duration{90 * time.Second, 10 * time.Minute, time.Hour, 24 * time.Hour, 15 * 24 * time.Hour}
	d := all[r.rng.IntN(len(all))]
	if r.rng.IntN(2) == 0 {
		return -d
	}
	return d
}

// jump lets a clock jump away and back.
func (r *round) jump(n *node) {
	by := r.someJump()
	r.Logf("%s: clock of machine %s jumps by %v", r.name, n.name, by)
	n.setClock(by)
	r.heal = append(r.heal, func() { n.setClock(0) })
	r.hold(6*time.Second, 10*time.Second)
}

// bothClaim closes the epoch of the one that serves, so that both stand by, and
// promotes both at the same moment: exactly one may serve in the end.
func bothClaim(r *round) {
	r.Helper()
	r.stop()
	text, status := r.standby.output("fence", "--replica", r.standby.replica, "--identity", r.standby.identity(), "--yes")
	if status != 0 {
		r.failed("fence: status %d\n%s", status, text)
	}
	for begin := time.Now(); r.serving.state("") != "standby"; time.Sleep(20 * time.Millisecond) {
		if time.Since(begin) > longest {
			r.failed("the machine that was fenced does not stand by")
		}
	}
	var wg sync.WaitGroup
	for _, n := range r.nodes {
		wg.Go(func() { n.output("promote", "--data", n.data()) }) // the loser's may find nobody to ask
	}
	wg.Wait()
	for begin := time.Now(); !r.serves(r.serving) && !r.serves(r.standby); time.Sleep(50 * time.Millisecond) {
		if time.Since(begin) > longest {
			r.failed("none of two that were promoted at once serves")
		}
	}
	r.whole()
	r.start()
}

// damage kills the machine that serves and damages an object of the copies. The
// other may serve only if it does not need the object; otherwise it must say so
// and not serve until the object is back.
func (r *round) damage(how func(*round) (undo func())) {
	r.Helper()
	r.stop()
	time.Sleep(2500 * time.Millisecond) // one heartbeat tells how far the copies are
	before := r.standby.said("taking over failed")
	r.serving.kill()
	undo := how(r)
	r.fault = time.Now()
	for !r.serves(r.standby) && r.standby.said("taking over failed") == before {
		if time.Since(r.fault) > longest {
			r.failed("the standby neither serves nor says why not")
		}
		time.Sleep(50 * time.Millisecond)
	}
	noticed := !r.serves(r.standby)
	undo()
	r.await(r.standby)
	r.takeOver = 0 // how long a person takes is not measured
	r.Logf("%s: damage noticed at the take-over: %v", r.name, noticed)
	r.serving.up()
	r.start()
}

// objects are the store's own files of the newest epoch that has any: all but seals.
func (r *round) objects() []string {
	for _, epoch := range sortedDown(glob(r.copies, "e0*")) {
		all := glob(epoch, "ltx/*/*.ltx")
		var files []string
		for _, path := range all {
			if info, err := os.Stat(path); err == nil && info.Size() > 100 {
				files = append(files, path)
			}
		}
		if len(files) > 0 {
			return files
		}
	}
	r.failed("the store holds no objects")
	return nil
}

func (r *round) some() string {
	all := r.objects()
	return all[r.rng.IntN(len(all))]
}

// change replaces an object's content, and gives it back.
func (r *round) change(path string, with func([]byte) []byte) (undo func()) {
	r.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		r.Fatal(err)
	}
	// The file is written in place: the gateway keeps what it knows of an object
	// beside its content.
	if err := os.WriteFile(path, with(append([]byte(nil), text...)), 0o600); err != nil {
		r.Fatal(err)
	}
	return func() {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			r.Fatal(err)
		}
	}
}

func corrupt(r *round) func() {
	return r.change(r.some(), func(b []byte) []byte { b[r.rng.IntN(len(b))] ^= 1 << r.rng.IntN(8); return b })
}

func cutShort(r *round) func() {
	return r.change(r.some(), func(b []byte) []byte { return b[:r.rng.IntN(len(b))] })
}

// take moves an object away, and back.
func (r *round) take(path string) (undo func()) {
	away := filepath.Join(r.lab.dir, fmt.Sprintf("taken-%d", r.number))
	if out, err := exec.Command("cp", "-a", path, away).CombinedOutput(); err != nil {
		r.Fatalf("%v %s", err, out)
	}
	if err := os.Remove(path); err != nil {
		r.Fatal(err)
	}
	return func() {
		if out, err := exec.Command("cp", "-a", away, path).CombinedOutput(); err != nil {
			r.Fatalf("%v %s", err, out)
		}
		os.Remove(away) //nolint:errcheck // overwritten the next time
	}
}

// smallest are the files of changes, oldest first.
func (r *round) smallest() (files []string) {
	for _, path := range r.objects() {
		if strings.Contains(path, "/ltx/0/") || strings.Contains(path, "/ltx/0000/") {
			files = append(files, path)
		}
	}
	return files
}

func removeNewest(r *round) func() {
	all := r.smallest()
	return r.take(all[len(all)-1])
}

func removeMiddle(r *round) func() {
	all := r.smallest()
	return r.take(all[r.rng.IntN(max(1, len(all)-1))])
}

// powerLoss puts the database and its WAL of a moment ago back, as a disk does
// that lied about what it had written, while the files of changes are as they
// were. The machine must not go on with the older state.
func powerLoss(r *round) {
	r.Helper()
	r.serving.signal(syscall.SIGSTOP)
	old := map[string][]byte{}
	for _, tail := range []string{"", "-wal"} {
		text, err := os.ReadFile(r.serving.database() + tail)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			r.Fatal(err)
		}
		old[tail] = text
	}
	r.serving.signal(syscall.SIGCONT)
	r.book(4, time.Duration(r.rng.IntN(3000))*time.Millisecond)
	r.fault = time.Now()
	r.serving.kill()
	for tail, text := range old {
		if err := os.WriteFile(r.serving.database()+tail, text, 0o600); err != nil {
			r.Fatal(err)
		}
	}
	os.Remove(r.serving.database() + "-shm") //nolint:errcheck // it is in memory, as it were
	r.serving.up()
	r.hold(6*time.Second, 8*time.Second)
}
