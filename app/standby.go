package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"madoguchi/app/watch"
	"madoguchi/app/web"
	"madoguchi/store"
	"madoguchi/store/replica"
	"madoguchi/store/restore"
)

const (
	// lookEvery is how often a standby looks at the heartbeat of the other.
	lookEvery = time.Second
	// silentFor is how long the heartbeat must stand still, by this machine's own
	// watch, for the other to count as lost: three beats.
	silentFor = 6 * time.Second
	// blindFor is how long looks may fail before the silence is counted anew.
	blindFor = 3 * lookEvery
	// startingFor is how long a machine that has begun to take over may need for
	// its first heartbeat.
	startingFor = 12 * time.Second
)

// pair is one of two machines: it serves if the newest copies are its own, and
// stands by otherwise.
type pair struct {
	cfg    Config
	peer   string       // address of the other's resident site, "" for none
	manual bool         // only a person lets it take over
	blind  *atomic.Bool // it cannot read the copies
	// stale: its own database went back to an earlier state; the copies have what
	// is missing.
	stale bool
	// begun is the epoch of its own latest attempt to take over, and failed how
	// many attempts have failed.
	begun  string
	failed int
	// following is the follower while it stands by.
	following *atomic.Pointer[restore.Follower]
	host      *host
	log       *slog.Logger
	s         Surroundings
}

// promoteFile is how "promote" reaches the standby that runs on this machine.
func promoteFile(cfg Config) string { return filepath.Join(cfg.Data, "promote") }

func standby(ctx context.Context, s Surroundings) (err error) {
	p := pair{s: s, blind: new(atomic.Bool), following: new(atomic.Pointer[restore.Follower]), log: newLog(s.Err)}
	cfg, rest, err := configure(s, mustLookUp("standby"), func(fs *flag.FlagSet) {
		fs.StringVar(&p.peer, "peer", environment("MADOGUCHI_PEER"), "もう一台の住民サイトのアドレス（例 http://10.0.0.2:8080）")
		fs.BoolVar(&p.manual, "manual", false, "自動では引き継がず、madoguchi promote を待つ")
	})
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return wrongUsage("余分な言葉があります: %s", strings.Join(rest, " "))
	}
	if u, err := url.Parse(p.peer); p.peer != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return wrongUsage("--peer「%s」: http://10.0.0.2:8080 の形で指定してください", p.peer)
	}
	p.peer = strings.TrimSuffix(p.peer, "/")
	if cfg.Confirm == replica.Local && !p.manual {
		return wrongUsage("--confirm local では、自動で引き継げません（答えたのに複製していない予約が失われます）。--confirm provisional か refuse にするか、--manual を付けてください。")
	}
	cfg.Peer = p.peer
	p.cfg = cfg
	// Also where it has never served: "promote" asks through this folder.
	if err := os.MkdirAll(cfg.Data, 0o750); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	if p.host, err = newHost(cfg, p.log); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.host.close()) }()
	for {
		took, err := p.turn(ctx)
		if err != nil || ctx.Err() != nil {
			p.host.stopping()
			return err
		}
		err = runService(ctx, s, cfg, p.host, func(svc *service) error {
			if took {
				svc.watch.Happened(watch.TakenOver, "もう一台に代わって、この機械が業務を引き継ぎました。もう一台が止まったわけを調べてください。")
			}
			if err := firstStart(ctx, svc.st, s.Out); err != nil {
				return err
			}
			return svc.announce(s.Out)
		})
		p.stale = errors.Is(err, replica.ErrOldDatabase)
		if p.stale {
			p.log.Error("the database lacks what its copies have; they replace it", "error", err)
			continue
		}
		if !errors.Is(err, replica.ErrFenced) {
			return err
		}
		fmt.Fprintln(s.Out, "別のサーバーが業務を引き継ぎました。このサーバーは待機します。") //nolint:errcheck // the service goes on
	}
}

