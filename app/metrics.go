package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"madoguchi/app/watch"
	"madoguchi/app/web"
	"madoguchi/store/replica"
	"madoguchi/store/restore"
)

// figures are what a monitoring system reads; none of them is about a person.
type figures struct {
	status func() replica.Status
	watch  *watch.Watcher // nil: nothing but the copies and the disk
	folder string         // of the database
}

var (
	figureCommitted = prometheus.NewDesc("madoguchi_commit_sequence", "Newest group commit of the database.", nil, nil)
	figureCopied    = prometheus.NewDesc("madoguchi_copied_sequence", "Newest group commit known to be in the place of the copies.", nil, nil)
	figureLag       = prometheus.NewDesc("madoguchi_copy_lag_seconds", "Age of the oldest commit not known to be in the place of the copies.", nil, nil)
	figureFailing   = prometheus.NewDesc("madoguchi_copy_failing", "1 while the latest attempt to copy has failed.", nil, nil)
	figureSuccess   = prometheus.NewDesc("madoguchi_copy_last_success_timestamp_seconds", "When copying last ended well.", nil, nil)
	figureAble      = prometheus.NewDesc("madoguchi_disk_writable", "1 while this machine's disk takes writes.", nil, nil)
	figureTurn      = prometheus.NewDesc("madoguchi_epoch", "Number of the epoch that this server writes; it grows with each take-over.", nil, nil)
	figureSkew      = prometheus.NewDesc("madoguchi_store_clock_skew_seconds", "How far the clock of the place of the copies is ahead.", nil, nil)
	figureFenced    = prometheus.NewDesc("madoguchi_fenced", "1 once another server has taken over.", nil, nil)
	figureEpoch     = prometheus.NewDesc("madoguchi_epoch_info", "The epoch that this server writes.", []string{"epoch", "policy"}, nil)
	figureWaiting   = prometheus.NewDesc("madoguchi_mail_waiting", "Mails that wait to be sent.", nil, nil)
	figureOldest    = prometheus.NewDesc("madoguchi_mail_oldest_seconds", "How long the mail has waited that has waited longest.", nil, nil)
	figureFailed    = prometheus.NewDesc("madoguchi_mail_failed", "Mails that failed and that nobody has dealt with.", nil, nil)
	figureDue       = prometheus.NewDesc("madoguchi_provisional_bookings", "Bookings not confirmed by the place of the copies.", nil, nil)
	figureDueOldest = prometheus.NewDesc("madoguchi_provisional_oldest_seconds", "How long the oldest write waits for the place of the copies.", nil, nil)
	figurePictures  = prometheus.NewDesc("madoguchi_pictures_waiting", "Pictures of lists that wait to be read.", nil, nil)
	figurePicture   = prometheus.NewDesc("madoguchi_pictures_oldest_seconds", "How long the picture has waited that has waited longest.", nil, nil)
	figureRehearsal = prometheus.NewDesc("madoguchi_rehearsal_timestamp_seconds", "When a restore was last rehearsed.", nil, nil)
	figureRestores  = prometheus.NewDesc("madoguchi_rehearsal_good", "1 when the last rehearsal brought everything back.", nil, nil)
	figurePeer      = prometheus.NewDesc("madoguchi_peer_ready", "1 while the other machine stands by and can take over.", nil, nil)
	figurePeerLate  = prometheus.NewDesc("madoguchi_peer_behind_seconds", "How long ago the other machine's own database had everything, as it says.", nil, nil)
	figureEnds      = prometheus.NewDesc("madoguchi_certificate_end_timestamp_seconds", "When the watched certificate ends.", nil, nil)
	figureAlarm     = prometheus.NewDesc("madoguchi_alarm", "1 for each alarm that stands.", []string{"kind", "level", "acknowledged"}, nil)
	figureFree      = prometheus.NewDesc("madoguchi_disk_free_bytes", "Free room on the disk of the database.", nil, nil)
	figureRoom      = prometheus.NewDesc("madoguchi_disk_bytes", "Size of the disk of the database.", nil, nil)

	served = []*prometheus.Desc{figureCommitted, figureCopied, figureLag, figureFailing, figureSuccess, figureSkew, figureAble, figureTurn, figureFenced, figureEpoch,
		figureFree, figureRoom, figureWaiting, figureOldest, figureFailed, figureDue, figureDueOldest, figurePictures, figurePicture, figureRehearsal,
		figureRestores, figurePeer, figurePeerLate, figureEnds, figureAlarm}
)

func (figures) Describe(to chan<- *prometheus.Desc) {
	for _, d := range served {
		to <- d
	}
}

