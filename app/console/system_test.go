package console

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/mail"
	"madoguchi/app/staff"
	"madoguchi/app/watch"
	"madoguchi/store"
	"madoguchi/store/replica"
)

// watched is an office whose system is watched, with a hook that keeps what it got.
func watched(t *testing.T, o *office, copies watch.Copies, hook string) *watch.Watcher {
	t.Helper()
	w, err := watch.New(watch.Options{
		Store: o.st, Copies: copies, Folder: filepath.Dir(o.st.Path()), Release: "v1.2.3", MailOn: true,
		Channels: watch.Channels{Hook: hook},
	})
	if err != nil {
		t.Fatal(err)
	}
	if o.desk, err = New(t.Context(), Options{Store: o.st, Files: apptest.Files(), Log: slog.New(slog.DiscardHandler), Watch: w}); err != nil {
		t.Fatal(err)
	}
	o.client = apptest.NewClient(t, o.desk.Handler())
	return w
}

// unwritten are the parts of the page that differ from machine to machine, and
// the version of the database, which is another after each migration.
func unwritten(t *testing.T, p *apptest.Page) []string {
	t.Helper()
	_, rest, _ := strings.Cut(p.Body, "<dt>データベースの版</dt>")
	schema, _, ok := strings.Cut(rest, "</dd>")
	if !ok {
		t.Fatal("no version of the database on the page")
	}
	for _, td := range p.FindAll("td") {
		if text := apptest.TextOf(td); strings.Contains(text, " GB（") {
			return []string{text, "DISK", "<dt>データベースの版</dt>" + schema, "<dt>データベースの版</dt><dd class=\"breaks\">SCHEMA"}
		}
	}
	t.Fatal("no disk on the page")
	return nil
}

func TestStatusPageIsForAdministratorsAndSaysHowThingsStand(t *testing.T) {
	o := open(t)
	watched(t, o, nil, "")
	if staff.Clerk.May(staff.MayWatchSystem) {
		t.Error("a clerk may watch the system")
	}
	must(t, o.clerk().Get("/system"), http.StatusForbidden)
	p := o.administrator().Get("/").Follow("システム")
	must(t, p, http.StatusOK, "システムの状態", "警報は出ていません", "送信待ち 0件", "読み書きできます", "v1.2.3", "届け先が設定されていません", "この機械では、まだ行っていません")
	golden(t, "system", p, unwritten(t, p)...)
}

// stands are copies that stand as a test says.
type stands struct {
	status replica.Status
	since  time.Time
}

func (s stands) Status() replica.Status         { return s.status }
func (s stands) Unconfirmed() (time.Time, bool) { return s.since, !s.since.IsZero() }

// The page in each state that those who look after the system meet: what is
// wrong comes first, each with what to do and the runbook's name.
func TestStatusPageInEveryState(t *testing.T) {
	good := replica.Status{Target: "s3://copies/madoguchi?region=jp-east-1", Policy: replica.Provisional, Epoch: "00000002-b", Mode: replica.Once, Able: true}
	for _, c := range []struct {
		name   string
		copies func(*stands, time.Time)
		peer   string // "" for one that does not answer
		also   func(o *office, w *watch.Watcher)
		says   []string
	}{
		{"fine", nil, "standby", nil, []string{"警報は出ていません", "待機しています", "遅れ 0秒", "まで戻せました"}},
		{"behind", func(s *stands, now time.Time) {
			s.status.Lag, s.status.LastError, s.status.LastSuccessAt = 8*time.Minute, "away", now.Add(-8*time.Minute)
			s.since = now.Add(-8 * time.Minute)
		}, "standby", nil, []string{"複製が遅れています", "仮受付が続いています", "copy-behind.md", "provisional.md"}},
		{"refusing", func(s *stands, now time.Time) {
			s.status.Policy, s.status.Lag, s.status.LastError, s.since = replica.Refuse, time.Minute, "away", now.Add(-time.Minute)
		}, "standby", nil, []string{"新しい予約を断っています", "provisional.md"}},
		{"alone", nil, "", func(_ *office, w *watch.Watcher) {
			w.Happened(watch.TakenOver, "もう一台に代わって、この機械が業務を引き継ぎました。もう一台が止まったわけを調べてください。")
		}, []string{"この機械が引き継ぎました", "待機の機械がありません", "no-standby.md"}},
		{"mail", nil, "standby", func(o *office, _ *watch.Watcher) {
			o.mailTo(o.hanako, o.slot(o.main, thursday, "9:30"), mail.Waiting, mail.WhyUnreachable)
			o.clock.Advance(20 * time.Minute)
		}, []string{"メールを送れません", "メールサーバーにつながりません", "mail-failing.md"}},
		{"rehearsal", nil, "standby", func(o *office, _ *watch.Watcher) {
			if err := watch.NoteRehearsal(filepath.Dir(o.st.Path()), watch.Rehearsal{At: o.clock.Now()}); err != nil {
				o.t.Fatal(err)
			}
		}, []string{"復旧の練習ができていません", "戻せませんでした", "rehearsal.md"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := open(t)
			now := o.st.Now()
			peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == watch.StandbyPath {
					io.WriteString(w, `{"epoch": "00000002-b", "behind_seconds": 1, "verified_seconds": 300}`) //nolint:errcheck // the page tells
					return
				}
				io.WriteString(w, c.peer) //nolint:errcheck // as above
			}))
			defer peer.Close()
			copies := stands{status: good}
			copies.status.LastSuccessAt = now
			if c.copies != nil {
				c.copies(&copies, now)
			}
			if err := watch.NoteRehearsal(filepath.Dir(o.st.Path()), watch.Rehearsal{At: now.Add(-6 * time.Hour), Good: true, Commit: now.Add(-6 * time.Hour), Took: "2秒"}); err != nil {
				t.Fatal(err)
			}
			w, err := watch.New(watch.Options{Store: o.st, Copies: copies, Folder: filepath.Dir(o.st.Path()), Release: "v1.2.3", MailOn: true, Peer: peer.URL, Limits: watch.Limits{DiskPercent: 1}})
			if err != nil {
				t.Fatal(err)
			}
			if o.desk, err = New(t.Context(), Options{Store: o.st, Files: apptest.Files(), Log: slog.New(slog.DiscardHandler), Watch: w}); err != nil {
				t.Fatal(err)
			}
			o.client = apptest.NewClient(t, o.desk.Handler())
			if c.also != nil {
				c.also(o, w)
			}
			w.Turn(t.Context())
			p := o.administrator().Get("/system")
			must(t, p, http.StatusOK, c.says...)
			golden(t, "system_"+c.name, p, unwritten(t, p)...)
			for _, a := range p.FindAll(`a[href^="/system/runbooks/"]`) {
				must(t, o.administrator().Get(apptest.Attr(a, "href")), http.StatusOK)
			}
		})
	}
}