// turn returns when this machine is the one to serve, and whether it has taken
// over from the other.
func (p pair) turn(ctx context.Context) (took bool, err error) {
	// A machine that serves and was only started anew answers nothing in between.
	if now, err := p.look(ctx); err == nil && mayServe(now) && !p.stale {
		return false, nil
	}
	waiting, err := p.answerMeanwhile()
	if err != nil {
		return false, err
	}
	defer waiting()
	o := restore.Options{Target: p.cfg.Replica, Path: p.cfg.Database()}
	for {
		follower, err := restore.Follow(ctx, o, verifyCopy, p.log)
		if err != nil {
			return false, err
		}
		p.following.Store(follower)
		takeOver, err := p.watch(ctx)
		if err != nil || ctx.Err() != nil || !takeOver {
			return false, errors.Join(err, follower.End())
		}
		begin := time.Now()
		fmt.Fprintln(p.s.Out, "引き継ぎます。") //nolint:errcheck // as above
		begun := p.host.busy()
		report, err := restore.TakeOver(ctx, o, p.cfg.Confirm, verifyCopy, follower)
		begun()
		if err == nil {
			p.log.Info("taken over", "took", time.Since(begin).Round(time.Millisecond).String(), "commit", report.LastCommit.Sequence)
			return true, printLines(p.s, fmt.Sprintf("引き継ぎました（%.1f秒）", time.Since(begin).Seconds()), report.Sentences)
		}
		if ctx.Err() != nil {
			return false, nil
		}
		// Whatever it was, the other may have come back, or the store: look again.
		p.failed++
		if u := (*restore.Unfinished)(nil); errors.As(err, &u) {
			p.begun = u.Epoch
		}
		p.log.Error("taking over failed; watching again", "error", err)
	}
}

// answerMeanwhile tells visitors on both addresses that this machine stands by.
func (p pair) answerMeanwhile() (end func(), err error) {
	var servers []*http.Server
	end = func() {
		for _, server := range servers {
			server.Close() //nolint:errcheck // nobody waits for an answer of a standby
		}
	}
	start := func(l net.Listener, server *http.Server) {
		servers = append(servers, server)
		go server.Serve(l) //nolint:errcheck // ends with end
	}
	for _, d := range []door{p.host.public, p.host.console} {
		l, err := d.open()
		if err != nil {
			end()
			return nil, fmt.Errorf("listen: %w", err)
		}
		start(l, web.NewServer(standingBy(p.blind.Load, p.state), p.log))
	}
	if p.cfg.Metrics == "" {
		p.host.ready("待機しています")
		return end, nil
	}
	server, err := standbyFigures(p.state, p.log)
	if err != nil {
		end()
		return nil, err
	}
	l, err := net.Listen("tcp", p.cfg.Metrics)
	if err != nil {
		end()
		return nil, fmt.Errorf("listen: %w", err)
	}
	start(l, server)
	p.host.ready("待機しています")
	return end, nil
}

// state tells how far the follower is.
func (p pair) state() restore.Following {
	if f := p.following.Load(); f != nil {
		return f.State()
	}
	return restore.Following{}
}

// mayServe reports whether this machine's own database is the one to go on with.
func mayServe(now replica.Standing) bool { return now.Newest == (replica.Epoch{}) || now.Mine }

