package apptest

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// FindAll lists the elements that selector finds, in the order of the page.
// It knows tags, #id, .class, [attribute], [attribute="value"], descendants
// (a space) and alternatives (a comma).
func (p *Page) FindAll(selector string) []*html.Node { return findAll(p.Doc, selector) }

var simple = regexp.MustCompile(`^[a-z0-9*]+|#[^#.\[]+|\.[^#.\[]+|\[[^\]]+\]`)

func findAll(root *html.Node, selector string) []*html.Node {
	var alternatives [][]string
	for _, one := range strings.Split(selector, ",") {
		alternatives = append(alternatives, strings.Fields(one))
	}
	var all []*html.Node
	for n := range root.Descendants() {
		for _, chain := range alternatives {
			if n.Type == html.ElementNode && matchesChain(n, root, chain) {
				all = append(all, n)
				break
			}
		}
	}
	return all
}

func matchesChain(n, root *html.Node, chain []string) bool {
	last := len(chain) - 1
	if last < 0 || !matches(n, chain[last]) {
		return false
	}
	if last == 0 {
		return true
	}
	for up := n.Parent; up != nil && up != root; up = up.Parent {
		if up.Type == html.ElementNode && matchesChain(up, root, chain[:last]) {
			return true
		}
	}
	return false
}

func matches(n *html.Node, compound string) bool {
	for _, part := range simple.FindAllString(compound, -1) {
		switch part[0] {
		case '#':
			if Attr(n, "id") != part[1:] {
				return false
			}
		case '.':
			if !strings.Contains(" "+Attr(n, "class")+" ", " "+part[1:]+" ") {
				return false
			}
		case '[':
			name, want, valued := strings.Cut(strings.Trim(part, "[]"), "=")
			if !HasAttr(n, name) || valued && Attr(n, name) != strings.Trim(want, `"'`) {
				return false
			}
		default:
			if part != "*" && n.Data != part {
				return false
			}
		}
	}
	return true
}

// Attr is an attribute's value, "" when it is missing.
func Attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// HasAttr tells whether an element has an attribute.
func HasAttr(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// TextOf is what a person reads in an element, with single spaces.
func TextOf(n *html.Node) string { return strings.Join(strings.Fields(rawText(n)), " ") }

func rawText(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && d.Parent.Data != "script" && d.Parent.Data != "style" && d.Parent.Data != "rt" { // readings say the same again
			b.WriteString(d.Data)
		}
	}
	return b.String()
}
