package apptest

import (
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// BannedInIE11 fails the test for everything in a page, style sheet or script
// that Edge's IE mode (Internet Explorer 11) does not know or that our content
// policy forbids. The ending of name tells what text is: .html, .css or .js.
// Facts: @mdn/browser-compat-data.
func BannedInIE11(t testing.TB, name, text string) {
	t.Helper()
	for _, what := range bannedInIE11(name, text) {
		t.Errorf("%s: %s", name, what)
	}
}

func bannedInIE11(name, text string) []string {
	switch path.Ext(name) {
	case ".css":
		return bannedCSS(text)
	case ".js":
		return bannedJS(text)
	case ".html":
		return bannedHTML(text)
	}
	return []string{"neither .html nor .css nor .js"}
}

// MainIsBlock fails the test unless one of the style sheets gives main its
// display: IE11 shows it inline.
func MainIsBlock(t testing.TB, sheets ...string) {
	t.Helper()
	for _, sheet := range sheets {
		for _, rule := range rulesOf(sheet) {
			if slices.Contains(rule.selectors, "main") && displaysBlock.MatchString(rule.body) {
				return
			}
		}
	}
	t.Errorf("no style sheet has a rule for main with display: block")
}

var displaysBlock = regexp.MustCompile(`(^|[;{\s])display:\s*block`)

var (
	bannedElements = []string{"dialog", "details", "summary", "template", "picture", "output", "meter", "style", "iframe", "object", "embed"}
	bannedTypes    = []string{"date", "time", "month", "week", "datetime-local", "color", "range"}
)

func bannedHTML(text string) []string {
	var found []string
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if z.Err() != io.EOF {
				found = append(found, z.Err().Error())
			}
			return found
		case html.StartTagToken, html.SelfClosingTagToken:
			found = append(found, bannedTag(z.Token())...)
		}
	}
}

func bannedTag(tag html.Token) []string {
	var found []string
	attrs := map[string]string{}
	for _, a := range tag.Attr {
		attrs[a.Key] = a.Val
		switch {
		case a.Key == "style":
			found = append(found, fmt.Sprintf("<%s style=…> is inline style", tag.Data))
		case strings.HasPrefix(a.Key, "on"):
			found = append(found, fmt.Sprintf("<%s %s=…> is inline script", tag.Data, a.Key))
		case strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:"):
			found = append(found, fmt.Sprintf("<%s %s> holds script", tag.Data, a.Key))
		case a.Key == "form":
			found = append(found, fmt.Sprintf("<%s form=…>", tag.Data))
		}
	}
	if slices.Contains(bannedElements, tag.Data) {
		found = append(found, fmt.Sprintf("<%s>", tag.Data))
	}
	if tag.Data == "input" && slices.Contains(bannedTypes, attrs["type"]) {
		found = append(found, fmt.Sprintf("<input type=%s>", attrs["type"]))
	}
	if tag.Data == "script" && (attrs["src"] == "" || attrs["type"] == "module") {
		found = append(found, "<script> inline or as a module")
	}
	if tag.Data == "svg" && attrs["focusable"] != "false" {
		found = append(found, `<svg> without focusable="false" is a stop for the Tab key`)
	}
	return found
}

// ban is one thing that must not occur.
type ban struct {
	what    string
	pattern *regexp.Regexp
}

func bans(pairs ...string) []ban {
	var all []ban
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, ban{pairs[i], regexp.MustCompile(pairs[i+1])})
	}
	return all
}

var cssBody = bans(
	"custom property", `(^|[;\s])--[\w-]+\s*:|var\(`,
	"grid", `display:\s*(inline-)?grid|(^|[;\s])grid(-\w+)*\s*:`,
	"gap", `(^|[;\s])(row-|column-)?gap\s*:`,
	"min(), max(), clamp()", `\b(min|max|clamp)\(`,
	"inset", `(^|[;\s])inset(-\w+)*\s*:`,
	"logical property", `(^|[;\s])(margin|padding|border)-(inline|block)`,
	"object-fit", `object-fit\s*:`,
	"initial, unset or revert", `:\s*(initial|unset|revert)\b`,
	"colour with spaces", `\b(rgb|hsl)a?\([^,)]+ [^,)]+\)`,
)

var cssSelector = bans(
	":is(), :where(), :has()", `:(is|where|has)\(`,
	":focus-within", `:focus-within`,
	"::placeholder", `::placeholder`,
	":not() with a list", `:not\([^)]*,`,
)

var (
	cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssString  = regexp.MustCompile(`"[^"\n]*"|'[^'\n]*'`)
)

type cssRule struct {
	selectors []string
	body      string
}

