package watch_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/jp"
	"madoguchi/app/mail"
	"madoguchi/app/watch"
	"madoguchi/store"
)

// hook is a server that takes what is posted to it, or refuses.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	got    []watch.Posted
	status int
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{status: http.StatusNoContent}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if r.Method != http.MethodPost {
			return // asked as a machine of a pair
		}
		var p watch.Posted
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			t.Error(err)
		}
		if h.status == http.StatusNoContent {
			h.got = append(h.got, p)
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(h.status)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) answers(status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status = status
}

// taken are the phases of what came, in their order, and forgets them.
func (h *hook) taken() (phases []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.got {
		phases = append(phases, string(p.Kind)+" "+string(p.Phase))
	}
	h.got = nil
	return phases
}

func (h *hook) expect(t *testing.T, when string, want ...string) {
	t.Helper()
	if got := h.taken(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %q, want %q", when, got, want)
	}
}

// place is a store whose system is watched through the notes of rehearsals,
// which a test can write at will.
type place struct {
	*testing.T
	st      *store.Store
	clock   *apptest.Clock
	folder  string
	options watch.Options
	w       *watch.Watcher
}

func newPlace(t *testing.T, c watch.Channels) *place {
	t.Helper()
	p := &place{T: t}
	p.st, p.clock = apptest.Store(t)
	p.folder = filepath.Dir(p.st.Path())
	p.options = watch.Options{Store: p.st, Folder: p.folder, Channels: c, Limits: watch.Limits{DiskPercent: 1}}
	p.restart()
	return p
}

func (p *place) restart() {
	p.Helper()
	var err error
	if p.w, err = watch.New(p.options); err != nil {
		p.Fatal(err)
	}
}

func (p *place) rehearsed(good bool) {
	p.Helper()
	if err := watch.NoteRehearsal(p.folder, watch.Rehearsal{At: p.clock.Now(), Good: good, Commit: p.clock.Now(), Took: "2秒"}); err != nil {
		p.Fatal(err)
	}
}

func (p *place) after(d time.Duration) {
	p.clock.Advance(d)
	p.w.Turn(p.Context())
}

func TestUrgentAlarmIsToldUntilItIsAcknowledged(t *testing.T) {
	h := newHook(t)
	p := newPlace(t, watch.Channels{Hook: h.URL})
	p.w.Happened(watch.TakenOver, "引き継ぎました。")
	p.after(0)
	h.expect(t, "at once", "taken-over first")
	p.after(29 * time.Minute)
	h.expect(t, "before it is time")
	p.after(time.Minute)
	h.expect(t, "after half an hour", "taken-over again")
	p.restart()
	p.after(30 * time.Minute)
	h.expect(t, "after a restart", "taken-over again")
	p.w.Acknowledge(watch.TakenOver, "someone")
	p.after(time.Hour)
	h.expect(t, "once acknowledged")
	if n := len(p.w.Alarms()); n != 0 {
		t.Errorf("got %d alarms, want none", n)
	}
}

func TestAlarmThatNobodyAcknowledgesGoesToTheSecondTier(t *testing.T) {
	first, second := newHook(t), newHook(t)
	p := newPlace(t, watch.Channels{Hook: first.URL, Second: watch.Tier{Hook: second.URL}, After: 45 * time.Minute})
	p.w.Happened(watch.TakenOver, "引き継ぎました。")
	p.rehearsed(false) // can wait, so it is nobody else's business
	p.after(0)
	p.after(30 * time.Minute)
	p.restart()
	p.after(14 * time.Minute)
	first.expect(t, "within 44 minutes", "taken-over first", "rehearsal first", "taken-over again")
	second.expect(t, "within 44 minutes")
	p.after(time.Minute)
	first.expect(t, "after 45 minutes", "taken-over second")
	second.expect(t, "after 45 minutes", "taken-over second")
	p.after(30 * time.Minute)
	second.expect(t, "half an hour later", "taken-over again")
	p.w.Acknowledge(watch.TakenOver, "someone")
	p.after(2 * 24 * time.Hour)
	second.expect(t, "once acknowledged")
	first.taken()

	if err := p.st.Close(); err != nil {
		t.Fatal(err)
	}
	p.after(0)
	p.w.Acknowledge(watch.Database, "someone")
	p.after(3 * time.Hour)
	first.expect(t, "acknowledged in time", "database first")
	second.expect(t, "acknowledged in time")
}

func TestSecondTierHearsThatItIsOver(t *testing.T) {
	first, second := newHook(t), newHook(t)
	p := newPlace(t, watch.Channels{Hook: first.URL, Second: watch.Tier{Hook: second.URL}, After: 10 * time.Minute})
	p.options.Peer = first.URL + "/peer" // answers, but is no standby
	p.restart()
	p.after(0)
	p.after(10 * time.Minute)
	p.options.Peer = ""
	p.restart()
	p.after(0)
	p.after(time.Minute)
	first.expect(t, "to the first", "no-standby first", "no-standby second", "no-standby over")
	second.expect(t, "to the second", "no-standby second", "no-standby over")
}

func TestAlarmEndsWhenItsCauseIsGone(t *testing.T) {
	h := newHook(t)
	p := newPlace(t, watch.Channels{Hook: h.URL})
	p.after(0)
	h.expect(t, "while all is well")
	p.rehearsed(false)
	p.after(0)
	h.expect(t, "at once", "rehearsal first")
	p.w.Acknowledge(watch.Rehearsed, "someone")
	p.rehearsed(true)
	p.after(0)
	p.rehearsed(false)
	p.after(30 * time.Second)
	p.after(2 * time.Minute)
	h.expect(t, "while it comes and goes")
	p.rehearsed(true)
	p.after(0)
	p.after(time.Minute)
	h.expect(t, "a minute after it is gone", "rehearsal over")
	p.rehearsed(false)
	p.after(time.Minute)
	h.expect(t, "when it comes again", "rehearsal first")
	p.after(4 * 24 * time.Hour)
	h.expect(t, "days later, as nobody looks", "rehearsal again")
}

