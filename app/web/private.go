package web

import (
	"bytes"
	"regexp"
	"strings"

	"golang.org/x/net/html"

	"madoguchi/app/jp"
)

// spokenAttributes are what screen readers say in place of text.
var spokenAttributes = regexp.MustCompile(`\s(?:aria-label|title|alt|placeholder)="[^"]*"`)

// showPrivate writes a body's own characters (外字) as 〓 with their code
// wherever a page shows or says them: no font of a visitor is known to have
// them. What forms send back (values, text areas) stays as it is. It works on
// the finished page, so that no page can forget it.
func showPrivate(body []byte) []byte {
	if jp.CountPrivate(string(body)) == 0 {
		return body
	}
	var out strings.Builder
	z := html.NewTokenizer(bytes.NewReader(body))
	area := false
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return []byte(out.String())
		}
		raw := string(z.Raw())
		switch kind {
		case html.TextToken:
			if !area {
				raw = jp.ShowPrivate(raw)
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			area = string(name) == "textarea"
			raw = spokenAttributes.ReplaceAllStringFunc(raw, jp.ShowPrivate)
		case html.EndTagToken:
			area = false
		}
		out.WriteString(raw)
	}
}
