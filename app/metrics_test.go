package app

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"madoguchi/app/apptest"
	"madoguchi/app/watch"
	"madoguchi/store"
	"madoguchi/store/replica"
	"madoguchi/store/restore"
)

func TestFiguresTellHowTheCopiesStand(t *testing.T) {
	status := replica.Status{
		Committed: store.Commit{Sequence: 12}, Copied: store.Commit{Sequence: 10}, Lag: 1500 * time.Millisecond,
		LastError: "away", Fenced: true, Able: true, Epoch: "00000003-a", Policy: replica.Refuse, LastSuccessAt: time.Unix(1_790_000_000, 0),
	}
	svc := &service{cfg: Config{Data: t.TempDir()}, log: slog.New(slog.DiscardHandler)}
	server, err := svc.figuresOf(func() replica.Status { return status })
	if err != nil {
		t.Fatal(err)
	}
	at := httptest.NewServer(server.Handler)
	defer at.Close()
	resp, err := http.Get(at.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"madoguchi_commit_sequence 12", "madoguchi_copied_sequence 10", "madoguchi_copy_lag_seconds 1.5", "madoguchi_copy_failing 1",
		"madoguchi_fenced 1", `madoguchi_epoch_info{epoch="00000003-a",policy="refuse"} 1`, "madoguchi_epoch 3", "madoguchi_disk_writable 1", "madoguchi_copy_last_success_timestamp_seconds 1.79e+09",
		"madoguchi_disk_free_bytes ", "go_goroutines ",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("got no %q", want)
		}
	}
}

var figureName = regexp.MustCompile("`(madoguchi_[a-z_]+)`")

// Whoever sets up the monitoring reads docs/runbooks/metrics.md: it has every
// figure, and no other.
func TestEveryFigureIsExplained(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(apptest.Root(), "docs", "runbooks", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	var explained, there []string
	for _, m := range figureName.FindAllStringSubmatch(string(text), -1) {
		explained = append(explained, m[1])
	}
	descs := make(chan *prometheus.Desc, 100)
	for _, c := range []prometheus.Collector{figures{}, standing{}, answers, records} {
		c.Describe(descs)
	}
	close(descs)
	for d := range descs {
		name, _, _ := strings.Cut(strings.TrimPrefix(d.String(), `Desc{fqName: "`), `"`)
		there = append(there, name)
	}
	slices.Sort(explained)
	slices.Sort(there)
	if !slices.Equal(explained, there) {
		t.Errorf("got explained\n%q\nwant\n%q", explained, there)
	}
}

func TestHealthTellsWhoServes(t *testing.T) {
	site := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	copied := store.Commit{Sequence: 1}
	for name, c := range map[string]struct {
		status replica.Status
		path   string
		want   int
	}{
		"alive":                   {replica.Status{Fenced: true}, "/livez", 200},
		"ready":                   {replica.Status{Copied: copied}, "/readyz", 200},
		"ready while away":        {replica.Status{LastError: "away", Lag: time.Hour}, "/readyz", 200},
		"confirming":              {replica.Status{Copied: copied, Able: true}, "/readyz?confirming=1", 200},
		"not confirming: away":    {replica.Status{Copied: copied, Able: true, LastError: "away"}, "/readyz?confirming=1", 503},
		"not confirming: behind":  {replica.Status{Copied: copied, Able: true, Lag: 6 * time.Second}, "/readyz?confirming=1", 503},
		"not confirming: no copy": {replica.Status{Able: true}, "/readyz?confirming=1", 503},
		"not confirming: no disk": {replica.Status{Copied: copied}, "/readyz?confirming=1", 503},
		"fenced":                  {replica.Status{Copied: copied, Fenced: true}, "/readyz", 503},
		"anything else":           {replica.Status{}, "/", http.StatusTeapot},
	} {
		w := httptest.NewRecorder()
		withHealth(site, func() replica.Status { return c.status }).ServeHTTP(w, httptest.NewRequest(http.MethodGet, c.path, nil))
		if w.Code != c.want {
			t.Errorf("%s: got %d, want %d", name, w.Code, c.want)
		}
	}
	for path, want := range map[string]int{"/livez": 200, "/readyz": 503, "/": 503, "/sign-in": 503} {
		w := httptest.NewRecorder()
		standingBy(func() bool { return false }, func() restore.Following { return restore.Following{} }).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want || path == "/" && w.Body.Len() < 513 {
			t.Errorf("standby %s: got %d with %d bytes, want %d", path, w.Code, w.Body.Len(), want)
		}
	}
}

// A machine that stands by tells monitoring and the other machine how far its
// own database is, but not why it is stuck: that may name places.
func TestStandbyTellsHowFarItsDatabaseIs(t *testing.T) {
	f := restore.Following{Epoch: "00000003-a", Reached: 12, CaughtUpAt: time.Now().Add(-3 * time.Second), VerifiedAt: time.Now().Add(-time.Minute), Verified: 10, Begun: 2, Stuck: "secret place"}
	state := func() restore.Following { return f }
	server, err := standbyFigures(state, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	server.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{"madoguchi_standby_reached_file 12", "madoguchi_standby_behind_seconds 3.", "madoguchi_standby_stuck 1", "madoguchi_standby_check_failed 0", "madoguchi_standby_begun_total 2", "madoguchi_standby_verified_timestamp_seconds "} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("got no %q", want)
		}
	}
	w = httptest.NewRecorder()
	standingBy(func() bool { return false }, state).ServeHTTP(w, httptest.NewRequest(http.MethodGet, watch.StandbyPath, nil))
	if body := w.Body.String(); w.Code != 200 || !strings.Contains(body, `"verified_commit":10`) || !strings.Contains(body, `"stuck":true`) || strings.Contains(body, "secret") {
		t.Errorf("got %d %s", w.Code, body)
	}
}

func TestLocalConfirmationAndAutomaticTakeOverExcludeEachOther(t *testing.T) {
	var out, errs strings.Builder
	dir := t.TempDir()
	s := Surroundings{Args: []string{"standby", "--data", dir + "/data", "--replica", dir + "/copies"}, Out: &out, Err: &errs}
	if status := Main(t.Context(), s); status != exitUsage || !strings.Contains(errs.String(), "--confirm local") {
		t.Errorf("got status %d, %s", status, errs.String())
	}
}
