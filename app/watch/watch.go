// Package watch keeps an eye on the system itself (見張り): it measures how the
// copies, the disk, the mails and the other machine stand, says what is wrong
// and what to do, and alarms those who look after it. Promises: what the status
// page shows and what an alarm says come from one judgement; an alarm is told
// again until somebody has acknowledged it; none is lost by a restart, and none
// needs the database; nothing that is sent is about a person.
package watch

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"madoguchi/app/mail"
	"madoguchi/store"
	"madoguchi/store/replica"
)

// Copies are where the database is copied to; *replica.Replica.
type Copies interface {
	Status() replica.Status
	Unconfirmed() (since time.Time, some bool)
}

// Options say what is watched, and whom to tell.
type Options struct {
	Store   *store.Store
	Copies  Copies // nil where none are kept
	Folder  string // of the database; the state of the alarms is kept in it
	Release string
	Peer    string // address of the other machine's resident site, "" for none
	MailOn  bool   // residents get mails
	Log     *slog.Logger
	Limits
	Channels
}

// Limits say from when on something is wrong; zero means the default.
type Limits struct {
	Behind      time.Duration // the copies
	DiskPercent int           // free
	Certificate string        // file to look at, "" for none
}

const (
	defaultBehind = 5 * time.Minute
	defaultDisk   = 10
	// diskUrgent is how little free room, in percent, cannot wait for the morning.
	diskUrgent = 3
	peerTime   = 2 * time.Second
	// mailPatience is how long the mail server may fail before it is an alarm: a
	// restart of it is none.
	mailPatience = 15 * time.Minute
	// rehearsalAge is how old a rehearsal may be that happens every night.
	rehearsalAge = 3 * 24 * time.Hour
	// Certificates are renewed a month ahead; within a week people notice.
	certificateNotice = 21 * 24 * time.Hour
	certificateUrgent = 7 * 24 * time.Hour
)

// Watcher measures and alarms.
type Watcher struct {
	o       Options
	started time.Time
	mu      sync.Mutex // guards s and its file
	s       state
}

// New reads what is known of the alarms from the data folder.
func New(o Options) (*Watcher, error) {
	if o.Behind == 0 {
		o.Behind = defaultBehind
	}
	if o.DiskPercent == 0 {
		o.DiskPercent = defaultDisk
	}
	if o.Repeat == 0 {
		o.Repeat = defaultRepeat
	}
	if o.After == 0 {
		o.After = defaultAfter
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	w := &Watcher{o: o, started: o.Store.Now()}
	var err error
	w.s, err = readState(o.Folder)
	return w, err
}

// Measured is how the system stands at an instant (システムの状態).
type Measured struct {
	At      time.Time
	Copied  bool // copies are kept
	Copy    replica.Status
	Release string
	Schema  int
	// Provisional are the bookings since ProvisionalSince that the copies lack.
	Provisional      int
	ProvisionalSince time.Time // zero: nothing is provisional
	Left             int       // what a machine before had answered, and nobody has decided
	Free, Total      uint64    // bytes of the disk; Total 0: not measured
	MailOn           bool
	Mail             mail.Standing
	Pictures         int       // of lists, which wait to be read
	PicturesSince    time.Time // since when the oldest does; zero for none
	Unreadable       bool      // the database cannot be read
	PeerOn           bool
	Peer             string    // what the other machine says of itself, "" for nothing
	Standby          *Standby  // what it says of its own database
	Certificate      time.Time // when it ends; zero for none
	CertificateBad   bool      // it cannot be read
	Rehearsal        Rehearsal
}

func (w *Watcher) now() time.Time { return w.o.Store.Now() }

// Measure looks at everything now.
func (w *Watcher) Measure(ctx context.Context) Measured {
	m := Measured{At: w.now(), Release: w.o.Release, Schema: w.o.Store.Schema().Version, MailOn: w.o.MailOn, PeerOn: w.o.Peer != ""}
	if w.o.Copies != nil {
		m.Copied, m.Copy = true, w.o.Copies.Status()
		if since, some := w.o.Copies.Unconfirmed(); some && m.Copy.Policy != replica.Local {
			m.ProvisionalSince = since
		}
	}
	if err := w.o.Store.Read(ctx, func(tx *store.Tx) error { return m.read(tx) }); err != nil && ctx.Err() == nil {
		m.Unreadable = true
		w.o.Log.Error("watch: read the database", "error", err)
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(w.o.Folder, &disk); err == nil {
		m.Free, m.Total = disk.Bavail*uint64(disk.Bsize), disk.Blocks*uint64(disk.Bsize)
	}
	if m.PeerOn {
		m.Peer = askPeer(ctx, w.o.Peer)
		if strings.HasPrefix(m.Peer, "standby") {
			m.Standby = askStandby(ctx, w.o.Peer)
		}
	}
	if w.o.Certificate != "" {
		var err error
		if m.Certificate, err = certificateEnd(w.o.Certificate); err != nil {
			m.CertificateBad = true
			w.o.Log.Error("watch: read the certificate", "error", err)
		}
	}
	m.Rehearsal = readRehearsal(w.o.Folder)
	return m
}

func (m *Measured) read(tx *store.Tx) (err error) {
	if m.Mail, err = mail.StandingOf(tx); err != nil {
		return err
	}
	if m.Left, err = store.One[int](tx, `SELECT count(*) FROM left_behind WHERE state = 'open'`); err != nil {
		return err
	}
	waiting, err := store.All[time.Time](tx, `SELECT uploaded_at FROM list_file WHERE state IN ('waiting', 'reading') ORDER BY uploaded_at`)
	if m.Pictures = len(waiting); m.Pictures > 0 {
		m.PicturesSince = waiting[0]
	}
	if err != nil || m.ProvisionalSince.IsZero() {
		return err
	}
	m.Provisional, err = store.One[int](tx, `SELECT count(*) FROM booking WHERE state NOT IN ('held', 'expired')
		AND max(booked_at, coalesce(changed_at, '')) >= ?`, m.ProvisionalSince)
	return err
}

// askPeer returns the first word of the other machine's /readyz, "" if it does
// not answer.
func askPeer(ctx context.Context, peer string) string {
	ctx, cancel := context.WithTimeout(ctx, peerTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, peer+"/readyz", nil)
	if err != nil {
		return ""
	}
	resp, err := client.Do(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 32))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// certificateEnd is when the first certificate of a PEM file ends.
func certificateEnd(file string) (time.Time, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return time.Time{}, err
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return time.Time{}, fmt.Errorf("%s: %w", file, err)
		}
		return c.NotAfter, nil
	}
	return time.Time{}, errors.New(file + ": no certificate in it")
}
