package console

import (
	"io/fs"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"madoguchi/app/apptest"
)

// sound fails the test for what no page of the console may have, whatever it
// shows: things Edge's IE mode does not know, and barriers that a program can see.
func sound(t *testing.T, name string, p *apptest.Page) {
	t.Helper()
	apptest.BannedInIE11(t, name+".html", p.Body)
	if n := len(p.FindAll("script")); n > 0 {
		t.Errorf("%s: got %d scripts, want none", name, n)
	}
	if h1 := p.Texts("main h1"); len(h1) != 1 || h1[0] == "" {
		t.Errorf("%s: got h1 %q, want one", name, h1)
	}
	if !strings.HasSuffix(p.Title(), "職員用画面") {
		t.Errorf("%s: got title %q, want it to end with the console's name", name, p.Title())
	}
	ids := soundIDs(t, name, p)
	soundHeadings(t, name, p)
	soundNames(t, name, p, ids)
	if tables, captions := len(p.FindAll("table")), len(p.FindAll("table caption")); tables != captions {
		t.Errorf("%s: got %d captions for %d tables", name, captions, tables)
	}
	for _, th := range p.FindAll("th") {
		if apptest.Attr(th, "scope") == "" {
			t.Errorf("%s: heading cell %q has no scope", name, apptest.TextOf(th))
		}
	}
	for _, form := range p.FindAll(`form[method="post"]`) {
		for _, token := range []string{"csrf", "once"} {
			if !holds(form, "input", "name", token) {
				t.Errorf("%s: form %s has no %s", name, apptest.Attr(form, "action"), token)
			}
		}
		// Buttons with a name only look something up; the first one does the work.
		buttons := below(form, "button")
		n := 0
		for _, b := range buttons {
			if apptest.Attr(b, "name") == "" {
				n++
			}
		}
		if n != 1 || apptest.Attr(buttons[0], "name") != "" {
			t.Errorf("%s: form %s has %d buttons, want one", name, apptest.Attr(form, "action"), n)
		}
	}
}

func soundIDs(t *testing.T, name string, p *apptest.Page) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for _, n := range p.FindAll("[id]") {
		id := apptest.Attr(n, "id")
		if ids[id] {
			t.Errorf("%s: id %q stands twice", name, id)
		}
		ids[id] = true
	}
	for _, attribute := range []string{"aria-describedby", "aria-labelledby", "for"} {
		for _, n := range p.FindAll("[" + attribute + "]") {
			for _, id := range strings.Fields(apptest.Attr(n, attribute)) {
				if !ids[id] {
					t.Errorf("%s: %s names %q, which is not there", name, attribute, id)
				}
			}
		}
	}
	for _, a := range p.FindAll("a[href]") {
		if id, ok := strings.CutPrefix(apptest.Attr(a, "href"), "#"); ok && !ids[id] {
			t.Errorf("%s: a link leads to #%s, which is not there", name, id)
		}
	}
	return ids
}

func soundHeadings(t *testing.T, name string, p *apptest.Page) {
	t.Helper()
	last := 0
	for _, h := range p.FindAll("h1, h2, h3, h4") {
		level, err := strconv.Atoi(h.Data[1:])
		if err != nil {
			t.Fatal(err)
		}
		if level > last+1 {
			t.Errorf("%s: heading %q jumps from level %d to %d", name, apptest.TextOf(h), last, level)
		}
		last = level
	}
}

// soundNames wants a name for everything that can be operated, and one name
// for one thing: two links with the same words lead to the same place.
func soundNames(t *testing.T, name string, p *apptest.Page, ids map[string]bool) {
	t.Helper()
	leads := map[string]string{}
	for _, a := range p.FindAll("a[href]") {
		text, to := apptest.TextOf(a), apptest.Attr(a, "href")
		if text == "" {
			t.Errorf("%s: the link to %s has no words", name, to)
		}
		if before, ok := leads[text]; ok && before != to {
			t.Errorf("%s: %q leads to %s and to %s", name, text, before, to)
		}
		leads[text] = to
	}
	buttons := map[string]bool{}
	for _, b := range p.FindAll("button") {
		text := apptest.TextOf(b)
		if text == "" || buttons[text] {
			t.Errorf("%s: button %q has no words or those of another", name, text)
		}
		buttons[text] = true
	}
	labelled := map[string]bool{}
	for _, l := range p.FindAll("label[for]") {
		labelled[apptest.Attr(l, "for")] = apptest.TextOf(l) != ""
	}
	for _, n := range p.FindAll("input, textarea, select") {
		if apptest.Attr(n, "type") != "hidden" && !labelled[apptest.Attr(n, "id")] {
			t.Errorf("%s: field %q has no label", name, apptest.Attr(n, "name"))
		}
	}
	for _, n := range p.FindAll(`[role="region"], nav, section`) {
		if apptest.Attr(n, "aria-label") == "" && apptest.Attr(n, "aria-labelledby") == "" {
			t.Errorf("%s: a %s has no name", name, n.Data)
		}
	}
}

func below(n *html.Node, tag string) []*html.Node {
	var all []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == tag {
			all = append(all, d)
		}
	}
	return all
}

func holds(n *html.Node, tag, attribute, value string) bool {
	for _, d := range below(n, tag) {
		if apptest.Attr(d, attribute) == value {
			return true
		}
	}
	return false
}

// golden compares a page's main part with its file and looks for barriers.
func golden(t *testing.T, name string, p *apptest.Page, replace ...string) {
	t.Helper()
	sound(t, name, p)
	_, rest, _ := strings.Cut(p.Body, `<main id="main" tabindex="-1">`)
	body, _, ok := strings.Cut(rest, "</main>")
	if !ok {
		t.Fatalf("%s: no main in %s", name, p.Body)
	}
	apptest.Golden(t, name+".html", "<!-- "+p.Title()+" -->"+body, replace...)
}

func TestStyleSheetSuitsIE11(t *testing.T) {
	sheet, err := fs.ReadFile(apptest.Files(), "assets/console.css")
	if err != nil {
		t.Fatal(err)
	}
	apptest.BannedInIE11(t, "console.css", string(sheet))
	apptest.MainIsBlock(t, string(sheet))
}
