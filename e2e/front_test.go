package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// front runs HAProxy with the example of its configuration in front of a pair.
// It returns the address of the resident site.
func front(t *testing.T, a, b *node) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "systemd", "haproxy.cfg"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate := filepath.Join(dir, "site.pem")
	if err := os.WriteFile(certificate, selfSigned(t), 0o600); err != nil {
		t.Fatal(err)
	}
	at := freeAddress(t)
	config := string(text)
	for example, here := range map[string]string{
		"10.0.0.10:443": at, "10.0.0.10:8443": freeAddress(t), "10.0.0.10:80\n": freeAddress(t) + "\n",
		"10.0.0.1:8080": a.manager.public, "10.0.0.1:8081": a.manager.console,
		"10.0.0.2:8080": b.manager.public, "10.0.0.2:8081": b.manager.console,
		"/etc/haproxy/site.pem": certificate, "/run/haproxy/admin.sock": filepath.Join(dir, "admin.sock"),
	} {
		if !strings.Contains(config, example) {
			t.Fatalf("haproxy.cfg does not hold %q any more", example)
		}
		config = strings.ReplaceAll(config, example, here)
	}
	file := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("haproxy", "-c", "-q", "-f", file).CombinedOutput(); err != nil || strings.Contains(string(out), "WARNING") {
		t.Fatalf("haproxy -c: %v\n%s", err, out)
	}
	proxy := exec.Command("haproxy", "-db", "-f", file)
	proxy.Stderr = os.Stderr
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proxy.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		proxy.Wait() //nolint:errcheck // it was told to end
	})
	// Both count as serving until their first two checks have run.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: anyCertificate}, Timeout: 5 * time.Second}
	for good, begin := 0, time.Now(); good < 30; time.Sleep(100 * time.Millisecond) {
		good++
		resp, err := client.Get("https://" + at + "/readyz")
		if err != nil {
			good = 0
		} else if resp.Body.Close(); resp.StatusCode != http.StatusOK { //nolint:errcheck // only asked
			good = 0
		}
		if time.Since(begin) > 30*time.Second {
			t.Fatalf("HAProxy does not lead to the machine that serves: %v", err)
		}
	}
	return "https://" + at
}

func selfSigned(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "yoyaku.example.jp"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
}

// anyCertificate is for the front's own, which nobody has signed.
var anyCertificate = &tls.Config{InsecureSkipVerify: true}

// outage asks the site again and again until it is told to stop and is answered
// once more. It returns the longest time without an answer from a machine that
// serves, and the pages that came instead.
func outage(site string, stop <-chan struct{}) (longest time.Duration, pages []string) {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: anyCertificate}, Timeout: 30 * time.Second}
	for last, stopped := time.Now(), false; ; {
		select {
		case <-stop:
			stopped = true
		default:
		}
		time.Sleep(50 * time.Millisecond)
		resp, err := client.Get(site + "/sign-in")
		if err != nil {
			pages = append(pages, err.Error())
			continue
		}
		text, err := io.ReadAll(resp.Body)
		err = errors.Join(err, resp.Body.Close())
		if err != nil || resp.StatusCode != http.StatusOK {
			pages = append(pages, string(text))
			continue
		}
		longest = max(longest, time.Since(last))
		last = time.Now()
		if stopped {
			return longest, pages
		}
	}
}

// TestFrontLeadsToTheMachineThatServes runs the example of HAProxy's
// configuration: nobody notices that both machines are upgraded, and when one is
// changed for the other, on purpose or because it died, visitors are led there.
func TestFrontLeadsToTheMachineThatServes(t *testing.T) {
	a, b := managedPair(t)
	site := front(t, a, b)
	s, end := a.flow(site)
	begin := time.Now()
	for _, n := range []*node{b, a} {
		time.Sleep(1500 * time.Millisecond)
		n.restartManaged("standby")
	}
	time.Sleep(1500 * time.Millisecond)
	end()
	s.report("both machines restarted behind HAProxy", time.Since(begin))
	s.books.mustHold(&a.town, time.Time{})

	// On purpose, as docs/runbooks/pair.md says: the one that serves is stopped and
	// answers what it was asked, then the other is told.
	measure := func(what string, change func(), limit time.Duration) {
		t.Helper()
		stop, done := make(chan struct{}), make(chan struct{})
		var longest time.Duration
		var pages []string
		go func() { longest, pages = outage(site, stop); close(done) }()
		time.Sleep(500 * time.Millisecond)
		change()
		time.Sleep(2 * time.Second) // the front's next check
		close(stop)
		<-done
		t.Logf("%s: nobody served for %v; %d pages that said so", what, longest.Round(10*time.Millisecond), len(pages))
		if longest > limit {
			t.Errorf("%s: nobody served for %v, want at most %v", what, longest, limit)
		}
		for _, p := range pages {
			if !strings.Contains(p, "ご予約はそのまま残っています") {
				t.Fatalf("%s: got page\n%s\nwant one that says what to do", what, p)
			}
		}
	}
	measure("changed on purpose", func() {
		a.signal(syscall.SIGTERM)
		if err := a.process.Wait(); err != nil {
			t.Errorf("machine a ended with %v", err)
		}
		a.manager.shut()
		if text, status := output(t, b.with("promote", "--data", b.data())); status != 0 {
			t.Errorf("promote: status %d\n%s", status, text)
		}
		b.awaitReady(mostTakeOver)
	}, mostTakeOver)
	s.books.mustHold(&b.town, time.Time{})
	a.startManaged("standby")
	a.await("standby", 10*time.Second)
	measure("one machine killed", func() {
		b.kill()
		b.manager.shut()
		a.awaitReady(mostTakeOver)
	}, mostTakeOver+2*time.Second)
	s.books.mustHold(&a.town, time.Time{})
}

// TestKeepalivedReadsItsExample on a machine with another name for its network.
func TestKeepalivedReadsItsExample(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "systemd", "keepalived.conf"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 || i.Flags&net.FlagUp == 0 {
			continue
		}
		file := filepath.Join(t.TempDir(), "keepalived.conf")
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "eth0", i.Name)), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("keepalived", "--config-test", "-f", file).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("keepalived --config-test: %v\n%s", err, out)
		}
		return
	}
	t.Fatal("this machine has no network but its own")
}
