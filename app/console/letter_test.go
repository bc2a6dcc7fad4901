package console

import (
	"net/http"
	"strings"
	"testing"
)

func TestLetterOpensTheSiteWithTheNumberAndWithoutTheDateOfBirth(t *testing.T) {
	o := open(t)
	must(t, o.clerk().Get(pathOf(o.hanako)+"/letter"), http.StatusOK, "QRコードを作れません")
	o.desk.residentSite = "https://yoyaku.example.jp"
	p := o.clerk().Get(pathOf(o.hanako)).Follow("予約の案内を印刷する")
	must(t, p, http.StatusOK, "https://yoyaku.example.jp/n/ABC123456", "髙橋 花子")
	if len(p.FindAll("svg.qr")) != 1 {
		t.Error("the letter has no code")
	}
	for _, birth := range []string{"1950", "昭和25", "5月12日"} {
		if strings.Contains(p.Text(), birth) {
			t.Errorf("the letter holds the date of birth: %q", birth)
		}
	}
	golden(t, "letter", p)
}
