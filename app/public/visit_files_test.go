package public

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/store"
)

func TestCalendarFileSaysWhenAndWhereAndNothingOfThePerson(t *testing.T) {
	w := newTown(t, 1)
	visit := w.take(0, w.slot(w.main, on(12, 3), 9*60))
	c, _ := w.signIn(0, "")
	p := c.Get("/booking/visit.ics")
	if got := p.Header.Get("Content-Type"); got != "text/calendar; charset=utf-8" {
		t.Errorf("got type %q", got)
	}
	for _, line := range []string{
		"BEGIN:VCALENDAR", "DTSTART:20261203T000000Z", "DTEND:20261203T003000Z", "SUMMARY:マイナンバーカードの受け取り",
		"LOCATION:本庁舎 大字苫米地1-1", "DESCRIPTION:予約番号 " + visit.Number.String(), "END:VCALENDAR",
	} {
		if !strings.Contains(p.Body, line+"\r\n") {
			t.Errorf("got\n%s\nwant the line %q", p.Body, line)
		}
	}
	for _, secret := range []string{"山田", "ABC", "1948"} {
		if strings.Contains(p.Body, secret) {
			t.Errorf("the file holds %q", secret)
		}
	}
	for line := range strings.SplitSeq(p.Body, "\r\n") {
		if len(line) > 75 {
			t.Errorf("line %q is longer than 75 bytes", line)
		}
	}
	w.at(w.client.Another().Get("/booking/visit.ics"), "/sign-in")
}

func TestCalendarTextIsEscapedAndFolded(t *testing.T) {
	got := folded("LOCATION:" + escapeText("役場, 2階; 奥\\の窓口\n"+strings.Repeat("長", 40)))
	whole := strings.ReplaceAll(strings.TrimSuffix(got, "\r\n"), "\r\n ", "")
	if want := `LOCATION:役場\, 2階\; 奥\\の窓口\n` + strings.Repeat("長", 40); whole != want {
		t.Errorf("got %q, want %q", whole, want)
	}
}

// bring sets up what to bring for the receipt of a card.
func (w *town) bring(lines ...booking.Bring) {
	w.Helper()
	apptest.Write(w.T, w.st, func(tx *store.Tx) error {
		s, err := booking.ServiceByRef(tx, w.service.Ref)
		if err == nil {
			err = booking.SetBring(tx, w.by, s.Ref, s.Version, lines)
		}
		return err
	})
}

func TestWhatToBringIsForThisPerson(t *testing.T) {
	w := newTown(t, 2)
	w.bring(
		booking.Bring{Condition: booking.Always, Text: "はがき"},
		booking.Bring{Condition: booking.OfIssueKind, Value: string(card.Renewal), Text: "いまのカード"},
		booking.Bring{Condition: booking.OfAge, Value: string(booking.Under15), Text: "親の本人確認書類"},
		booking.Bring{Condition: booking.OfAge, Value: string(booking.From75), Text: "75歳からの案内"},
		booking.Bring{Condition: booking.OfComer, Value: string(booking.Guardian), Text: "戸籍謄本"},
		booking.Bring{Condition: booking.OfComer, Value: string(booking.Proxy), Text: "委任状"},
		booking.Bring{Condition: booking.OfComer, Value: booking.UnsaidProxy, Text: "理由の書類"},
	)
	w.take(0, w.slot(w.main, on(12, 3), 9*60))
	w.take(1, w.slot(w.main, on(12, 3), 9*60))
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		if _, err := tx.Exec(`UPDATE recipient SET birth = '2015-03-01' WHERE id = ?`, w.card(1).RecipientID); err != nil {
			return err
		}
		_, err := tx.Exec(`UPDATE card SET issue_kind = 'renewal' WHERE id = ?`, w.card(1).ID)
		return err
	})
	brings := func(p *apptest.Page) string { return strings.Join(p.Texts(`ul.bring li`), " ") }
	c, p := w.signIn(0, "") // 78 years old
	if got := brings(p); got != "はがき 75歳からの案内" {
		t.Errorf("got %q for who comes alone", got)
	}
	p = p.Submit("/booking/comer", url.Values{"comer": {"proxy"}})
	w.at(p, "/booking/reason")
	w.says(p, ".warning", "忙しいことは、理由として認められません")
	w.says(p, ".warning", "0178-00-0001")
	if got := brings(c.Get("/booking")); got != "はがき 75歳からの案内" {
		t.Errorf("got %q before the reason was said, want nothing changed", got)
	}
	p = p.Submit("/booking/reason", nil)
	w.status(p, http.StatusUnprocessableEntity)
	w.says(p, ".summary", "理由を1つ選んでください")
	p = p.Submit("/booking/reason", url.Values{"reason": {string(w.reason("hospital"))}})
	w.says(p, ".flash", "来るかたに合わせました")
	w.says(p, "main", "長期に入院しているかた")
	if got := brings(p); got != "はがき 75歳からの案内 委任状 入院していることが分かる書類（診断書、入院診療計画書、入院費の領収書など）" {
		t.Errorf("got %q for a proxy", got)
	}
	if got := brings(c.Get("/booking")); !strings.Contains(got, "委任状") {
		t.Errorf("got %q later, want it kept who comes", got)
	}
	visit, _ := w.live(0)
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		entries, err := audit.Of(tx, visit.Subject())
		if len(entries) == 0 || entries[0].Action != audit.ComerSet {
			t.Errorf("got entries %+v, want who comes first", entries)
		}
		for _, e := range entries {
			if strings.Contains(e.Detail, string(w.reason("hospital"))) {
				t.Errorf("the audit log tells why: %s", e.Detail)
			}
		}
		return err
	})

	c = w.client.Another()
	child := answers(1)
	child.Set("birth_era", "western")
	child.Set("birth_year", "2015")
	child.Set("birth_month", "3")
	child.Set("birth_day", "1")
	p = c.Get("/sign-in").Submit("/sign-in", child)
	if got := brings(p); got != "はがき いまのカード 親の本人確認書類 戸籍謄本" {
		t.Errorf("got %q for a child, want what the guardian brings", got)
	}
	w.says(p, "main", "15歳未満のかたは、法定代理人")
}