// watch returns whether to take over, or false when this machine's own
// database is the one to go on with.
func (p pair) watch(ctx context.Context) (takeOver bool, err error) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	var seen replica.Standing
	since, looked := time.Now(), time.Now()
	var handed time.Time
	said := ""
	say := func(text string) {
		if text != said {
			said = text
			fmt.Fprintln(p.s.Out, text) //nolint:errcheck // the watch goes on
		}
	}
	for {
		now, err := p.look(ctx)
		p.host.alive()
		if err == nil && !mayServe(now) {
			p.following.Load().Saw(now)
			if time.Since(handed) >= leftEvery {
				handed = time.Now()
				if err := handOver(ctx, p.cfg, p.log); err != nil && ctx.Err() == nil {
					p.log.Warn("what this machine had answered is not handed over yet", "error", err)
				}
			}
		}
		asked := p.asked()
		p.blind.Store(err != nil)
		if err == nil {
			looked = time.Now()
		}
		switch {
		case err != nil:
			// Without the store nothing can be judged, and nothing taken over. While it
			// was away the other had no way to beat; one look that fails is no such time.
			if time.Since(looked) > blindFor {
				since = time.Now()
			}
			say("待機しています。複製先を読めません。")
			p.log.Warn("the place of the copies cannot be read", "error", err)
		case mayServe(now):
			return p.stale, nil
		case now.Beat.ReadableFrom > store.SchemaVersion():
			// Before it would close the epoch of the one that can serve.
			say(fmt.Sprintf("待機しています。もう一台のデータベースは、この版では扱えない形です（版%d以降。この機械は版%d）。この機械のmadoguchiを新しい版にするまで、引き継げません。",
				now.Beat.ReadableFrom, store.SchemaVersion()))
		case asked:
			return true, nil
		case now.Newest != seen.Newest || now.Beat != seen.Beat:
			seen, since = now, time.Now()
			say(fmt.Sprintf("待機しています。いま動いている世代は %s です。", now.Newest))
		case time.Since(since) < p.patience(now):
		case p.manual || now.Mode == replica.Manual:
			say("もう一台の心拍が止まっています。止まっていることを確かめて、madoguchi promote で引き継いでください。")
		case now.Policy == replica.Local:
			say("もう一台の心拍が止まっています。確定の方針が local だったため、自動では引き継ぎません。複製していない予約が失われてよければ、madoguchi promote で引き継いでください。")
		case p.peer != "" && peerConfirms(ctx, p.peer):
			say("もう一台の心拍は見えませんが、動いています。")
		default:
			return true, nil
		}
		select {
		case <-ctx.Done():
			return false, nil
		case <-ticker.C:
		}
	}
}

func (p pair) patience(now replica.Standing) time.Duration {
	if p.begun != "" && p.begun == now.Newest.String() {
		return min(lookEvery<<min(p.failed, 4), startingFor) // its own attempt, that came to nothing
	}
	if now.Beat.Epoch != now.Newest.String() {
		return startingFor
	}
	return silentFor
}

func (p pair) look(ctx context.Context) (replica.Standing, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return replica.Look(ctx, p.cfg.Replica, replica.MetaPath(p.cfg.Database()))
}

// asked takes a request that "promote" has left.
func (p pair) asked() bool { return os.Remove(promoteFile(p.cfg)) == nil }

// promote asks the standby on this machine to take over.
func promote(_ context.Context, s Surroundings) error {
	cfg, rest, err := configure(s, mustLookUp("promote"), nil)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return wrongUsage("余分な言葉があります: %s", strings.Join(rest, " "))
	}
	if err := os.WriteFile(promoteFile(cfg), nil, 0o600); err != nil {
		return fmt.Errorf("ask the standby: %w", err)
	}
	for range 50 {
		time.Sleep(100 * time.Millisecond)
		if _, err := os.Stat(promoteFile(cfg)); errors.Is(err, os.ErrNotExist) {
			_, err := fmt.Fprintln(s.Out, "待機系に引継ぎを頼みました。進み具合は待機系の表示（journalctl）で確かめてください。")
			return err
		}
	}
	return errors.Join(errors.New("このデータフォルダの待機系が応答しません。madoguchi standby が動いているか、もう動いている側ではないか確かめてください"), os.Remove(promoteFile(cfg)))
}

// fence stops every server that writes to the copies, and lets nobody serve
// until a standby takes over.
func fence(ctx context.Context, s Surroundings) error {
	var sure bool
	cfg, rest, err := configure(s, mustLookUp("fence"), func(fs *flag.FlagSet) {
		fs.BoolVar(&sure, "yes", false, "確かに止める")
	})
	if err != nil {
		return err
	}
	if len(rest) > 0 || !sure {
		return wrongUsage("いま動いているサーバーは、何も受け付けなくなります。確かなら --yes を付けてください")
	}
	seized, err := replica.Seize(ctx, cfg.Replica)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.Out, "世代 %s を閉じました。続けるには、待機系で madoguchi promote を実行するか、madoguchi restore で復旧してから始めてください。\n", seized.Base)
	return err
}