func (f figures) Collect(to chan<- prometheus.Metric) {
	say := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	s := f.status()
	say(figureCommitted, float64(s.Committed.Sequence))
	say(figureCopied, float64(s.Copied.Sequence))
	say(figureLag, s.Lag.Seconds())
	say(figureFailing, truth(s.LastError != ""))
	say(figureAble, truth(s.Able))
	say(figureSkew, s.Skew.Seconds())
	say(figureFenced, truth(s.Fenced))
	if n, err := strconv.Atoi(strings.TrimLeft(s.Epoch[:strings.IndexByte(s.Epoch+"-", '-')], "0")); err == nil {
		say(figureTurn, float64(n))
	}
	say(figureEpoch, 1, s.Epoch, string(s.Policy))
	if !s.LastSuccessAt.IsZero() {
		say(figureSuccess, float64(s.LastSuccessAt.Unix()))
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(f.folder, &disk); err == nil {
		say(figureFree, float64(disk.Bavail)*float64(disk.Bsize))
		say(figureRoom, float64(disk.Blocks)*float64(disk.Bsize))
	}
	if f.watch != nil {
		f.watched(say)
	}
}

// watched are the figures of what the status page shows.
func (f figures) watched(say func(*prometheus.Desc, float64, ...string)) {
	m := f.watch.Measure(context.Background())
	// Since when something waits; nothing does at the zero time.
	age := func(since time.Time) float64 {
		if since.IsZero() {
			return 0
		}
		return max(0, m.At.Sub(since).Seconds())
	}
	say(figureDue, float64(m.Provisional))
	say(figureDueOldest, age(m.ProvisionalSince))
	if !m.Unreadable {
		say(figureWaiting, float64(m.Mail.Waiting))
		say(figureFailed, float64(m.Mail.Failed))
		say(figureOldest, age(m.Mail.OldestAt))
		say(figurePictures, float64(m.Pictures))
		say(figurePicture, age(m.PicturesSince))
	}
	if !m.Rehearsal.At.IsZero() {
		say(figureRehearsal, float64(m.Rehearsal.At.Unix()))
		say(figureRestores, truth(m.Rehearsal.Good))
	}
	if m.PeerOn {
		say(figurePeer, truth(m.Peer == "standby"))
		if m.Standby != nil {
			say(figurePeerLate, m.Standby.Behind)
		}
	}
	if !m.Certificate.IsZero() {
		say(figureEnds, float64(m.Certificate.Unix()))
	}
	for _, a := range f.watch.Alarms() {
		say(figureAlarm, 1, string(a.Kind), string(a.Level), strconv.FormatBool(a.Acknowledged()))
	}
}

// standing are the figures of a machine that stands by.
type standing struct{ state func() restore.Following }

var (
	figureReached  = prometheus.NewDesc("madoguchi_standby_reached_file", "Number of the last file of copies in the standby's own database.", nil, nil)
	figureBehind   = prometheus.NewDesc("madoguchi_standby_behind_seconds", "How long ago the standby's own database had everything that the copies have.", nil, nil)
	figureVerified = prometheus.NewDesc("madoguchi_standby_verified_timestamp_seconds", "When the standby's own database last passed every check.", nil, nil)
	figureStuck    = prometheus.NewDesc("madoguchi_standby_stuck", "1 while the standby cannot follow.", nil, nil)
	figureUnfit    = prometheus.NewDesc("madoguchi_standby_check_failed", "1 while the last check of the standby's own database has failed.", nil, nil)
	figureBegun    = prometheus.NewDesc("madoguchi_standby_begun_total", "How often the standby's own database was built from the whole of the copies.", nil, nil)

	waited = []*prometheus.Desc{figureReached, figureBehind, figureVerified, figureStuck, figureUnfit, figureBegun}
)

func (standing) Describe(to chan<- *prometheus.Desc) {
	for _, d := range waited {
		to <- d
	}
}

func (s standing) Collect(to chan<- prometheus.Metric) {
	say := func(d *prometheus.Desc, v float64) { to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v) }
	f := s.state()
	say(figureReached, float64(f.Reached))
	say(figureStuck, truth(f.Stuck != ""))
	say(figureUnfit, truth(f.Found != ""))
	say(figureBegun, float64(f.Begun))
	if !f.CaughtUpAt.IsZero() {
		say(figureBehind, time.Since(f.CaughtUpAt).Seconds())
	}
	if !f.VerifiedAt.IsZero() {
		say(figureVerified, float64(f.VerifiedAt.Unix()))
	}
}

// standbyFigures answers /metrics on a machine that stands by.
func standbyFigures(state func() restore.Following, log *slog.Logger) (*http.Server, error) {
	return figureServer(standing{state}, log)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// figuresOf answers /metrics with our own figures and Litestream's.
func (svc *service) figuresOf(status func() replica.Status) (*http.Server, error) {
	return figureServer(figures{status, svc.watch, svc.cfg.Data}, svc.log)
}

// figureServer answers /metrics with figures of one kind, what is counted all
// along, and Litestream's.
func figureServer(of prometheus.Collector, log *slog.Logger) (*http.Server, error) {
	own := prometheus.NewRegistry()
	for _, c := range []prometheus.Collector{of, answers, records} {
		if err := own.Register(c); err != nil {
			return nil, fmt.Errorf("register figures: %w", err)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(prometheus.Gatherers{own, prometheus.DefaultGatherer}, promhttp.HandlerOpts{}))
	return web.NewServer(mux, log), nil
}

// startMetrics listens where monitoring is wanted; end stops it.
func (svc *service) startMetrics() (end func() error, err error) {
	if svc.cfg.Metrics == "" {
		return func() error { return nil }, nil
	}
	server, err := svc.figuresOf(svc.rep.Status)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", svc.cfg.Metrics)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	return func() error {
		err := server.Close()
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}, nil
}