func TestEveryRunbookCanBeReadOnTheConsole(t *testing.T) {
	o := open(t)
	names := []string{"alarms.md", "drill.md", "metrics.md"}
	for _, k := range watch.Kinds() {
		names = append(names, k.Runbook())
	}
	for _, name := range names {
		p := o.administrator().Get("/system/runbooks/" + name)
		text, err := os.ReadFile(filepath.Join(apptest.Root(), "docs", "runbooks", name))
		if err != nil {
			t.Fatal(err)
		}
		heading, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
		must(t, p, http.StatusOK, heading)
		sound(t, name, p)
	}
	golden(t, "runbook", o.administrator().Get("/system/runbooks/certificate.md"))
	for _, name := range []string{"none.md", "..%2f..%2fREADME.md", "..", "alarms"} {
		must(t, o.administrator().Get("/system/runbooks/"+name), http.StatusNotFound)
	}
	must(t, o.clerk().Get("/system/runbooks/alarms.md"), http.StatusForbidden)
}

// copied keeps copies of the office's database in a folder, and confirms by it.
func copied(t *testing.T, o *office, policy replica.Policy) (copies *replica.Replica, folder string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "copies")
	target, err := replica.Parse(folder)
	if err != nil {
		t.Fatal(err)
	}
	text, err := fs.ReadFile(apptest.Files(), "litestream.yml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := replica.ReadConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	if copies, err = replica.Start(t.Context(), o.st, target, cfg, policy, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(o.st.Close(), copies.Close(context.Background())); err != nil {
			t.Error(err)
		}
	})
	until(t, "the first copy", func() bool { return copies.Status().Copied.Sequence > 0 })
	return copies, folder
}