func TestQuietHoursHoldBackWhatIsNotUrgent(t *testing.T) {
	h := newHook(t)
	p := newPlace(t, watch.Channels{Hook: h.URL, Quiet: watch.Quiet{From: jp.Clock(20 * 60), To: jp.Clock(7 * 60)}})
	p.after(13 * time.Hour) // 22:00
	p.rehearsed(false)
	p.after(0)
	h.expect(t, "in the night")
	p.w.Happened(watch.TakenOver, "引き継ぎました。")
	p.after(0)
	h.expect(t, "urgent in the night", "taken-over first")
	p.w.Acknowledge(watch.TakenOver, "someone")
	p.after(8*time.Hour + 59*time.Minute)
	h.expect(t, "at 6:59")
	p.after(time.Minute)
	h.expect(t, "at 7:00", "rehearsal first")
}

func TestUndeliveredAlarmIsSentAgain(t *testing.T) {
	h := newHook(t)
	p := newPlace(t, watch.Channels{Hook: h.URL + "/secret-token"})
	p.w.Happened(watch.TakenOver, "引き継ぎました。")
	for status, why := range map[int]string{500: "HTTP 500", 302: "HTTP 302"} {
		h.answers(status)
		p.after(time.Minute)
		if o := p.w.Outcomes(); !strings.Contains(o[0].Why, why) || strings.Contains(o[0].Why+o[0].Label, "secret") {
			t.Errorf("got %+v, want %q without the address", o, why)
		}
	}
	h.answers(http.StatusNoContent)
	p.after(10 * time.Second)
	h.expect(t, "while the channel rests")
	p.restart()
	p.after(time.Minute)
	h.expect(t, "a minute later, after a restart", "taken-over first")
	p.after(time.Minute)
	h.expect(t, "once it has arrived")
	if o := p.w.Outcomes(); o[0].Why != "" || o[0].At.IsZero() {
		t.Errorf("got %+v, want delivered", o)
	}
}

func TestAlarmsGoByMailToEverybody(t *testing.T) {
	server := apptest.NewMailServer(t, apptest.MailServerOptions{StartTLS: true, User: "town", Password: "secret"})
	box := &mail.Server{Host: server.Host, Port: server.Port, TLS: mail.StartTLS, CA: server.CA, User: "town", Password: "secret", From: "yoyaku@town.example.jp"}
	p := newPlace(t, watch.Channels{Server: box, To: []string{"a@example.jp", "b@example.jp"}})
	p.w.Happened(watch.TakenOver, "引き継ぎました。")
	server.Refuse(func(step, address string, try int) error {
		if step == "rcpt" && try == 1 {
			return apptest.Answer(450, [3]int{4, 2, 0}, "later")
		}
		return nil
	})
	p.after(0)
	p.after(time.Minute)
	taken := server.Taken()
	if len(taken) != 2 || taken[0].To == taken[1].To {
		t.Fatalf("got %d mails, want one for each: %+v", len(taken), taken)
	}
	for _, m := range taken {
		if !m.Secure || !strings.Contains(m.Subject, "警報") || !strings.Contains(m.Subject, "この機械が引き継ぎました") {
			t.Errorf("got %q, secure %v", m.Subject, m.Secure)
		}
		for _, want := range []string{"引き継ぎました。", "すること：", "docs/runbooks/taken-over.md", "確認した", "機械："} {
			if !strings.Contains(m.Body, want) {
				t.Errorf("got %q, want %q in it", m.Body, want)
			}
		}
	}
	p.w.Test(t.Context())
	if taken = server.Taken(); len(taken) != 4 || !strings.Contains(taken[3].Subject, "試験") {
		t.Errorf("got %d mails, want two tests more", len(taken))
	}
}

func TestSucceededServerSaysSoWithItsLastBreath(t *testing.T) {
	h := newHook(t)
	p := newPlace(t, watch.Channels{Hook: h.URL})
	if err := p.st.Close(); err != nil { // nothing of it is needed
		t.Fatal(err)
	}
	p.w.Succeeded(t.Context())
	h.expect(t, "at once", "fenced first")
}

// The alarms must not need the database that they may be about.
func TestDatabaseThatCannotBeReadIsAnAlarm(t *testing.T) {
	h := newHook(t)
	p := newPlace(t, watch.Channels{Hook: h.URL})
	if err := p.st.Close(); err != nil {
		t.Fatal(err)
	}
	p.after(0)
	h.expect(t, "at once", "database first")
}

func TestDamagedStateStartsAnew(t *testing.T) {
	h := newHook(t)
	p := newPlace(t, watch.Channels{Hook: h.URL})
	if err := os.WriteFile(filepath.Join(p.folder, "alarms.json"), []byte("{broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.restart()
	p.rehearsed(false)
	p.after(0)
	h.expect(t, "after all", "rehearsal first")
}

func TestEveryKindHasItsWordsAndItsRunbook(t *testing.T) {
	for _, k := range watch.Kinds() {
		if k.Label() == "" || k.Do() == "" {
			t.Errorf("%s has no words", k)
		}
		text, err := os.ReadFile(filepath.Join(apptest.Root(), "docs", "runbooks", k.Runbook()))
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.HasPrefix(string(text), "# "+k.Label()+"\n") {
			t.Errorf("%s: the runbook does not begin with 「%s」", k, k.Label())
		}
	}
}
