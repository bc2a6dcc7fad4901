package replica

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// TestStoreCanTellACutBody: a server that is ended in the middle of an upload
// leaves half of it, and a store was seen to keep that as the whole object. Over
// TLS, too, each write carries the sum of its body for the store to compare.
func TestStoreCanTellACutBody(t *testing.T) {
	var said, is string
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		sum := sha256.Sum256(body)
		said, is = r.Header.Get("X-Amz-Content-Sha256"), hex.EncodeToString(sum[:])
	}))
	defer server.Close()
	trusted := filepath.Join(t.TempDir(), "store.pem")
	if err := os.WriteFile(trusted, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", trusted)
	b := newS3(s3Place{bucket: "copies", path: "test", region: "jp-east-1", endpoint: server.URL, pathStyle: true, id: "id", secret: "secret"})
	for name, put := range map[string]func() error{
		"put":    func() error { return b.put(t.Context(), "key", bytes.NewReader([]byte("a body"))) },
		"putNew": func() error { return b.putNew(t.Context(), "key", bytes.NewReader([]byte("another body"))) },
	} {
		if err := put(); err != nil {
			t.Fatal(err)
		}
		if said != is {
			t.Errorf("%s: got the sum %q, want %s", name, said, is)
		}
	}
}