func TestReasonsAreThoseOfTheTown(t *testing.T) {
	w := newTown(t, 1)
	own := booking.ProxyReason{Name: "災害の救援に出ているかた", Papers: "派遣の証明書"}
	apptest.Write(t, w.st, func(tx *store.Tx) (err error) {
		own, err = booking.AddProxyReason(tx, w.by, own)
		return err
	})
	w.take(0, w.slot(w.main, on(12, 3), 9*60))
	c, _ := w.signIn(0, "/en")
	away, before := w.reason("away"), c.Get("/en/booking/reason")
	apptest.Write(t, w.st, func(tx *store.Tx) error { return booking.RetireProxyReason(tx, w.by, away, 1) })
	p := c.Get("/en/booking/reason")
	w.says(p, "main", "Pregnant")
	if got := strings.Join(p.Texts(`label[lang="ja"]`), " "); got != own.Name {
		t.Errorf("got %q in Japanese, want the town's own reason alone", got)
	}
	if strings.Contains(p.Text(), "at sea") {
		t.Error("a retired reason can be chosen")
	}
	w.status(before.Submit("/en/booking/reason", url.Values{"reason": {string(away)}}), http.StatusUnprocessableEntity)
	w.says(p.Submit("/en/booking/reason", url.Values{"reason": {string(own.Ref)}}), "main", "派遣の証明書")

	// A proxy who turns out to be the holder has no reason any more.
	w.says(c.Get("/booking").Submit("/booking/comer", url.Values{"comer": {"holder"}}), ".flash", "来るかたに合わせました")
	if visit, _ := w.live(0); visit.ProxyReasonID != 0 {
		t.Error("the reason is kept with somebody who comes themselves")
	}
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		all, err := booking.ProxyReasons(tx)
		for _, r := range all {
			if err == nil {
				err = booking.RetireProxyReason(tx, w.by, r.Ref, r.Version)
			}
		}
		return err
	})
	p = c.Get("/booking").Submit("/booking/comer", url.Values{"comer": {"proxy"}})
	w.at(p, "/booking")
	w.says(p, ".flash", "来るかたに合わせました")
}

func TestStandardReasonsReadAsTheirWords(t *testing.T) {
	w := newTown(t, 0)
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		all, err := booking.ProxyReasons(tx)
		if len(all) != len(booking.StandardReasonCodes()) {
			t.Errorf("got %d reasons", len(all))
		}
		for _, r := range all {
			if got := w.site.web.Words().For("ja").T("proxy_reason." + r.Code); got != r.Name {
				t.Errorf("%s: the words say %q, the town's data %q", r.Code, got, r.Name)
			}
		}
		return err
	})
}
