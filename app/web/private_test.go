package web

import "testing"

func TestOwnCharactersAreShownWithTheirCodeAndSentBackAsTheyAre(t *testing.T) {
	page := "<title>\ue0ea川</title><p class=\"\ue0ea\" title=\"\ue0ea川\">名前：\ue0ea川 &amp; \U00108123</p>" +
		"<input name=\"a\" value=\"\ue0ea川\" aria-label=\"\ue0ea\"><textarea>\ue0ea川</textarea><b>\ue0ea</b>"
	want := "<title>〓(U+E0EA)川</title><p class=\"\ue0ea\" title=\"〓(U+E0EA)川\">名前：〓(U+E0EA)川 &amp; 〓(8123)</p>" +
		"<input name=\"a\" value=\"\ue0ea川\" aria-label=\"〓(U+E0EA)\"><textarea>\ue0ea川</textarea><b>〓(U+E0EA)</b>"
	if got := string(showPrivate([]byte(page))); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, plain := range []string{"", "<p>葛\U000e0100飾 〓</p>", "<p>broken <a"} {
		if got := string(showPrivate([]byte(plain))); got != plain {
			t.Errorf("got %q, want %q as it was", got, plain)
		}
	}
}
