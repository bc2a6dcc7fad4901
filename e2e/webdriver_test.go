package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// webdriver drives WebKitGTK's MiniBrowser through WebKitWebDriver, W3C WebDriver
// over HTTP.
type webdriver struct {
	t       *testing.T
	session string
}

// freePort is a port of loopback that nobody has at the moment.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// startProgram runs a program until the test ends; its output helps when it fails.
func startProgram(t *testing.T, environment []string, name string, args ...string) *os.File {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), environment...), log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill() //nolint:errcheck // it may have ended by itself
		cmd.Wait()         //nolint:errcheck // it was killed
		log.Close()
	})
	return log
}

// said waits until a program's output holds a text and returns what follows it
// on its line.
func said(t *testing.T, log *os.File, text string) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		out, err := os.ReadFile(log.Name())
		if err != nil {
			t.Fatal(err)
		}
		if _, after, ok := strings.Cut(string(out), text); ok && strings.Contains(after, "\n") {
			line, _, _ := strings.Cut(after, "\n")
			return line
		}
	}
	out, err := os.ReadFile(log.Name())
	t.Fatalf("waited in vain for %q: %v\n%s", text, err, out)
	return ""
}

func miniBrowser(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/*/webkit2gtk-4*/MiniBrowser")
	if err != nil || len(found) == 0 {
		t.Fatalf("there is no MiniBrowser (make deps installs it): %v", err)
	}
	return found[0]
}

// startWebKit opens MiniBrowser on a screen of its own.
func startWebKit(t *testing.T) remote {
	t.Helper()
	screen := startProgram(t, nil, "Xvfb", "-displayfd", "1", "-screen", "0", "1366x900x24", "-nolisten", "tcp")
	display := said(t, screen, "")
	port := freePort(t)
	startProgram(t, []string{"DISPLAY=:" + display, "HOME=" + t.TempDir(), "GDK_BACKEND=x11", "LIBGL_ALWAYS_SOFTWARE=1", "WEBKIT_DISABLE_DMABUF_RENDERER=1"},
		"WebKitWebDriver", fmt.Sprintf("--port=%d", port), "--host=127.0.0.1")
	w := &webdriver{t: t, session: fmt.Sprintf("http://127.0.0.1:%d/session", port)}
	for range 100 {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			c.Close()
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	var made struct{ SessionID string }
	w.call(http.MethodPost, "", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"webkitgtk:browserOptions": map[string]any{"binary": miniBrowser(t), "args": []string{"--automation"}},
	}}}, &made)
	w.session += "/" + made.SessionID
	t.Cleanup(func() { w.call(http.MethodDelete, "", nil, nil) })
	return w
}

func (w *webdriver) call(method, path string, body, into any) {
	w.t.Helper()
	if method == http.MethodPost && body == nil {
		body = struct{}{}
	}
	text, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := http.NewRequest(method, w.session+path, bytes.NewReader(text))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := (&http.Client{Timeout: time.Minute}).Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err = io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		w.t.Fatalf("%s %s: %s\n%s", method, path, answer.Status, text)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(text, &struct{ Value any }{into}); err != nil {
		w.t.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
}

func (w *webdriver) open(address string) {
	w.t.Helper()
	w.call(http.MethodPost, "/url", map[string]string{"url": address}, nil)
}

func (w *webdriver) eval(script string, into any) {
	w.t.Helper()
	w.call(http.MethodPost, "/execute/sync", map[string]any{"script": "return " + script, "args": []any{}}, into)
}

// element finds one by a selector and returns its address in the session.
func (w *webdriver) element(selector string) string {
	w.t.Helper()
	var found map[string]string
	w.call(http.MethodPost, "/element", map[string]string{"using": "css selector", "value": selector}, &found)
	for _, id := range found {
		return "/element/" + id
	}
	w.t.Fatalf("no element %s", selector)
	return ""
}

func (w *webdriver) click(selector string) {
	w.t.Helper()
	w.call(http.MethodPost, w.element(selector)+"/click", nil, nil)
}

func (w *webdriver) keys(selector, text string) {
	w.t.Helper()
	w.call(http.MethodPost, w.element(selector)+"/value", map[string]string{"text": text}, nil)
}
