package console

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/japanese"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/store"
)

// list opens the list of bookings with a filter.
func list(c *apptest.Client, filter url.Values) *apptest.Page {
	return c.Get("/bookings?" + filter.Encode())
}

func TestListHoldsWhatTheFilterSays(t *testing.T) {
	o := open(t)
	v := o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	w := o.book(o.ichiro, o.slot(o.branch, thursday, "9:30"), booking.StaffSeat)
	x := o.book(o.midori, o.slot(o.main, friday, "9:30"), booking.ResidentSeat)
	apptest.Write(t, o.st, func(tx *store.Tx) error { _, err := booking.Cancel(tx, system, x.Booking.Ref, x.Version); return err })
	c := o.clerk()
	p := c.Get("/bookings")
	must(t, p, http.StatusOK, "予約 3件（予約中 2件・取消済み 1件）", "1～3件目")
	golden(t, "bookings", p, v.Number.String(), "NUMBER-1", w.Number.String(), "NUMBER-2", x.Number.String(), "NUMBER-3")
	for _, f := range []struct {
		filter url.Values
		want   []string
	}{
		{url.Values{"from": {"12/3"}, "to": {"12/3"}}, []string{"髙橋 花子", "南部 一郎"}},
		{url.Values{"from": {"令和8年12月4日"}}, []string{"高橋 みどり"}},
		{url.Values{"venue": {string(o.branch.Ref)}}, []string{"南部 一郎"}},
		{url.Values{"state": {"cancelled"}}, []string{"高橋 みどり"}},
		{url.Values{"state": {"cancelled", "booked"}, "kind": {"new"}}, []string{"南部 一郎", "高橋 みどり"}},
		{url.Values{"channel": {"web"}, "state": {"booked"}}, []string{"髙橋 花子"}},
		{url.Values{"state": {"no_show"}}, nil},
		{url.Values{"state": {"nonsense"}, "channel": {"nonsense"}, "service": {"nonsense"}, "page": {"-1"}}, []string{"髙橋 花子", "南部 一郎", "高橋 みどり"}},
	} {
		p := list(c, f.filter)
		names := p.Texts("table.list tbody th a")
		if p.Status != http.StatusOK || !slices.Equal(names, f.want) {
			t.Errorf("%v: got status %d with %q, want %q", f.filter, p.Status, names, f.want)
		}
	}
	must(t, list(c, url.Values{"state": {"no_show"}}), http.StatusOK, "この条件に合う予約はありません。")
	o.limit("madoguchi1", o.branch)
	must(t, o.clerk().Get("/bookings?venue="+string(o.main.Ref)), http.StatusOK, "予約 1件", "南部 一郎")
}

func TestListSaysWhatIsWrongWithThePeriod(t *testing.T) {
	o := open(t)
	c := o.clerk()
	for field, f := range map[string]struct {
		filter url.Values
		says   string
	}{
		"from": {url.Values{"from": {"あした"}}, "日付として読めません"},
		"to":   {url.Values{"from": {"12/3"}, "to": {"12/1"}}, "始まりの日と同じか、あとの日にしてください"},
		" to":  {url.Values{"from": {"2026-01-01"}, "to": {"2027-12-31"}}, "期間は400日以内にしてください"},
	} {
		p := list(c, f.filter)
		must(t, p, http.StatusUnprocessableEntity, f.says)
		if got := apptest.Attr(p.FindAll("#f-" + strings.TrimSpace(field))[0], "aria-invalid"); got != "true" {
			t.Errorf("%v: got aria-invalid %q at the field", f.filter, got)
		}
		if got := apptest.Attr(p.FindAll("#f-from")[0], "value"); got != f.filter.Get("from") {
			t.Errorf("got %q, want what was typed to be kept", got)
		}
		sound(t, "bookings refused", p)
	}
}

