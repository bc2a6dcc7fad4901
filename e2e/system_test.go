package e2e

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"madoguchi/app/watch"
	"madoguchi/e2e/book"
)

// TestSystemPageShowsAnAlarmUntilItIsSeenTo: what goes wrong while the server
// runs comes up on the page, and somebody sees to it there.
func TestSystemPageShowsAnAlarmUntilItIsSeenTo(t *testing.T) {
	for _, c := range []struct {
		name    string
		window  size
		scripts bool
	}{{"without scripts", desktop, false}, {"narrow with axe", narrow, true}} {
		t.Run(c.name, func(t *testing.T) {
			w := run(t)
			if err := watch.NoteRehearsal(w.data(), watch.Rehearsal{At: time.Now()}); err != nil {
				t.Fatal(err)
			}
			b := open(t, w.start.Console, c.window, c.scripts)
			b.firstSignIn(w)
			w.awaitAlarm(watch.Rehearsed)
			b.follow(`.menu a[href="/system"]`)
			b.must("復旧の練習ができていません", "rehearsal.md", w.replica(), "遅れ 0秒")
			b.shoot("system-alarm")
			b.follow(`main form[action="/system/acknowledge"] button`)
			b.must("確認したことを記録しました", "確認した人")
			b.shoot("system-acknowledged")
		})
	}
}

// TestSystemPagesAreAccessible: the status page in every state that the
// console's tests hold, and a runbook, on a screen and at 320 px.
func TestSystemPagesAreAccessible(t *testing.T) {
	pages, err := book.Pages("..")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(book.Handler(".."))
	t.Cleanup(server.Close)
	for _, window := range []size{desktop, narrow} {
		b, n := open(t, server.URL, window, true), 0
		for _, p := range pages {
			if p.Site == "console" && (strings.HasPrefix(p.State, "system") || p.State == "runbook") {
				n++
				b.visit(p.Address())
				b.shoot(p.State)
			}
		}
		if n < 8 {
			t.Errorf("got %d pages, want every state", n)
		}
	}
}

func (w *town) awaitAlarm(k watch.Kind) {
	w.Helper()
	for {
		text, err := os.ReadFile(filepath.Join(w.data(), "alarms.json"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			w.Fatal(err)
		}
		if bytes.Contains(text, []byte(k)) {
			return
		}
		select {
		case <-w.Context().Done():
			w.Fatalf("no alarm %s", k)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