// rulesOf takes a style sheet apart. Rules inside @supports are left out: IE11
// passes over them as a whole.
func rulesOf(sheet string) []cssRule {
	sheet = cssString.ReplaceAllString(cssComment.ReplaceAllString(sheet, ""), `""`)
	var all []cssRule
	for {
		open := strings.IndexByte(sheet, '{')
		if open < 0 {
			return all
		}
		head := strings.TrimSpace(strings.TrimLeft(sheet[:open], "} \n\t"))
		end := closing(sheet, open)
		body := sheet[open+1 : end]
		sheet = sheet[min(end+1, len(sheet)):]
		switch {
		case strings.HasPrefix(head, "@supports"):
		case strings.HasPrefix(head, "@media") || strings.HasPrefix(head, "@layer") || strings.HasPrefix(head, "@container"):
			all = append(all, cssRule{selectors: []string{head}})
			all = append(all, rulesOf(body)...)
		default:
			var selectors []string
			for _, s := range strings.Split(head, ",") {
				selectors = append(selectors, strings.TrimSpace(s))
			}
			all = append(all, cssRule{selectors, body})
		}
	}
}

// closing finds the bracket that ends the block begun at open.
func closing(sheet string, open int) int {
	depth := 0
	for i := open; i < len(sheet); i++ {
		switch sheet[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(sheet)
}

func bannedCSS(sheet string) []string {
	var found []string
	rules := rulesOf(sheet)
	hasFocus := slices.ContainsFunc(rules, func(r cssRule) bool {
		return slices.ContainsFunc(r.selectors, func(s string) bool { return plainFocus.MatchString(s) })
	})
	for _, r := range rules {
		head := strings.Join(r.selectors, ", ")
		if strings.HasPrefix(head, "@layer") || strings.HasPrefix(head, "@container") {
			found = append(found, head)
		}
		for _, b := range cssSelector {
			if b.pattern.MatchString(head) {
				found = append(found, fmt.Sprintf("%s in %s", b.what, head))
			}
		}
		for _, b := range cssBody {
			if b.pattern.MatchString(r.body) {
				found = append(found, fmt.Sprintf("%s in the rule for %s", b.what, head))
			}
		}
		if strings.Contains(head, ":focus-visible") && (!hasFocus || mixesFocusVisible(r)) {
			found = append(found, ":focus-visible without a rule of its own beside one for :focus: "+head)
		}
		if strings.Contains(r.body, "{") && !strings.HasPrefix(head, "@") {
			found = append(found, "nested rule in "+head)
		}
	}
	return found
}

var plainFocus = regexp.MustCompile(`:focus($|[^-\w])`)

// mixesFocusVisible: IE11 drops a whole rule for one selector it does not know.
func mixesFocusVisible(r cssRule) bool {
	return slices.ContainsFunc(r.selectors, func(s string) bool { return !strings.Contains(s, ":focus-visible") })
}

var jsBans = bans(
	"arrow function", `=>`,
	"template literal", "`",
	"class", `\bclass\s+\w`,
	"let", `\blet\s`,
	"async or await", `\b(async|await)\b`,
	"spread or rest", `\.\.\.`,
	"optional chaining", `\?\.[^0-9]`,
	"??", `\?\?`,
	"for … of", `\bfor\s*\([^)]*\sof\s`,
	"default parameter", `\bfunction\b[^(]*\([^)]*=`,
	"destructuring", `\b(var|const)\s*[\[{]`,
	"Promise, fetch, Symbol, URL", `\bPromise\b|\bfetch\(|\bSymbol\b|\bURLSearchParams\b|\bnew URL\(`,
	"event constructor", `\bnew (Custom|Keyboard|Mouse|Input)?Event\(`,
	"newer method", `\.(closest|matches|includes|startsWith|endsWith|padStart|padEnd|repeat|find|findIndex|append|prepend|before|after|replaceWith|normalize|requestSubmit|reportValidity|toggleAttribute)\(`,
	"remove() of an element", `\.remove\(\)`,
	"Object.assign or Array.from", `\bObject\.(assign|entries|values)\b|\bArray\.(from|of)\b`,
	"module", `\b(import|export)\s`,
)

var jsNoise = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*|"(\\.|[^"\\\n])*"|'(\\.|[^'\\\n])*'`)

func bannedJS(script string) []string {
	var found []string
	script = jsNoise.ReplaceAllString(script, `""`)
	for _, b := range jsBans {
		if hit := b.pattern.FindString(script); hit != "" {
			found = append(found, fmt.Sprintf("%s: %s", b.what, strings.TrimSpace(hit)))
		}
	}
	return found
}
