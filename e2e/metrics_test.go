package e2e

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/bench"
)

// scrape reads the figures of a process as Prometheus does.
func scrape(t *testing.T, address string) map[string]float64 {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	all := map[string]float64{}
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if n, err := strconv.ParseFloat(value, 64); ok && err == nil {
			all[name] = n
		}
	}
	return all
}

// certificateUntil writes a certificate that ends at an instant.
func certificateUntil(t *testing.T, file string, end time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: end}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err == nil {
		err = os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestMonitoringReadsEveryFigure: each figure of the promise is there with a
// value that is true of this process.
func TestMonitoringReadsEveryFigure(t *testing.T) {
	t.Parallel()
	server := apptest.NewMailServer(t, signedIn)
	server.Refuse(func(string, string, int) error { return apptest.Answer(450, [3]int{4, 7, 1}, "later") })
	figures, ends := freeAddress(t), time.Now().Add(5*24*time.Hour).Truncate(time.Second)
	file := filepath.Join(t.TempDir(), "site.pem")
	certificateUntil(t, file, ends)
	w := withMail(t, server, "--metrics", figures, "--certificate", file)
	if text, status := output(t, w.command("restore", "--rehearse")); status != 0 {
		t.Fatalf("got status %d\n%s", status, text)
	}
	w.booksByMail(w.unbooked(1)[0], w.free(1)[0].Ref, "grey@example.jp")
	if a, err := bench.NewResident(w.start.Public, bench.Transport(1)).Get(t.Context(), "/none"); err != nil || a.Status != http.StatusNotFound {
		t.Fatalf("got status %d, %v", a.Status, err)
	}
	now := float64(time.Now().Unix())
	is := func(n float64) func(float64) bool { return func(got float64) bool { return got == n } }
	above := func(n float64) func(float64) bool { return func(got float64) bool { return got > n } }
	recent := func(got float64) bool { return got > now-300 && got < now+300 }
	wants := map[string]func(float64) bool{
		"madoguchi_commit_sequence": above(10), "madoguchi_copied_sequence": above(10), "madoguchi_copy_failing": is(0),
		"madoguchi_copy_lag_seconds": func(got float64) bool { return got >= 0 && got < 10 }, "madoguchi_copy_last_success_timestamp_seconds": recent,
		"madoguchi_epoch": is(1), "madoguchi_fenced": is(0), "madoguchi_disk_writable": is(1), "madoguchi_disk_free_bytes": above(1e6), "madoguchi_disk_bytes": above(1e7),
		"madoguchi_provisional_bookings": is(0), "madoguchi_provisional_oldest_seconds": is(0),
		"madoguchi_mail_waiting": is(1), "madoguchi_mail_oldest_seconds": above(0), "madoguchi_mail_failed": is(0),
		"madoguchi_pictures_waiting": is(0), "madoguchi_pictures_oldest_seconds": is(0),
		"madoguchi_rehearsal_timestamp_seconds": recent, "madoguchi_rehearsal_good": is(1),
		"madoguchi_certificate_end_timestamp_seconds":                             is(float64(ends.Unix())),
		`madoguchi_answers_total{site="public",status="3xx"}`:                     above(2),
		`madoguchi_answers_total{site="public",status="4xx"}`:                     above(0),
		`madoguchi_answers_total{site="console",status="5xx"}`:                    is(0),
		`madoguchi_log_records_total{level="ERROR"}`:                              is(0),
		`madoguchi_alarm{acknowledged="false",kind="certificate",level="urgent"}`: is(1),
	}
	for {
		got := scrape(t, figures)
		var errs []error
		for name, ok := range wants {
			if value, there := got[name]; !there || !ok(value) {
				errs = append(errs, fmt.Errorf("%s: got %v (there: %v)", name, value, there))
			}
		}
		if len(errs) == 0 {
			break
		}
		select {
		case <-t.Context().Done():
			t.Fatal(errors.Join(errs...))
		case <-time.After(time.Second):
			if time.Since(time.Unix(int64(now), 0)) > time.Minute {
				t.Fatal(errors.Join(errs...))
			}
		}
	}
}
