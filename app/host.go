package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
)

// host is what the process has from the machine it runs on: the sockets at
// which visitors come in, and the service manager (systemd) that started it,
// if one did. Both outlive the roles that the process takes in turn.
type host struct {
	public, console door
	// handed is set when the sockets are the manager's: they stay open when this
	// process ends, and who comes meanwhile waits for the next.
	handed   bool
	watchdog time.Duration // within which the manager expects a sign of life, 0 for never
	log      *slog.Logger
}

// door is a listening socket. Whoever answers at it opens it and closes it
// again; the socket itself stays, with all who wait in its queue.
type door struct {
	file *os.File
	url  string
}

// The names of the sockets in systemd's units (FileDescriptorName=).
const (
	publicSocket  = "public"
	consoleSocket = "console"
)

func newHost(cfg Config, log *slog.Logger) (*host, error) {
	h := &host{log: log}
	given, err := givenSockets()
	if err != nil {
		return nil, err
	}
	h.handed = len(given) > 0
	for _, d := range []struct {
		name, address string
		door          *door
	}{{publicSocket, cfg.Public, &h.public}, {consoleSocket, cfg.Console, &h.console}} {
		file := given[d.name]
		if !h.handed {
			if file, err = listen(d.address); err != nil {
				return nil, errors.Join(fmt.Errorf("listen: %w", err), h.close())
			}
		}
		*d.door = door{file: file}
		l, err := d.door.open()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("socket %s: %w", d.name, err), h.close())
		}
		d.door.url = "http://" + l.Addr().String()
		if err := l.Close(); err != nil {
			return nil, errors.Join(fmt.Errorf("socket %s: %w", d.name, err), h.close())
		}
	}
	if h.watchdog, err = daemon.SdWatchdogEnabled(true); err != nil {
		return nil, errors.Join(fmt.Errorf("read WATCHDOG_USEC: %w", err), h.close())
	}
	return h, nil
}

// givenSockets are what the service manager listens at for this process: both
// or none.
func givenSockets() (map[string]*os.File, error) {
	given := map[string]*os.File{}
	var names []string
	for _, f := range activation.Files(true) {
		given[f.Name()] = f
		names = append(names, f.Name())
	}
	if len(names) > 0 && (len(names) != 2 || given[publicSocket] == nil || given[consoleSocket] == nil) {
		return nil, wrongUsage("受け取ったソケットは %s です。%s と %s の二つを渡してください（ソケットユニットの FileDescriptorName=）", strings.Join(names, "、"), publicSocket, consoleSocket)
	}
	return given, nil
}

func listen(address string) (*os.File, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	file, err := l.(*net.TCPListener).File()
	return file, errors.Join(err, l.Close())
}

// open returns a listener of its own: closing it leaves the socket open.
func (d door) open() (net.Listener, error) { return net.FileListener(d.file) }

// close gives up the sockets.
func (h *host) close() error {
	var errs []error
	for _, d := range []door{h.public, h.console} {
		if d.file != nil {
			errs = append(errs, d.file.Close())
		}
	}
	return errors.Join(errs...)
}

// say tells the service manager how the process stands; without one, nobody.
func (h *host) say(states ...string) {
	if _, err := daemon.SdNotify(false, strings.Join(states, "\n")); err != nil {
		h.log.Warn("the service manager could not be told", "error", err)
	}
}

// ready says that the process does what it is there for: a restart is over.
func (h *host) ready(status string) { h.say(daemon.SdNotifyReady, "STATUS="+status) }

// stopping says that the process was told to end and does.
func (h *host) stopping() { h.say(daemon.SdNotifyStopping) }

// alive is the sign of life that the manager's watchdog waits for.
func (h *host) alive() {
	if h.watchdog > 0 {
		h.say(daemon.SdNotifyWatchdog)
	}
}

const (
	// longestStart is for a start that has much to do, such as a migration of a
	// large database; it asks the manager for more time, a little at a time.
	longestStart = 30 * time.Minute
	askTimeEvery = 5 * time.Second
)

// busy asks the manager for patience until done is called, but not for ever.
func (h *host) busy() (done func()) {
	ctx, cancel := context.WithTimeout(context.Background(), longestStart)
	go func() {
		tick := time.NewTicker(askTimeEvery)
		defer tick.Stop()
		for {
			h.say(fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", (4 * askTimeEvery).Microseconds()))
			h.alive()
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return cancel
}
