package app

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/watch"
)

func TestAlertsAreConfiguredAsAWhole(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name  string
		args  []string
		wrong string // "": good
	}{
		{"a hook", []string{"--alert-webhook", "https://hook.example.jp/T/secret"}, ""},
		{"mail without a mail server", []string{"--alert-mail", "it@example.jp"}, "--alert-mail"},
		{"an address that is none", []string{"--alert-mail", "it@example.jp, nobody"}, "--alert-mail"},
		{"a hook that is none", []string{"--alert-webhook", "ftp://example.jp"}, "--alert-webhook"},
		{"a second tier", []string{"--alert-webhook", "https://a.example.jp/", "--alert-second-webhook", "https://b.example.jp/secret", "--alert-second-after", "20m"}, ""},
		{"a second tier alone", []string{"--alert-second-webhook", "https://b.example.jp/"}, "--alert-second-webhook"},
		{"a second tier by mail without a mail server", []string{"--alert-webhook", "https://a.example.jp/", "--alert-second-mail", "it@example.jp"}, "--alert-second-mail"},
		{"quiet hours", []string{"--alert-quiet", "20:00-07:00"}, ""},
		{"quiet hours that are none", []string{"--alert-quiet", "night"}, "--alert-quiet"},
		{"too short a limit", []string{"--alert-behind", "1s"}, "--alert-behind"},
		{"a limit without unit", []string{"--alert-repeat", "30"}, "--alert-repeat"},
		{"no such share of the disk", []string{"--alert-disk", "100"}, "--alert-disk"},
		{"no such certificate", []string{"--certificate", filepath.Join(dir, "none.pem")}, "--certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, _, err := configure(Surroundings{Args: append([]string{"--data", filepath.Join(dir, "data")}, c.args...)}, mustLookUp("serve"), nil)
			if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)) {
				t.Errorf("got %v, want it to name %q", err, c.wrong)
			}
			if strings.Contains(optAlertHook.get(cfg)+optSecondHook.get(cfg), "secret") {
				t.Error("check would show the hook's secret")
			}
		})
	}
}

// A server tells the hook of what it finds, here a rehearsal that failed.
func TestServerAlarmsWhoLooksAfterIt(t *testing.T) {
	var mu sync.Mutex
	var got []watch.Posted
	came := make(chan struct{}, 16)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var p watch.Posted
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			t.Error(err)
		}
		mu.Lock()
		got = append(got, p)
		mu.Unlock()
		came <- struct{}{}
	}))
	defer hook.Close()
	dir := t.TempDir()
	place := []string{"--data", filepath.Join(dir, "data"), "--replica", filepath.Join(dir, "copies")}
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := watch.NoteRehearsal(filepath.Join(dir, "data"), watch.Rehearsal{At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var out, errs strings.Builder
	ended := make(chan int, 1)
	go func() {
		ended <- Main(ctx, Surroundings{Files: apptest.Files(), Out: &out, Err: &errs, Args: append([]string{
			"serve", "--public", "127.0.0.1:0", "--console", "127.0.0.1:0", "--alert-webhook", hook.URL}, place...)})
	}()
	select {
	case <-came:
	case <-t.Context().Done():
		t.Fatal("no alarm came")
	}
	stop()
	if status := <-ended; status != exitDone {
		t.Fatalf("got status %d: %s", status, errs.String())
	}
	mu.Lock()
	defer mu.Unlock()
	if got[0].Kind != watch.Rehearsed || got[0].Phase != watch.First || got[0].Runbook != "rehearsal.md" || !strings.Contains(got[0].Text, "戻せませんでした") {
		t.Errorf("got %+v, want the alarm of the rehearsal", got[0])
	}
	// The rehearsal of what this server has left is noted for the next one.
	if status := Main(t.Context(), Surroundings{Files: apptest.Files(), Out: &out, Err: &errs, Args: append([]string{"restore", "--rehearse"}, place...)}); status != exitDone {
		t.Fatalf("got status %d: %s", status, errs.String())
	}
	var r watch.Rehearsal
	text, err := os.ReadFile(filepath.Join(dir, "data", "rehearsal.json"))
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil || !r.Good || r.Commit.IsZero() {
		t.Errorf("got %+v, %v, want a good rehearsal", r, err)
	}
}