// crowd books many visits on one day.
func (o *office) crowd(n int) {
	o.t.Helper()
	apptest.Write(o.t, o.st, func(tx *store.Tx) error {
		s := o.slot(o.main, friday, "9:30")
		if _, err := tx.Exec(`UPDATE slot SET capacity = ? WHERE id = ?`, n+5, s.ID); err != nil {
			return err
		}
		for i := range n {
			_, err := tx.Exec(`INSERT INTO booking (ref, number, slot_id, seat, channel, state, booked_at) VALUES (?, ?, ?, 'staff', 'telephone', 'booked', ?)`,
				store.NewRef(), fmt.Sprintf("%08d", i), s.ID, tx.Now)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func TestLongListHasPages(t *testing.T) {
	o := open(t)
	o.crowd(120)
	c := o.clerk()
	p := list(c, url.Values{"from": {"12/4"}, "to": {"12/4"}})
	must(t, p, http.StatusOK, "予約 120件", "1～50件目")
	if n := len(p.FindAll("table.list tbody tr")); n != 50 {
		t.Errorf("got %d rows, want 50", n)
	}
	p = p.Follow("3")
	must(t, p, http.StatusOK, "101～120件目")
	sound(t, "third page", p)
	p = p.Follow("印刷用に全部を表示する")
	must(t, p, http.StatusOK, "120件", "で印刷します")
	if n := len(p.FindAll("table.list tbody tr")); n != 120 {
		t.Errorf("got %d rows to print, want all", n)
	}
	sound(t, "list to print", p)
	must(t, p.Follow("一覧に戻る"), http.StatusOK, "1～50件目")
}

// file asks for an extract.
func file(p *apptest.Page, format string, personal bool) *apptest.Page {
	more := url.Values{"format": {format}}
	if personal {
		more.Set("personal", "1")
	}
	return p.Submit("/bookings/extract", more)
}

func TestExtractIsForThosePermittedAndAudited(t *testing.T) {
	o := open(t)
	o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	if p := o.clerk().Get("/bookings"); strings.Contains(p.Text(), "ファイルに保存する") {
		t.Error("got an extract offered to a clerk")
	}
	csrf := apptest.Attr(o.clerk().Get("/bookings").FindAll(`input[name="csrf"]`)[0], "value")
	must(t, o.clerk().Post("/bookings/extract", url.Values{"csrf": {csrf}}), http.StatusForbidden)
	p := o.administrator().Get("/bookings")
	sound(t, "bookings with extract", p)
	csv := file(p, "utf8", false)
	if got := csv.Header.Get("Content-Disposition"); !strings.Contains(got, `filename=bookings_2026-12-01_2026-12-07.csv`) || !strings.Contains(got, "filename*=UTF-8''%E4%BA%88") {
		t.Errorf("got Content-Disposition %q", got)
	}
	if got := csv.Header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
		t.Errorf("got Content-Type %q", got)
	}
	if strings.Contains(csv.Body, "花子") || strings.Contains(csv.Body, "ABC-123456") || !strings.HasPrefix(csv.Body, "\ufeff来庁日,開始,終了,受付場所") || !strings.Contains(csv.Body, "\r\n2026-12-03,") || !strings.Contains(csv.Body, "南部町役場,カードの交付,") {
		t.Errorf("got %q, want the booking without the person", csv.Body)
	}
	if n := o.count(`SELECT count(*) FROM audit WHERE action = 'bookings_extracted' AND json_extract(detail, '$.rows') = 1 AND json_extract(detail, '$.personal') = 0`); n != 1 {
		t.Errorf("got %d entries of the extract, want 1", n)
	}
	if n := o.count(`SELECT count(*) FROM audit WHERE action = 'bookings_extracted' AND detail LIKE '%花子%'`); n != 0 {
		t.Error("the audit log holds a name")
	}
}

func TestExtractInEveryFormat(t *testing.T) {
	o := open(t)
	o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	p := o.administrator().Get("/bookings")
	body := file(p, "cp932", true).Body
	text, err := japanese.ShiftJIS.NewDecoder().String(body)
	if err != nil || !strings.Contains(text, "髙橋　花子") || !strings.Contains(text, "ABC-123456") {
		t.Errorf("got %q, %v, want the name in CP932", text, err)
	}
	book, err := excelize.OpenReader(bytes.NewReader([]byte(file(p, "xlsx", true).Body)))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := book.GetRows("予約の一覧")
	if err != nil || len(rows) != 2 || rows[0][0] != "来庁日" || !slices.Contains(rows[1], "髙橋　花子") || !slices.Contains(rows[1], "1950-05-12") {
		t.Errorf("got %q, %v", rows, err)
	}
	if err := book.Close(); err != nil {
		t.Error(err)
	}
}

func TestExtractSaysWhichCharactersAreLost(t *testing.T) {
	o := open(t)
	o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE recipient SET name = '𠮷野　花子' WHERE id = ?`, o.hanako.RecipientID)
		return err
	})
	p := file(o.administrator().Get("/bookings"), "cp932", true)
	must(t, p, http.StatusUnprocessableEntity, "シフトJISで書けない文字があります", "2行目", "𠮷")
	sound(t, "lost characters", p)
	if n := o.count(`SELECT count(*) FROM audit WHERE action = 'bookings_extracted'`); n != 0 {
		t.Errorf("got %d entries although no file was made", n)
	}
	done := p.Submit("/bookings/extract", url.Values{"anyway": {"1"}})
	if text, err := japanese.ShiftJIS.NewDecoder().String(done.Body); err != nil || !strings.Contains(text, "〓野　花子") {
		t.Errorf("got %q, %v, want 〓 in its place", text, err)
	}
}

func TestExtractOfAWrongPeriodSaysSo(t *testing.T) {
	o := open(t)
	p := o.administrator().Get("/bookings")
	_, _, values := p.Fill("/bookings/extract", nil)
	values.Set("to", "2029-01-01")
	must(t, o.administrator().Post("/bookings/extract", values), http.StatusUnprocessableEntity, "期間は400日以内")
	must(t, o.administrator().Get("/bookings/extract"), http.StatusOK, "予約の一覧")
}
