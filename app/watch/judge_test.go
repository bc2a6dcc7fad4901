package watch_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/mail"
	"madoguchi/app/watch"
	"madoguchi/store"
	"madoguchi/store/replica"
)

func TestJudgementTellsWhatIsWrongAndHowUrgent(t *testing.T) {
	p := newPlace(t, watch.Channels{})
	p.options.Limits = watch.Limits{}
	p.restart()
	now := p.clock.Now()
	well := watch.Measured{
		At: now, Copied: true, Copy: replica.Status{Policy: replica.Provisional, LastSuccessAt: now, Copied: store.Commit{Sequence: 1}},
		Free: 50, Total: 100, MailOn: true, PeerOn: true, Peer: "standby", Certificate: now.AddDate(0, 6, 0),
	}
	for name, c := range map[string]struct {
		change func(*watch.Measured)
		want   string
	}{
		"all well":           {func(*watch.Measured) {}, ""},
		"a write on its way": {func(m *watch.Measured) { m.Copy.Lag, m.ProvisionalSince = time.Second, now }, ""},
		"a short failure":    {func(m *watch.Measured) { m.Copy.LastError = "away" }, ""},
		"provisional": {func(m *watch.Measured) {
			m.Copy.Lag, m.ProvisionalSince, m.Provisional = time.Minute, now.Add(-time.Minute), 3
		}, "provisional urgent"},
		"behind, local":                      {func(m *watch.Measured) { m.Copy.Policy, m.Copy.Lag = replica.Local, 6*time.Minute }, "copy-behind urgent"},
		"away without any write":             {func(m *watch.Measured) { m.Copy.LastError, m.Copy.LastSuccessAt = "away", now.Add(-6*time.Minute) }, "copy-behind urgent"},
		"fenced":                             {func(m *watch.Measured) { m.Copy.Fenced = true }, "fenced urgent"},
		"no standby":                         {func(m *watch.Measured) { m.Peer = "" }, "no-standby urgent"},
		"a standby without copies":           {func(m *watch.Measured) { m.Peer = "standby blind" }, "no-standby urgent"},
		"a standby that builds its database": {func(m *watch.Measured) { m.Standby = &watch.Standby{Behind: 60, Verified: -1} }, ""},
		"a standby that cannot build it":     {func(m *watch.Measured) { m.Standby = &watch.Standby{Behind: 901, Verified: -1, Stuck: true} }, "no-standby notice"},
		"a standby that has everything":      {func(m *watch.Measured) { m.Standby = &watch.Standby{Epoch: "a", Behind: 2, Verified: 600} }, ""},
		"a standby that fell behind":         {func(m *watch.Measured) { m.Standby = &watch.Standby{Epoch: "a", Behind: 301, Verified: 600} }, "no-standby notice"},
		"a standby whose check failed":       {func(m *watch.Measured) { m.Standby = &watch.Standby{Verified: -1, Failed: true} }, "no-standby notice"},
		"disk getting full":                  {func(m *watch.Measured) { m.Free = 9 }, "disk-low notice"},
		"disk almost full":                   {func(m *watch.Measured) { m.Free = 2 }, "disk-low urgent"},
		"mail server down a moment": {func(m *watch.Measured) {
			m.Mail = mail.Standing{Waiting: 1, OldestAt: now, Server: mail.WhyTimeout, FailingSince: now}
		}, ""},
		"mail server down": {func(m *watch.Measured) {
			m.Mail = mail.Standing{Waiting: 1, OldestAt: now, Server: mail.WhyTimeout, FailingSince: now.Add(-time.Hour)}
		}, "mail-failing notice"},
		"rehearsal failed":         {func(m *watch.Measured) { m.Rehearsal.At = now }, "rehearsal notice"},
		"rehearsal long ago":       {func(m *watch.Measured) { m.Rehearsal = watch.Rehearsal{At: now.Add(-73 * time.Hour), Good: true} }, "rehearsal notice"},
		"certificate in two weeks": {func(m *watch.Measured) { m.Certificate = now.AddDate(0, 0, 14) }, "certificate notice"},
		"certificate tomorrow":     {func(m *watch.Measured) { m.Certificate = now.AddDate(0, 0, 1) }, "certificate urgent"},
		"certificate unreadable":   {func(m *watch.Measured) { m.Certificate, m.CertificateBad = time.Time{}, true }, "certificate notice"},
		"clocks apart":             {func(m *watch.Measured) { m.Copy.Skew = -61 * time.Second }, "clocks notice"},
		"left behind":              {func(m *watch.Measured) { m.Left = 2 }, "left-behind urgent"},
		"database":                 {func(m *watch.Measured) { m.Unreadable = true }, "database urgent"},
	} {
		m := well
		c.change(&m)
		got := ""
		for _, f := range p.w.Judge(m) {
			if f.Text == "" || f.Label == "" {
				t.Errorf("%s: %s says nothing", name, f.Kind)
			}
			if f.Level.Wrong() {
				got += fmt.Sprintf("%s %s", f.Kind, f.Level)
			}
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestMeasuresWhatIsThere(t *testing.T) {
	says := "standby\n"
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/readyz":
		case watch.StandbyPath:
			fmt.Fprint(w, `{"epoch": "00000001-a", "behind_seconds": 2, "verified_seconds": 60}`)
			return
		default:
			t.Errorf("got %s", r.URL.Path)
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, says)
	}))
	p := newPlace(t, watch.Channels{})
	file := filepath.Join(t.TempDir(), "site.pem")
	ends := time.Now().Add(30 * 24 * time.Hour).UTC().Truncate(time.Second)
	certify(t, file, ends)
	p.options.Peer, p.options.Certificate = peer.URL, file
	p.restart()
	m := p.w.Measure(t.Context())
	if m.Standby == nil || m.Standby.Verified != 60 {
		t.Errorf("got %+v, want what the standby says", m.Standby)
	}
	if m.Peer != "standby" || !m.Certificate.Equal(ends) || m.Total == 0 || m.Free == 0 || m.Schema != store.SchemaVersion() || m.Unreadable || m.CertificateBad {
		t.Errorf("got %+v", m)
	}
	peer.Close()
	if err := os.WriteFile(file, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if m = p.w.Measure(t.Context()); m.Peer != "" || !m.CertificateBad {
		t.Errorf("got %+v, want no peer and a bad certificate", m)
	}
}

func certify(t *testing.T, file string, ends time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: apptest.Start.Add(-time.Hour), NotAfter: ends}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}
