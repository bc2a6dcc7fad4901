package bench

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// What comes through is whole, and never earlier than it may.
func TestFarServerAnswersLate(t *testing.T) {
	body := strings.Repeat("窓口", 100_000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) //nolint:errcheck // the test reads the answer
		io.WriteString(w, body)     //nolint:errcheck // as above
	}))
	defer server.Close()
	const d = 40 * time.Millisecond
	address, end, err := Far(t.Context(), server.Listener.Addr().String(), d)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: Transport(1)}
	for range 3 {
		begin := time.Now()
		resp, err := client.Post("http://"+address, "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || string(got) != body {
			t.Fatalf("got %d bytes, %v, want all %d", len(got), err, len(body))
		}
		if took := time.Since(begin); took < d {
			t.Errorf("got an answer after %v, want none before %v", took, d)
		}
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Get("http://" + address); err == nil {
		t.Error("got an answer from a way that was closed")
	}
}
