package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/store"
)

func TestSearchOpensTheOnlyHit(t *testing.T) {
	o := open(t)
	v := o.book(o.ichiro, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	c := o.clerk()
	for query, want := range map[string]card.Record{
		"ABC-123456":              o.hanako,
		"ａｂｃ１２３４５６":               o.hanako,
		"3456":                    o.hanako,
		"12345678901234567890123": o.hanako,
		"高橋花子":                    o.hanako,
		"髙橋　花子":                   o.hanako,
		"ﾀｶﾊｼ ﾊﾅｺ":                o.hanako,
		"はなこ":                     o.hanako,
		"昭和25年5月12日":              o.hanako,
		"S25.5.12":                o.hanako,
		"19500512":                o.hanako,
		"1989-01-08":              o.ichiro,
		"なんぶ":                     o.ichiro,
		v.Number.String():         o.ichiro,
		string(v.Number):          o.ichiro,
	} {
		p := c.Get("/search").Submit("/search", url.Values{"q": {query}})
		if p.Path != pathOf(want) {
			t.Errorf("%q: got %s, want the page of %s", query, p.Path, want.Name)
		}
	}
}

func TestSearchListsSeveralHits(t *testing.T) {
	o := open(t)
	o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	p := o.clerk().Get("/search?q=" + url.QueryEscape("高橋"))
	must(t, p, http.StatusOK, "「高橋」で 2件見つかりました。", "予約あり 12月3日（木）9時30分", "未予約", "昭和25年（1950年）5月12日", "3月日不明")
	golden(t, "search_several", p)
	if got, want := p.Texts("tbody th a"), []string{"髙橋 花子", "高橋 みどり"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSearchMarksIssuedCards(t *testing.T) {
	o := open(t)
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := card.Issue(tx, o.accounts["kanri"].Actor("r1"), o.hanako.Card.Ref, o.hanako.Card.Version)
		return err
	})
	must(t, o.clerk().Get("/search?q="+url.QueryEscape("たかはし")), http.StatusOK, "交付済み")
}

func TestSearchWithoutAHitSaysHowToSearch(t *testing.T) {
	o := open(t)
	p := o.clerk().Get("/search?q=" + url.QueryEscape("<該当なし>"))
	must(t, p, http.StatusOK, "「<該当なし>」では見つかりませんでした。", "下4けたからでもさがせます")
	golden(t, "search_none", p)
}

func TestSearchForNothingIsTheEmptyBox(t *testing.T) {
	o := open(t)
	p := o.clerk().Get("/").Follow("さがす")
	must(t, p, http.StatusOK, "番号・氏名・生年月日")
	golden(t, "search", p)
	if len(p.FindAll("input[autofocus]")) != 1 {
		t.Error("the cursor is not in the box")
	}
	must(t, o.clerk().Get("/search?q=%20"), http.StatusOK, "番号・氏名・生年月日")
}

func TestSearchSaysThatThereIsMore(t *testing.T) {
	o := open(t)
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		for i := range searchLimit {
			two := string(rune('0'+i/10)) + string(rune('0'+i%10))
			payload := strings.NewReplacer("JKL-444444", "JKL-7777"+two, "42345678901234567890123", "777777777777777777777"+two).Replace(freshPayload)
			if _, err := intake.ReadPayload(tx, o.accounts["kanri"].Actor("r1"), strings.Replace(payload, "佐々木　次郎", "高橋　次郎", 1)); err != nil {
				return err
			}
		}
		return nil
	})
	p := o.clerk().Get("/search?q=" + url.QueryEscape("高橋"))
	must(t, p, http.StatusOK, "多すぎるため、はじめの50件だけを表示しています")
	if n := len(p.FindAll("tbody tr")); n != searchLimit {
		t.Errorf("got %d rows, want %d", n, searchLimit)
	}
}
