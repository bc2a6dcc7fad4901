package e2e

import (
	"context"
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// bidi drives Firefox through WebDriver BiDi, which it speaks without a driver
// beside it.
type bidi struct {
	t       *testing.T
	conn    net.Conn
	next    int
	context string // the tab
}

// startFirefox opens Firefox without a screen, with a profile of its own that
// asks nothing of the internet.
func startFirefox(t *testing.T) remote {
	t.Helper()
	profile := t.TempDir()
	write(t, profile+"/user.js", strings.Join([]string{
		`user_pref("app.update.enabled", false);`, `user_pref("datareporting.policy.dataSubmissionEnabled", false);`,
		`user_pref("browser.safebrowsing.malware.enabled", false);`, `user_pref("browser.safebrowsing.phishing.enabled", false);`,
		`user_pref("network.captive-portal-service.enabled", false);`, `user_pref("network.connectivity-service.enabled", false);`,
		`user_pref("services.settings.server", "http://127.0.0.1:1/");`, `user_pref("extensions.systemAddon.update.enabled", false);`,
		`user_pref("browser.region.network.url", "");`, `user_pref("toolkit.telemetry.enabled", false);`,
	}, "\n"))
	log := startProgram(t, []string{"HOME=" + t.TempDir(), "MOZ_CRASHREPORTER_DISABLE=1"},
		"firefox-esr", "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0")
	address := strings.TrimSpace(said(t, log, "WebDriver BiDi listening on "))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conn, _, _, err := ws.Dial(ctx, address+"/session")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	f := &bidi{t: t, conn: conn}
	f.call("session.new", map[string]any{"capabilities": map[string]any{}}, nil)
	var tree struct{ Contexts []struct{ Context string } }
	f.call("browsingContext.getTree", map[string]any{}, &tree)
	f.context = tree.Contexts[0].Context
	f.call("browsingContext.setViewport", map[string]any{"context": f.context, "viewport": map[string]int{"width": 1366, "height": 900}}, nil)
	return f
}

func (f *bidi) call(method string, params, into any) {
	f.t.Helper()
	f.next++
	text, err := json.Marshal(map[string]any{"id": f.next, "method": method, "params": params})
	if err != nil {
		f.t.Fatal(err)
	}
	if err := f.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		f.t.Fatal(err)
	}
	if err := wsutil.WriteClientText(f.conn, text); err != nil {
		f.t.Fatal(err)
	}
	for {
		text, err := wsutil.ReadServerText(f.conn)
		if err != nil {
			f.t.Fatalf("%s: %v", method, err)
		}
		var answer struct {
			ID             int
			Type           string
			Error, Message string
			Result         json.RawMessage
		}
		if err := json.Unmarshal(text, &answer); err != nil {
			f.t.Fatal(err)
		}
		switch {
		case answer.ID != f.next:
			continue // an event
		case answer.Type == "error":
			f.t.Fatalf("%s: %s: %s", method, answer.Error, answer.Message)
		case into != nil:
			if err := json.Unmarshal(answer.Result, into); err != nil {
				f.t.Fatal(err)
			}
		}
		return
	}
}

func (f *bidi) open(address string) {
	f.t.Helper()
	f.call("browsingContext.navigate", map[string]any{"context": f.context, "url": address, "wait": "complete"}, nil)
}

// eval returns a value by way of JSON text, which is the same in every protocol.
func (f *bidi) eval(script string, into any) {
	f.t.Helper()
	var answer struct {
		Result           struct{ Value string }
		ExceptionDetails struct{ Text string }
	}
	f.call("script.evaluate", map[string]any{
		"expression": "JSON.stringify(" + script + ")", "target": map[string]string{"context": f.context}, "awaitPromise": true,
	}, &answer)
	if answer.ExceptionDetails.Text != "" {
		f.t.Fatalf("%s: %s", script, answer.ExceptionDetails.Text)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal([]byte(answer.Result.Value), into); err != nil {
		f.t.Fatalf("%s: %v in %q", script, err, answer.Result.Value)
	}
}

func (f *bidi) element(selector string) any {
	f.t.Helper()
	f.eval("document.querySelector("+quote(selector)+").scrollIntoView({block: 'center'})||0", nil)
	var found struct{ Nodes []struct{ SharedID string } }
	f.call("browsingContext.locateNodes", map[string]any{
		"context": f.context, "locator": map[string]string{"type": "css", "value": selector}, "maxNodeCount": 1,
	}, &found)
	if len(found.Nodes) == 0 {
		f.t.Fatalf("no element %s", selector)
	}
	return map[string]any{"type": "element", "element": map[string]string{"sharedId": found.Nodes[0].SharedID}}
}

func (f *bidi) click(selector string) {
	f.t.Helper()
	f.call("input.performActions", map[string]any{"context": f.context, "actions": []any{map[string]any{
		"type": "pointer", "id": "mouse", "actions": []any{
			map[string]any{"type": "pointerMove", "x": 0, "y": 0, "origin": f.element(selector)},
			map[string]any{"type": "pointerDown", "button": 0}, map[string]any{"type": "pointerUp", "button": 0},
		},
	}}}, nil)
}

func (f *bidi) keys(selector, text string) {
	f.t.Helper()
	f.click(selector)
	var actions []any
	for _, r := range text {
		actions = append(actions, map[string]any{"type": "keyDown", "value": string(r)}, map[string]any{"type": "keyUp", "value": string(r)})
	}
	f.call("input.performActions", map[string]any{"context": f.context, "actions": []any{map[string]any{"type": "key", "id": "keys", "actions": actions}}}, nil)
}
