package e2e

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/watch"
)

// postbox is a webhook's server.
type postbox struct {
	*httptest.Server
	mu  sync.Mutex
	got []watch.Posted
}

func newPostbox(t *testing.T) *postbox {
	t.Helper()
	b := &postbox{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var p watch.Posted
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			t.Error(err)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.got = append(b.got, p)
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *postbox) has(k watch.Kind, p watch.Phase) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, one := range b.got {
		if one.Kind == k && one.Phase == p {
			return true
		}
	}
	return false
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for !ok() {
		select {
		case <-t.Context().Done():
			t.Fatalf("never came: %s", what)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// TestAlarmsReachPeople: the copies' folder goes away, as a share on another
// machine does. The first are told at once, by mail and webhook; nobody
// acknowledges it, so the second are told; once somebody does, it is quiet.
func TestAlarmsReachPeople(t *testing.T) {
	t.Parallel() // it waits for minutes
	server, first, second := apptest.NewMailServer(t, signedIn), newPostbox(t), newPostbox(t)
	w := withMail(t, server, "--alert-mail", "it@example.jp", "--alert-webhook", first.URL+"/secret",
		"--alert-second-mail", "chief@example.jp", "--alert-second-webhook", second.URL, "--alert-second-after", "20s", "--alert-behind", "10s")
	desk := w.desk()
	w.submit(desk, "/system", "/system/test", nil)
	w.arrived(server, "it@example.jp", "［試験］警報の試験です")
	w.arrived(server, "chief@example.jp", "［試験］警報の試験です")
	await(t, "tests", func() bool { return first.has("", watch.Trial) && second.has("", watch.Trial) })

	if err := errors.Join(os.Rename(w.replica(), w.replica()+"-away"), os.WriteFile(w.replica(), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	w.submit(desk, "/system", "/system/test", nil) // something to copy
	await(t, "the first alarm", func() bool { return first.has(watch.CopyBehind, watch.First) })
	m := w.arrived(server, "it@example.jp", "［警報］複製が遅れています")
	for _, want := range []string{"docs/runbooks/copy-behind.md", "すること：", "確認した"} {
		if !strings.Contains(m.Body, want) {
			t.Errorf("got\n%s\nwant %q in it", m.Body, want)
		}
	}
	if second.has(watch.CopyBehind, watch.First) {
		t.Error("the second were told at once")
	}
	await(t, "the second alarm", func() bool { return second.has(watch.CopyBehind, watch.Second) })
	w.arrived(server, "chief@example.jp", "［警報（だれも確認していません）］複製が遅れています")
	w.sent(w.submit(desk, "/system", "/system/acknowledge", nil), nil)
	a, err := desk.Get(t.Context(), "/system")
	if err != nil || !strings.Contains(string(a.Body), "確認した人") || strings.Contains(string(a.Body), "/secret") {
		t.Errorf("got status %d, %v, want it acknowledged and no secret shown", a.Status, err)
	}
	if err := errors.Join(os.Remove(w.replica()), os.Rename(w.replica()+"-away", w.replica())); err != nil {
		t.Fatal(err)
	}
	await(t, "the end of it", func() bool {
		return first.has(watch.CopyBehind, watch.Over) && second.has(watch.CopyBehind, watch.Over)
	})
}