// until waits for what must come; the test's own time limit bounds it.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for !ok() {
		select {
		case <-t.Context().Done():
			t.Fatalf("never came: %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// The place of the copies is a folder that disappears and comes back, as a
// share on another machine does.
func TestWhatIsProvisionalIsSaidUntilTheCopiesHaveIt(t *testing.T) {
	o := open(t)
	copies, folder := copied(t, o, replica.Provisional)
	w := watched(t, o, copies, "")
	if err := errors.Join(os.Rename(folder, folder+"-away"), os.WriteFile(folder, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	v := o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	o.book(o.ichiro, o.slot(o.main, today, "10:00"), booking.ResidentSeat)
	places := []string{bookingPath(v.Booking.Ref), pathOf(o.hanako), pathOf(o.hanako) + "/booked"}
	// Lists say it in each row, and once what it means.
	lists := []string{"/?date=2026-12-03", visitPath(v.Booking.Ref), "/bookings?from=2026-12-03&to=2026-12-03", "/bookings?from=2026-12-03&to=2026-12-03&print=1"}
	for _, path := range lists {
		p := o.clerk().Get(path)
		must(t, p, http.StatusOK, "仮受付は、控えの保存先にまだ届いていない予約です。")
		if got := p.Texts(".mark.none"); !slices.Contains(got, "仮受付") {
			t.Errorf("%s: got the marks %q, want 仮受付", path, got)
		}
		sound(t, "provisional", p)
	}
	must(t, o.clerk().Get("/board"), http.StatusOK, "仮受付")
	for _, path := range places {
		must(t, o.clerk().Get(path), http.StatusOK, "仮受付です。")
	}
	o.clock.Advance(10 * time.Minute)
	w.Turn(t.Context())
	p := o.administrator().Get("/system")
	must(t, p, http.StatusOK, "仮受付が続いています", "仮受付の予約が2件あります", "遅れ 10分", "provisional.md", "電源を切らないで", "この機械の役目", folder, "provisional")
	sound(t, "system provisional", p)
	if err := errors.Join(os.Remove(folder), os.Rename(folder+"-away", folder)); err != nil {
		t.Fatal(err)
	}
	until(t, "the copy", func() bool { return o.st.Confirmed(v.BookedAt) })
	for _, path := range append(append(places, lists...), "/board") {
		if p := o.clerk().Get(path); strings.Contains(p.Text(), "仮受付") {
			t.Errorf("%s still says that it is provisional", path)
		}
	}
	must(t, o.administrator().Get("/system"), http.StatusOK, "仮受付の予約はありません", "遅れ 0秒")
}

// With the policy refuse nothing is written while the copies are away, but
// whoever is to mend that gets in, sees how it stands and acknowledges it.
func TestAlarmIsAcknowledgedWhileTheCopiesAreAway(t *testing.T) {
	o := open(t)
	copies, folder := copied(t, o, replica.Refuse)
	w := watched(t, o, copies, "")
	if err := errors.Join(os.Rename(folder, folder+"-away"), os.WriteFile(folder, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := o.st.WriteHere(t.Context(), func(tx *store.Tx) error { return watch.Tested(tx, system) }); err != nil || copies.Admit() == nil {
		t.Fatalf("got %v, want it written and others refused", err)
	}
	o.clock.Advance(10 * time.Minute)
	w.Turn(t.Context())
	p := o.signIn("kanri").Get("/system")
	must(t, p, http.StatusOK, "複製が遅れています", "新しい予約を断っています")
	p = p.Submit("/system/acknowledge", nil)
	must(t, p, http.StatusOK, "確認したことを記録しました", "確認した人")
	if n := o.count(`SELECT count(*) FROM audit WHERE action = 'alarm_acknowledged' AND actor = ?`, o.accounts["kanri"].Ref); n != 1 {
		t.Errorf("got %d entries, want 1", n)
	}
	refused := o.administrator().Get("/password").Submit("/password", url.Values{"current": {o.passwords["kanri"]}, "new": {goodPassword}, "again": {goodPassword}})
	must(t, refused, http.StatusServiceUnavailable)
	if err := errors.Join(os.Remove(folder), os.Rename(folder+"-away", folder)); err != nil {
		t.Fatal(err)
	}
	until(t, "the copy", func() bool { s := copies.Status(); return s.Copied == s.Committed })
}

func TestAlarmsAreAcknowledgedAndTestedFromThePage(t *testing.T) {
	var got atomic.Int32
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if text, err := io.ReadAll(r.Body); err == nil && strings.Contains(string(text), "試験") {
			got.Add(1)
		}
	}))
	defer hook.Close()
	o := open(t)
	w := watched(t, o, nil, hook.URL)
	w.Happened(watch.TakenOver, "もう一台の心拍が止まったため、12月1日 8:59 に引き継ぎました。")
	p := o.administrator().Get("/system")
	must(t, p, http.StatusOK, "この機械が引き継ぎました", "まだ何も送っていません")
	golden(t, "system_alarm", p, unwritten(t, p)...)
	p = p.Submit("/system/test", nil)
	must(t, p, http.StatusOK, "警報の試験を送りました", "に届けました")
	if got.Load() != 1 {
		t.Errorf("the hook got %d tests, want 1", got.Load())
	}
	p = p.Submit("/system/acknowledge", nil)
	must(t, p, http.StatusOK, "確認したことを記録しました", "警報は出ていません")
	for action, want := range map[string]int{"alarm_tested": 1, "alarm_acknowledged": 1} {
		if n := o.count(`SELECT count(*) FROM audit WHERE action = ? AND actor = ?`, action, o.accounts["kanri"].Ref); n != want {
			t.Errorf("%s: got %d entries, want %d", action, n, want)
		}
	}
	hook.Close()
	must(t, o.administrator().Get("/system").Submit("/system/test", nil), http.StatusOK, "通知先につながりません")
}
