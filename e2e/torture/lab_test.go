package torture

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	bucket    = "copies"
	accessKey = "id"
	secretKey = "secret-key-of-the-test"
	region    = "jp-east-1"
)

// lab is what all pairs share: the S3 server, toxiproxy and a certificate.
type lab struct {
	dir     string
	gateway string // address of versitygw
	poison  string // address of toxiproxy's API
	cert    tls.Certificate
	ca      string // file with the certificate
	net     network
}

func newLab(t *testing.T) *lab {
	t.Helper()
	dir, err := os.MkdirTemp("", "madoguchi-torture-")
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{dir: dir}
	t.Cleanup(func() {
		if t.Failed() || *keep {
			t.Logf("folders kept: %s", dir)
		} else if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	l.net = newNetwork(t)
	if err := l.certify(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "store", bucket), 0o700); err != nil {
		t.Fatal(err)
	}
	l.gateway = freeAddress(t)
	l.tool(t, l.gateway, []string{"ROOT_ACCESS_KEY=" + accessKey, "ROOT_SECRET_KEY=" + secretKey},
		"versitygw", "--region", region, "--port", l.gateway, "--quiet", "posix", filepath.Join(dir, "store"))
	l.poison = freeAddress(t)
	host, port, _ := net.SplitHostPort(l.poison)
	l.tool(t, l.poison, nil, "toxiproxy", "-host", host, "-port", port)
	return l
}

// tool runs a server until the test ends.
func (l *lab) tool(t *testing.T, address string, env []string, name string, args ...string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(*toolsDir, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v (make deps installs it)", err)
	}
	out, err := os.Create(filepath.Join(l.dir, name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + l.dir}, env...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill() //nolint:errcheck // it may have ended
		cmd.Wait()         //nolint:errcheck // killed
		out.Close()        //nolint:errcheck // only a log
	})
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close() //nolint:errcheck // it was only a knock
			return
		}
		if time.Since(begin) > time.Minute {
			t.Fatalf("%s does not answer: %v", name, err)
		}
	}
}

// certify makes the certificate of the store's front: a store that is not on
// the machine itself is spoken to over TLS only.
func (l *lab) certify() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "store of the test"}, DNSNames: []string{"store.test"}, IPAddresses: l.net.storeAddresses(),
		NotBefore: time.Now().AddDate(-5, 0, 0), NotAfter: time.Now().AddDate(5, 0, 0), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	l.cert = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	l.ca = filepath.Join(l.dir, "store.pem")
	return os.WriteFile(l.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// front is what one machine sees of the store. It fails requests, loses
// answers, and may take away what makes a write conditional.
type front struct {
	address       string
	unconditional bool
	failing       atomic.Int32 // of a hundred requests: answered 503, not done
	losing        atomic.Int32 // of a hundred writes: done, never answered
}

func (l *lab) newFront(t *testing.T, unconditional bool) *front {
	t.Helper()
	f := &front{unconditional: unconditional}
	to := &url.URL{Scheme: "http", Host: l.gateway}
	proxy := &httputil.ReverseProxy{
		Transport:    &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
		ErrorLog:     log.New(io.Discard, "", 0),
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = r.In.Host; f.strip(r.Out) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{l.cert}})
	if err != nil {
		t.Fatal(err)
	}
	f.address = listener.Addr().String()
	server := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if mathrand.Int32N(100) < f.failing.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if r.Method == http.MethodPut && mathrand.Int32N(100) < f.losing.Load() {
			proxy.ServeHTTP(&deaf{header: http.Header{}}, r)
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	})}
	go server.Serve(listener) //nolint:errcheck // ends with the test
	t.Cleanup(func() { server.Close() })
	return f
}

// strip makes the store one that knows no conditional writes. What was signed
// is different then, so it is signed again.
func (f *front) strip(r *http.Request) {
	if !f.unconditional || r.Header.Get("If-None-Match") == "" {
		return
	}
	r.Header.Del("If-None-Match")
	who := aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}
	if err := v4.NewSigner().SignHTTP(context.Background(), who, r, r.Header.Get("X-Amz-Content-Sha256"), "s3", region, time.Now(),
		func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }); err != nil {
		panic(err)
	}
}

// deaf takes an answer that nobody gets.
type deaf struct{ header http.Header }

func (d *deaf) Header() http.Header         { return d.header }
func (d *deaf) Write(p []byte) (int, error) { return len(p), nil }
func (d *deaf) WriteHeader(int)             {}

// wire is a proxy of toxiproxy.
type wire struct {
	lab  *lab
	name string
}

func (l *lab) newWire(t *testing.T, name, listen, upstream string) *wire {
	t.Helper()
	w := &wire{l, name}
	if err := w.tell(http.MethodPost, "/proxies", map[string]any{"name": name, "listen": listen, "upstream": upstream, "enabled": true}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *wire) tell(method, path string, what any) error {
	text, err := json.Marshal(what)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(method, "http://"+w.lab.poison+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	said, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("toxiproxy: %s %s: %s", method, path, said)
	}
	resp.Body.Close() //nolint:errcheck // read whole
	return err
}

// down refuses connections until up.
func (w *wire) down() error {
	return w.tell(http.MethodPost, "/proxies/"+w.name, map[string]any{"enabled": false})
}
func (w *wire) up() error {
	return w.tell(http.MethodPost, "/proxies/"+w.name, map[string]any{"enabled": true})
}

// toxic adds a disturbance in both directions, or in one.
func (w *wire) toxic(kind string, attributes map[string]any, streams ...string) error {
	for _, s := range streams {
		err := w.tell(http.MethodPost, "/proxies/"+w.name+"/toxics", map[string]any{"name": kind + "-" + s, "type": kind, "stream": s, "toxicity": 1.0, "attributes": attributes})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *wire) cure(kind string, streams ...string) error {
	for _, s := range streams {
		if err := w.tell(http.MethodDelete, "/proxies/"+w.name+"/toxics/"+kind+"-"+s, nil); err != nil {
			return err
		}
	}
	return nil
}

// silent lets nothing through, and closes nothing, until heard.
func (w *wire) silent() error {
	return w.toxic("timeout", map[string]any{"timeout": 0}, "upstream", "downstream")
}
func (w *wire) heard() error { return w.cure("timeout", "upstream", "downstream") }
