package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/store"
)

// comes checks a visit in.
func (o *office) comes(v booking.Visit) booking.Visit {
	o.t.Helper()
	apptest.Write(o.t, o.st, func(tx *store.Tx) (err error) {
		v, err = booking.CheckIn(tx, audit.Command("test"), v.Booking.Ref, v.Version)
		return err
	})
	return v
}

// ending lists the elements whose attribute ends so.
func ending(p *apptest.Page, tag, attribute, suffix string) (found []*html.Node) {
	for _, n := range p.FindAll(tag + "[" + attribute + "]") {
		if strings.HasSuffix(apptest.Attr(n, attribute), suffix) {
			found = append(found, n)
		}
	}
	return found
}

func TestBoardShowsWhoWaitsAndWhoIsNext(t *testing.T) {
	o := open(t)
	one := o.counter(o.main, "1番窓口")
	a := o.book(o.hanako, o.slot(o.main, today, "8:45"), booking.StaffSeat)
	b := o.book(o.ichiro, o.slot(o.main, today, "10:00"), booking.StaffSeat)
	e := o.book(o.midori, o.slot(o.main, today, "10:00"), booking.StaffSeat)
	o.comes(b)
	o.clock.Advance(65 * time.Minute) // 10:05
	o.comes(a)                        // late for 8:45
	c := o.signIn("madoguchi1")
	p := c.Get("/board")
	must(t, p, http.StatusOK, "待っている人 2人", "まだ来ていない人", "10:05 現在", "書類不足・来庁なし 0人")
	if got, want := p.Texts(".waiting-part tbody .name"), []string{"南部 一郎", "髙橋 花子"}; !slices.Equal(got, want) {
		t.Errorf("got the order %q, want %q: who came late after who was on time", got, want)
	}
	must(t, p, http.StatusOK, "9:00から（65分）", "高橋 みどり")
	sound(t, "board", p)
	p = p.Follow("南部町役場").Follow("1番窓口")
	must(t, p, http.StatusOK, "次の人を1番窓口に呼ぶ", "次は 南部 一郎 さんです。")
	golden(t, "board", p, a.Number.String(), "NUMBER-1", b.Number.String(), "NUMBER-2", e.Number.String(), "NUMBER-3")
	p = p.Submit("/board/next", nil)
	must(t, p, http.StatusOK, "呼出し中 1人", "次は 髙橋 花子 さんです。", "10:05から（0分）")
	if got := o.visit(b.Booking.Ref); got.State != booking.Called || got.CalledTo != one.Name {
		t.Errorf("got %+v, want it called to the counter", got.Booking)
	}
	p = press(t, p, a, "call")
	must(t, p, http.StatusOK, "呼出し中 2人", "待っている人はいません。")
	golden(t, "board_called", p, string(one.Ref), "COUNTER", string(o.main.Ref), "VENUE", a.Number.String(), "NUMBER-1", b.Number.String(), "NUMBER-2", e.Number.String(), "NUMBER-3")
	must(t, p.Submit("/board/next", nil), http.StatusOK, "待っている人はいません。")
	p = press(t, p, e, "check-in")
	must(t, p, http.StatusOK, "来庁を受け付けました。", "待っている人 1人")
	if !strings.Contains(p.Path, "counter="+string(one.Ref)) {
		t.Errorf("got %s, want the counter to stay chosen", p.Path)
	}
	issue := p.FindAll(".called .act a")
	if len(issue) != 2 {
		t.Fatalf("got %d ways to issue a card, want one for each who is called", len(issue))
	}
	done := c.Get(apptest.Attr(issue[0], "href")).Submit(pathOf(o.hanako)+"/issue", nil)
	if !strings.HasPrefix(done.Path, "/board?") {
		t.Errorf("got %s after the issue, want to be back on the board", done.Path)
	}
}

