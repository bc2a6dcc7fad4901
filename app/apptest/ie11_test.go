package apptest

import "testing"

func TestBannedInIE11FindsWhatIE11Lacks(t *testing.T) {
	for _, c := range []struct{ sentence, name, text string }{
		{"a custom property is set", "a.css", `:root { --ink: #000; }`},
		{"a custom property is used", "a.css", `a { color: var(--ink, #000); }`},
		{"grid", "a.css", `ul { display: grid; }`},
		{"gap in flex", "a.css", `ul { display: flex; gap: 1rem; }`},
		{"gap inside a media query", "a.css", `@media (min-width: 40em) { ul { row-gap: 1rem; } }`},
		{":is", "a.css", `:is(h1, h2) { margin: 0; }`},
		{":has", "a.css", `form:has(.error) { margin: 0; }`},
		{":focus-visible mixed with another selector", "a.css", `a:focus { outline: 0; } a:hover, a:focus-visible { color: red; }`},
		{":focus-visible without :focus", "a.css", `a:focus-visible { outline: 3px solid; }`},
		{"clamp", "a.css", `p { width: clamp(1rem, 2vw, 3rem); }`},
		{"inset", "a.css", `p { inset: 0; }`},
		{"unset", "a.css", `p { all: unset; }`},
		{"nested rules", "a.css", `p { a { color: red; } }`},
		{"details", "a.html", `<details><summary>more</summary></details>`},
		{"dialog", "a.html", `<dialog open>x</dialog>`},
		{"a date field", "a.html", `<input type="date" name="d">`},
		{"form attribute", "a.html", `<button form="f">send</button>`},
		{"inline style", "a.html", `<p style="color:red">x</p>`},
		{"style element", "a.html", `<style>p{}</style>`},
		{"inline script", "a.html", `<script>go()</script>`},
		{"event attribute", "a.html", `<a href="/" onclick="go()">x</a>`},
		{"script address", "a.html", `<a href=" JavaScript:go()">x</a>`},
		{"module", "a.html", `<script type="module" src="/a.js"></script>`},
		{"svg that takes focus", "a.html", `<svg><path d=""/></svg>`},
		{"arrow function", "a.js", `var f = (x) => x;`},
		{"template literal", "a.js", "var s = `x`;"},
		{"let", "a.js", `let x = 1;`},
		{"for of", "a.js", `for (var x of list) {}`},
		{"default parameter", "a.js", `function f(a, b = 1) {}`},
		{"optional chaining", "a.js", `a?.b`},
		{"closest", "a.js", `e.target.closest(".row")`},
		{"fetch", "a.js", `fetch("/")`},
		{"no known kind", "a.txt", ``},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			if got := bannedInIE11(c.name, c.text); len(got) == 0 {
				t.Errorf("got nothing banned in %q, want something", c.text)
			}
		})
	}
}

func TestBannedInIE11PassesWhatIE11Knows(t *testing.T) {
	for _, c := range []struct{ sentence, name, text string }{
		{"flex, calc and comments about gap: and grid", "a.css", `/* no gap: here, no display: grid */ ul { display: flex; width: calc(100% - 2rem); }`},
		{"words in strings", "a.css", `p::after { content: "--gap: 1; var(x)"; }`},
		{"grid inside @supports", "a.css", `@supports (display: grid) { ul { display: grid; gap: 1rem; } } p { margin: 0; }`},
		{":focus-visible in a rule of its own", "a.css", `a:focus { outline: 3px solid; } a:focus-visible { outline-offset: 2px; }`},
		{"class names with -- and colours", "a.css", `.button--wide { color: rgba(0, 0, 0, .5); max-width: 10px; }`},
		{"a plain form", "a.html", `<form method="post" action="/x" novalidate><input type="tel" name="n" inputmode="numeric"><button>send</button></form>`},
		{"a form=… in text", "a.html", `<p>form="x" type="date"</p>`},
		{"svg out of the tab order", "a.html", `<svg focusable="false" aria-hidden="true"></svg>`},
		{"ES5", "a.js", `(function () { "use strict"; var a = b ? .5 : 1; e.classList.remove("x"); /* => let x */ var s = "fetch(1) => 2"; }());`},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			if got := bannedInIE11(c.name, c.text); len(got) > 0 {
				t.Errorf("got %q banned, want nothing", got)
			}
		})
	}
}

func TestStableKeepsEqualRefsEqual(t *testing.T) {
	page := `<a href="/cards/abcdefghijklmnopqrstuvwxyz">1</a><a href="/cards/zyxwvutsrqponmlkjihgfedcba">2</a>` +
		`<a href="/cards/abcdefghijklmnopqrstuvwxyz/notes"><input type="hidden" name="csrf" value="secret"><link href="/assets/0123456789abcdef/a.css">`
	want := `<a href="/cards/REF-1">1</a><a href="/cards/REF-2">2</a>` +
		`<a href="/cards/REF-1/notes"><input type="hidden" name="csrf" value="SECRET"><link href="/assets/HASH/a.css">`
	if got := Stable(page); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
