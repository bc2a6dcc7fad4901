package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/console"
	"madoguchi/app/intake"
	"madoguchi/app/mail"
	"madoguchi/app/public"
	"madoguchi/app/settings"
	"madoguchi/app/staff"
	"madoguchi/app/watch"
	"madoguchi/app/web"
	"madoguchi/store"
	"madoguchi/store/replica"
)

// copyTime is for the last copy. With drain it is less than TimeoutStopSec= of
// the unit.
const copyTime = 2 * time.Second

// service is what "serve" and "demo" run: the store, its copy, two listeners
// and the timetable.
type service struct {
	cfg     Config
	host    *host
	log     *slog.Logger
	st      *store.Store
	rep     *replica.Replica
	outbox  *mail.Outbox
	watch   *watch.Watcher
	public  *http.Server
	console *http.Server
	// closing is set when every answer is to be the last of its connection.
	closing     atomic.Bool
	connections connections
	listeners   []net.Listener
	answering   sync.WaitGroup // at the listeners
}

func serve(ctx context.Context, s Surroundings) error {
	cfg, rest, err := configure(s, mustLookUp("serve"), nil)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return wrongUsage("余分な言葉があります: %s", strings.Join(rest, " "))
	}
	return serveAlone(ctx, s, cfg, func(svc *service) error {
		if err := firstStart(ctx, svc.st, s.Out); err != nil {
			return err
		}
		return svc.announce(s.Out)
	})
}

// serveAlone is a service that has its sockets for itself.
func serveAlone(ctx context.Context, s Surroundings, cfg Config, started func(*service) error) (err error) {
	h, err := newHost(cfg, newLog(s.Err))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	return runService(ctx, s, cfg, h, started)
}

func (svc *service) announce(out io.Writer) error {
	_, err := fmt.Fprintf(out, "住民サイト   %s\n職員用画面   %s\nデータ       %s\n複製         %s\n終了は Ctrl-C\n",
		svc.host.public.url, svc.host.console.url, svc.cfg.Data, svc.cfg.Replica)
	return err
}

// runService opens everything, calls started once both sites answer, and
// closes everything again in reverse when ctx ends or a part fails.
func runService(ctx context.Context, s Surroundings, cfg Config, h *host, started func(*service) error) (err error) {
	svc := &service{cfg: cfg, host: h, log: h.log}
	begun := h.busy()
	defer begun()
	defer func() { err = errors.Join(err, svc.close()) }()
	if err := svc.open(ctx, s); err != nil {
		return err
	}
	unwatch, err := svc.startMetrics()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unwatch()) }()
	failed := make(chan error, 2)
	for i, server := range []*http.Server{svc.public, svc.console} {
		svc.answering.Go(func() {
			if err := server.Serve(svc.listeners[i]); !errors.Is(err, http.ErrServerClosed) && !svc.closing.Load() {
				failed <- fmt.Errorf("serve: %w", err)
			}
		})
	}
	if err := started(svc); err != nil {
		return err
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	jobs := startJobs(working, svc.st, svc.log)
	defer jobs()
	seats := startSeats(working, svc.st, svc.log)
	defer seats()
	mails := startMail(working, svc.outbox)
	defer mails()
	left := startLeft(working, svc.st, svc.rep, svc.log)
	defer left()
	watching := startWatch(working, svc.watch)
	defer watching()
	read, err := svc.startReader(working)
	if err != nil {
		return err
	}
	defer read()
	pulse := svc.startPulse(working)
	defer pulse()
	defer stop() // before those that wait for it
	begun()
	h.ready("業務を行っています")
	select {
	case <-ctx.Done():
		h.stopping()
		if h.handed {
			svc.turnOver()
		}
		svc.drain()
		return nil
	case <-svc.rep.Fenced():
		svc.drain()
		stop()
		watching()
		svc.sayFenced()
		return replica.ErrFenced
	case err := <-failed:
		return err
	}
}

func (svc *service) open(ctx context.Context, s Surroundings) error {
	text, err := fs.ReadFile(s.Files, "litestream.yml")
	if err != nil {
		return err
	}
	cfg, err := replica.ReadConfig(text)
	if err != nil {
		return err
	}
	if svc.st, err = store.Open(ctx, store.Options{Path: svc.cfg.Database()}); err != nil {
		return err
	}
	if svc.rep, err = replica.Start(ctx, svc.st, svc.cfg.Replica, cfg, svc.cfg.Confirm, svc.log); err != nil {
		return err
	}
	if svc.outbox, err = newOutbox(svc.cfg.Mail, svc.st, s.Files, svc.log); err != nil {
		return err
	}
	if svc.watch, err = svc.newWatch(); err != nil {
		return err
	}
	residents, err := public.New(public.Options{
		Options: web.Options{Store: svc.st, Files: s.Files, Log: svc.log, TrustProxy: svc.cfg.TrustProxy}, Mail: svc.cfg.Mail.On(),
	})
	if err != nil {
		return err
	}
	desk, err := console.New(ctx, console.Options{Store: svc.st, Files: s.Files, Log: svc.log, TrustProxy: svc.cfg.TrustProxy, ResidentSite: svc.cfg.Mail.Site, MailFrom: svc.cfg.Mail.sender(), Watch: svc.watch})
	if err != nil {
		return err
	}
	svc.public = web.NewServer(svc.lastAnswers(withHealth(counting("public", residents), svc.rep.Status)), svc.log)
	svc.console = web.NewServer(svc.lastAnswers(withHealth(counting("console", desk.Handler()), svc.rep.Status)), svc.log)
	svc.public.ConnState, svc.console.ConnState = svc.connections.note, svc.connections.note
	for _, d := range []door{svc.host.public, svc.host.console} {
		l, err := d.open()
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		svc.listeners = append(svc.listeners, l)
	}
	return nil
}

// close ends the service in reverse: no new visitors, then the store, and the
// copy last, because it takes what the store has just written.
func (svc *service) close() error {
	var errs []error
	for _, server := range []*http.Server{svc.public, svc.console} {
		if server != nil {
			errs = append(errs, server.Close()) // whoever is still connected has had their time
		}
	}
	for _, l := range svc.listeners {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if svc.st != nil {
		errs = append(errs, svc.st.Close())
	}
	if svc.rep != nil {
		last, cancel := context.WithTimeout(context.Background(), copyTime)
		defer cancel()
		errs = append(errs, svc.rep.Close(last))
	}
	return errors.Join(errs...)
}

// firstStart gives an empty store what it cannot do without: an
// administrator, whose one-time password is printed once, a service to book
// and a profile to read lists with.
func firstStart(ctx context.Context, st *store.Store, out io.Writer) error {
	by := audit.Command("serve")
	var password string
	err := st.Write(ctx, func(tx *store.Tx) error {
		if err := intake.EnsureProfile(tx, by); err != nil {
			return err
		}
		if err := booking.EnsureServices(tx, by); err != nil {
			return err
		}
		if err := booking.EnsureProxyReasons(tx, by); err != nil {
			return err
		}
		if err := settings.EnsureQuestions(tx, by); err != nil {
			return err
		}
		if err := settings.EnsureTranslations(tx, by); err != nil {
			return err
		}
		all, err := staff.List(tx)
		if err != nil || len(all) > 0 {
			return err
		}
		_, password, err = staff.Add(tx, by, "admin", "管理者", staff.Administrator)
		return err
	})
	if err != nil || password == "" {
		return err
	}
	_, err = fmt.Fprintf(out, "最初の管理者を作りました。仮パスワードはこの一度しか表示しません。\n  担当者ID       admin\n  仮パスワード   %s\n", password)
	return err
}