func TestBoardOffersNoShowOnceLateAndRebooking(t *testing.T) {
	o := open(t)
	a := o.book(o.hanako, o.slot(o.main, today, "8:45"), booking.StaffSeat)
	o.book(o.ichiro, o.slot(o.main, today, "10:00"), booking.StaffSeat)
	p := o.clerk().Get("/board")
	if n := len(ending(p, "form", "action", "/no-show")); n != 1 {
		t.Errorf("got %d no-shows on offer, want the late one's", n)
	}
	p = press(t, p, a, "no-show")
	must(t, p, http.StatusOK, "書類不足・来庁なし 1人")
	sound(t, "board with a no-show", p)
	rebook := ending(p, "a", "href", "/book")
	if len(rebook) != 1 {
		t.Fatalf("got %d ways to rebook, want one", len(rebook))
	}
}

func TestBoardByPlaceServiceAndWithoutNames(t *testing.T) {
	o := open(t)
	v := o.comes(o.book(o.hanako, o.slot(o.main, today, "10:00"), booking.StaffSeat))
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := booking.AddService(tx, system, booking.Service{Name: "電子証明書の更新", Minutes: 15, WithoutNotice: true})
		return err
	})
	c := o.clerk()
	p := c.Get("/board")
	must(t, p, http.StatusOK, "待っている人 1人", "カードの交付")
	must(t, p.Follow("電子証明書の更新"), http.StatusOK, "待っている人 0人")
	must(t, p.Follow("名川分庁舎"), http.StatusOK, "待っている人 0人")
	hidden := p.Follow("氏名を隠す")
	must(t, hidden, http.StatusOK, v.Number.String(), "氏名を表示する")
	if strings.Contains(hidden.Body, "髙橋") || strings.Contains(hidden.Body, "ハナコ") || len(hidden.FindAll("main form")) > 0 {
		t.Error("the board for visitors shows a name or can be worked with")
	}
	sound(t, "board without names", hidden)
	o.limit("madoguchi1", o.branch)
	must(t, o.clerk().Get("/board?venue="+string(o.main.Ref)), http.StatusOK, "待っている人 0人")
}

func TestBoardReloadsOnlyWhenAsked(t *testing.T) {
	o := open(t)
	c := o.clerk()
	p := c.Get("/board")
	if got := p.Header.Get("Refresh"); got != "" {
		t.Errorf("got Refresh %q before anyone asked for it", got)
	}
	p = p.Follow("30秒ごとに自動で更新する")
	if got, want := p.Header.Get("Refresh"), "30; url=/board?auto=1&live=1"; got != want {
		t.Errorf("got Refresh %q, want %q", got, want)
	}
	sound(t, "live board", p)
	if got := p.Follow("自動更新を止める").Header.Get("Refresh"); got != "" {
		t.Errorf("got Refresh %q after it was stopped", got)
	}
	if len(p.FindAll("meta[http-equiv=refresh]")) > 0 {
		t.Error("got a meta element that reloads")
	}
}

func TestReloadingBoardKeepsNobodySignedIn(t *testing.T) {
	o := open(t)
	c := o.clerk()
	for range 40 {
		o.clock.Advance(time.Minute)
		if p := c.Get("/board?live=1&auto=1"); p.Path == "/sign-in" {
			return
		}
	}
	t.Error("got a session that a reloading page keeps alive for 40 minutes, want it to end after 30")
}

func TestNextIsCalledToOneCounterEach(t *testing.T) {
	o := open(t)
	one, two := o.counter(o.main, "1番窓口"), o.counter(o.main, "2番窓口")
	a := o.comes(o.book(o.hanako, o.slot(o.main, today, "10:00"), booking.StaffSeat))
	b := o.comes(o.book(o.ichiro, o.slot(o.main, today, "10:00"), booking.StaffSeat))
	at := func(c booking.VenueCounter) string {
		return "/board?" + url.Values{"venue": {string(o.main.Ref)}, "counter": {string(c.Ref)}}.Encode()
	}
	p, q := o.clerk().Get(at(one)), o.administrator().Get(at(two))
	must(t, p.Submit("/board/next", nil), http.StatusOK, "呼出し中")
	must(t, q.Submit("/board/next", nil), http.StatusOK, "呼出し中")
	if x, y := o.visit(a.Booking.Ref), o.visit(b.Booking.Ref); x.CalledTo != one.Name || y.CalledTo != two.Name {
		t.Errorf("got %q and %q, want each counter to have one", x.CalledTo, y.CalledTo)
	}
}
