package e2e

import (
	"context"
	"strings"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// mostTabs is how often a person may have to press Tab to reach something.
const mostTabs = 80

// focused describes what has the keyboard: its id, where it leads and what it is.
type focused struct{ ID, Href, Tag, Outline string }

func (b *browser) focus() (f focused) {
	b.Helper()
	b.do(chromedp.Evaluate(`(function (e) {
		var s = getComputedStyle(e);
		return {ID: e.id, Href: e.getAttribute('href') || '', Tag: e.tagName + ':' + (e.type || ''),
			Outline: s.outlineStyle + ' ' + s.outlineWidth + ' ' + s.boxShadow};
	})(document.activeElement)`, &f))
	return f
}

// tab presses Tab until want is met. Each stop on the way must be visible.
func (b *browser) tab(name string, want func(focused) bool) {
	b.Helper()
	for range mostTabs {
		b.do(chromedp.KeyEvent(kb.Tab))
		f := b.focus()
		if f.Tag != "BODY:" && strings.HasPrefix(f.Outline, "none") && strings.HasSuffix(f.Outline, "none") {
			b.Errorf("%s: nothing shows that %s %s%s has the keyboard", b.path(), f.Tag, f.ID, f.Href)
		}
		if want(f) {
			return
		}
	}
	b.Fatalf("%s: %s is not reached with the Tab key", b.path(), name)
}

func (b *browser) tabTo(id string) {
	b.Helper()
	b.tab(id, func(f focused) bool { return f.ID == id })
}

func (b *browser) tabToLink(part string) {
	b.Helper()
	b.tab(part, func(f focused) bool { return strings.Contains(f.Href, part) })
}

func (b *browser) tabToButton() {
	b.Helper()
	inMain := func() (yes bool) {
		b.do(chromedp.Evaluate(`document.querySelector('main').contains(document.activeElement)`, &yes))
		return yes
	}
	b.tab("the button", func(f focused) bool { return f.Tag == "BUTTON:submit" && inMain() })
}

func (b *browser) typeKeys(text string) {
	b.Helper()
	b.do(chromedp.KeyEvent(text))
}

// enter presses the Enter key and waits for the page that it leads to.
func (b *browser) enter() {
	b.Helper()
	loaded := make(chan struct{}, 8)
	ctx, stop := context.WithCancel(b.ctx)
	defer stop()
	chromedp.ListenTarget(ctx, func(event any) {
		if _, ok := event.(*page.EventLoadEventFired); ok {
			loaded <- struct{}{}
		}
	})
	b.do(chromedp.KeyEvent(kb.Enter))
	select {
	case <-loaded:
	case <-time.After(20 * time.Second):
		b.Fatalf("Enter loaded no page; on %s", b.text())
	}
}
