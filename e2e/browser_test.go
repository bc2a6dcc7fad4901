package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is one tab of a headless Chromium of its own profile.
type browser struct {
	*testing.T
	ctx     context.Context
	site    string
	axe     string // axe-core's source; empty when scripts are disabled
	visited map[string]bool
}

// size is a window.
type size struct{ width, height int64 }

var (
	phone   = size{390, 844}
	narrow  = size{320, 640}
	desktop = size{1366, 768}
)

// open starts a browser. With scripts it runs axe on every page it meets,
// without it proves that nothing needs them.
func open(t *testing.T, site string, window size, scripts bool) *browser {
	t.Helper()
	return openFor(t, site, window, scripts, 4*time.Minute)
}

// openFor is open for a test that takes longer than most.
func openFor(t *testing.T, site string, window size, scripts bool, most time.Duration) *browser {
	t.Helper()
	b := &browser{T: t, site: site, visited: map[string]bool{}}
	if scripts {
		source, err := os.ReadFile(filepath.Join("node_modules", "axe-core", "axe.min.js"))
		if err != nil {
			t.Fatalf("%v (make test installs it)", err)
		}
		b.axe = string(source)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("lang", "ja"), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-quic", true),
		chromedp.WSURLReadTimeout(time.Minute))
	alloc, cancelAlloc := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancelAlloc)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	ctx, cancelTime := context.WithTimeout(ctx, most)
	t.Cleanup(cancelTime)
	b.ctx = ctx
	b.do(emulation.SetDeviceMetricsOverride(window.width, window.height, 1, window == phone || window == narrow),
		emulation.SetScriptExecutionDisabled(!scripts))
	return b
}

func (b *browser) do(actions ...chromedp.Action) {
	b.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.shoot("failed")
		b.Fatalf("browser: %v\non %s", err, b.text())
	}
}

// visit opens an address of the site.
func (b *browser) visit(path string) {
	b.Helper()
	b.do(chromedp.Navigate(b.site + path))
	b.check()
}

// follow clicks something that leads to another page.
func (b *browser) follow(selector string) {
	b.Helper()
	b.press(selector)
	b.check()
}

func (b *browser) press(selector string) {
	b.Helper()
	loaded := make(chan struct{}, 8)
	ctx, stop := context.WithCancel(b.ctx)
	defer stop()
	chromedp.ListenTarget(ctx, func(event any) {
		if _, ok := event.(*page.EventLoadEventFired); ok {
			loaded <- struct{}{}
		}
	})
	b.do(chromedp.Click(selector, chromedp.ByQuery))
	select {
	case <-loaded:
	case <-time.After(20 * time.Second):
		b.shoot("failed")
		b.Fatalf("clicking %s loaded no page; on %s", selector, b.text())
	}
}

// fill types into a field as a person does, replacing what was there.
func (b *browser) fill(selector, text string) {
	b.Helper()
	b.set(selector, "")
	b.do(chromedp.SendKeys(selector, text, chromedp.ByQuery))
}

func (b *browser) text() (text string) {
	if err := chromedp.Run(b.ctx, chromedp.Text("body", &text, chromedp.ByQuery)); err != nil {
		return "(no page: " + err.Error() + ")"
	}
	return text
}

func (b *browser) title() (title string) {
	b.Helper()
	b.do(chromedp.Title(&title))
	return title
}

func (b *browser) path() (path string) {
	b.Helper()
	b.do(chromedp.Location(&path))
	return strings.TrimPrefix(path, b.site)
}

// must fails unless the page says all of it.
func (b *browser) must(parts ...string) {
	b.Helper()
	text := b.text()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			b.shoot("failed")
			b.Errorf("on %s: got\n%s\nwant it to say %q", b.path(), text, part)
		}
	}
}

// attribute is an attribute of the first element that matches.
func (b *browser) attribute(selector, name string) (value string) {
	b.Helper()
	var ok bool
	b.do(chromedp.AttributeValue(selector, name, &value, &ok, chromedp.ByQuery))
	return value
}

// check looks at the page that has just loaded: it must not scroll sideways,
// and with scripts axe must find nothing at all.
func (b *browser) check() {
	b.Helper()
	var over int
	b.do(chromedp.WaitReady("body", chromedp.ByQuery),
		chromedp.Evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &over))
	if over > 0 {
		b.shoot("wide")
		b.Errorf("%s scrolls sideways by %d px", b.path(), over)
	}
	if b.axe == "" {
		return
	}
	b.visited[b.path()] = true
	var found []violation
	b.do(chromedp.Evaluate(b.axe, nil), chromedp.Evaluate(runAxe, &found, awaitPromise))
	for _, v := range found {
		b.shoot("axe")
		b.Errorf("axe on %s: %s (%s): %s", b.path(), v.ID, v.Impact, strings.Join(v.Nodes, "\n    "))
	}
}

type violation struct {
	ID     string
	Impact string
	Nodes  []string
}

// runAxe asks for every rule up to WCAG 2.2 AA and the best practices, none left out.
// awaitPromise lets Evaluate wait for axe.
func awaitPromise(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

const runAxe = `axe.run(document, {runOnly: {type: 'tag',
	values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}, rules: {'target-size': {enabled: true}}})
	.then(r => r.violations.map(v => ({ID: v.id, Impact: v.impact || '', Nodes: v.nodes.map(n => n.html + ' ' + n.failureSummary)})))`

// shoot keeps a picture for people to look at when E2E_PICTURES names a folder.
func (b *browser) shoot(name string) {
	dir := os.Getenv("E2E_PICTURES")
	if dir == "" {
		return
	}
	var png []byte
	if err := chromedp.Run(b.ctx, chromedp.FullScreenshot(&png, 100)); err != nil {
		b.Logf("no picture: %v", err)
		return
	}
	file := filepath.Join(dir, fmt.Sprintf("%s-%s-%d.png", strings.ReplaceAll(b.Name(), "/", "_"), name, time.Now().UnixMilli()))
	if err := os.WriteFile(file, png, 0o644); err != nil {
		b.Logf("no picture: %v", err)
	}
}

// set puts a value into a field or a select as if it had been chosen.
func (b *browser) set(selector, value string) {
	b.Helper()
	arguments, err := json.Marshal([]string{selector, value})
	if err != nil {
		b.Fatal(err)
	}
	var now string
	b.do(chromedp.Evaluate(`(function (a) { var e = document.querySelector(a[0]); e.value = a[1]; return e.value; })(`+string(arguments)+`)`, &now))
	if now != value {
		b.Fatalf("%s: %s takes %q, want %q", b.path(), selector, now, value)
	}
}
