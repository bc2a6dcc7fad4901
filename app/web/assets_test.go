package web

import "testing"

func TestAStyleSheetIsSentWithoutItsRemarks(t *testing.T) {
	const sheet = "/* Of the\n   frame */\na:hover, b::after { content: \"\"; color: #fff; }\n@media screen and (min-width: 30em) {\n  .a .b,\n  p { margin: 0\n    1em; }\n}\n"
	const want = `a:hover,b::after{content:"";color:#fff}@media screen and (min-width:30em){.a .b,p{margin:0 1em}}`
	if got := string(tighten([]byte(sheet))); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
