package console

import (
	"bytes"
	"fmt"
	pictures "image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/staff"
	"madoguchi/store"
)

// service is the town's one service.
func (o *office) service() (s booking.Service) {
	o.t.Helper()
	apptest.Read(o.t, o.st, func(tx *store.Tx) (err error) {
		s, err = booking.CardIssuance(tx)
		return err
	})
	return s
}

// setups are addresses of set-up pages that exist in every office.
func (o *office) setups() []string {
	main, service := string(o.main.Ref), string(o.service().Ref)
	slot := string(o.slot(o.main, thursday, "9:30").Ref)
	return []string{
		"/setup", "/setup/venues", "/setup/venues/new", "/setup/venues/" + main, "/setup/venues/" + main + "/edit", "/setup/venues/" + main + "/map",
		"/setup/venues/" + main + "/retire", "/setup/venues/" + main + "/counters/new", "/setup/services", "/setup/services/new",
		"/setup/services/" + service, "/setup/services/" + service + "/bring", "/setup/services/" + service + "/rules",
		"/setup/services/" + service + "/retire", "/setup/hours", "/setup/hours/" + main + "?service=" + service,
		"/setup/hours/" + main + "/edit?service=" + service, "/setup/plan", "/setup/plan?from=2026-12-01&to=2026-12-31", "/setup/closed",
		"/setup/closed/new", "/setup/extra/new", "/setup/days", "/setup/days?date=2026-12-03", "/setup/days/" + main + "/set?date=2026-12-03&service=" + service,
		"/setup/days/" + main + "/add", "/setup/slots/" + slot, "/setup/stops", "/setup/stops/new", "/setup/staff", "/setup/proxy-reasons", "/setup/proxy-reasons/new",
		"/setup/staff/" + string(o.accounts["madoguchi1"].Ref), "/setup/settings", "/setup/postal", "/setup/look",
	}
}

var drawn = regexp.MustCompile(`\b\d{4}-\d{4}\b|\b[0-9a-f]{64}\b|\b[0-9a-f]{32}\b`)

// setupGolden is golden for pages with booking numbers, which are drawn, and with
// keys of plans.
func setupGolden(t *testing.T, name string, p *apptest.Page) {
	t.Helper()
	var replace []string
	for i, n := range drawn.FindAllString(p.Body, -1) {
		replace = append(replace, n, fmt.Sprintf("DRAWN-%d", i+1))
	}
	golden(t, name, p, replace...)
}

func TestSetupPagesAreSound(t *testing.T) {
	o := open(t)
	o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	c := o.administrator()
	for _, path := range o.setups() {
		p := c.Get(path)
		must(t, p, http.StatusOK)
		sound(t, path, p)
		if here := p.Texts(`.menu a[aria-current="page"]`); len(here) != 1 || here[0] != "受付の設定" {
			t.Errorf("%s: got %q marked in the menu, want the set-up", path, here)
		}
	}
	for name, path := range map[string]string{
		"setup": "/setup", "setup_venues": "/setup/venues", "setup_venue": "/setup/venues/" + string(o.main.Ref), "setup_services": "/setup/services",
		"setup_hours": "/setup/hours", "setup_plan": "/setup/plan?from=2026-12-01&to=2026-12-31", "setup_closed": "/setup/closed",
		"setup_day": "/setup/days?date=2026-12-03", "setup_slot": "/setup/slots/" + string(o.slot(o.main, thursday, "9:30").Ref),
		"setup_rules": "/setup/services/" + string(o.service().Ref) + "/rules", "setup_settings": "/setup/settings", "setup_look": "/setup/look", "setup_stop_new": "/setup/stops/new",
	} {
		setupGolden(t, name, c.Get(path))
	}
}

func TestSetupIsForAdministrators(t *testing.T) {
	o := open(t)
	c := o.clerk()
	if strings.Contains(c.Get("/").Body, `href="/setup"`) {
		t.Error("got the set-up in a clerk's menu, want none")
	}
	csrf := apptest.Attr(c.Get("/password").FindAll(`input[name="csrf"]`)[0], "value")
	for _, g := range o.desk.setupRoutes() {
		if g.permission != staff.MaySetUpCounter && g.permission != staff.MayManageStaff {
			t.Errorf("%s: got permission %q, want one of administrators", g.Path, g.permission)
		}
		p, err := c.Try(g.Method, concrete(g.Path, o.hanako), url.Values{"csrf": {csrf}})
		if err != nil || p.Status != http.StatusForbidden {
			t.Errorf("%s %s: got status %d for a clerk, want 403", g.Method, g.Path, p.Status)
		}
	}
}

// An administrator of one branch sets up that branch, and neither another place
// nor what holds for the whole town.
func TestBranchAdministratorSetsUpTheBranchOnly(t *testing.T) {
	o := open(t)
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, _, err := staff.Add(tx, system, "kanri2", "管理 次郎", staff.Administrator)
		return err
	})
	closing := o.administrator().Get("/setup/closed/new").Submit("/setup/closed/new", url.Values{"from": {"12/9"}, "reason": {"庁舎の点検"}})
	must(t, closing, http.StatusOK, "閉庁日を登録しました")
	c := o.administrator()
	stale := map[string]*apptest.Page{}
	for _, path := range []string{"/setup/venues/" + string(o.main.Ref) + "/edit", "/setup/slots/" + string(o.slot(o.main, thursday, "9:30").Ref), "/setup/settings", "/setup/venues/new"} {
		stale[path] = c.Get(path)
	}
	o.limit("kanri", o.branch)
	for path, p := range stale {
		if got := p.Submit(path, nil); got.Status != http.StatusForbidden {
			t.Errorf("%s: got status %d from a page that was open before, want 403", path, got.Status)
		}
	}
	main, service, slot := string(o.main.Ref), string(o.service().Ref), string(o.slot(o.main, thursday, "9:30").Ref)
	for _, path := range []string{
		"/setup/venues/new", "/setup/venues/" + main, "/setup/venues/" + main + "/edit", "/setup/venues/" + main + "/map", "/setup/venues/" + main + "/retire",
		"/setup/venues/" + main + "/counters/new", "/setup/services", "/setup/services/" + service, "/setup/hours/" + main + "?service=" + service,
		"/setup/hours/" + main + "/edit?service=" + service, "/setup/days/" + main + "/add", "/setup/slots/" + slot, "/setup/staff", "/setup/settings", "/setup/postal", "/setup/look",
	} {
		if p := c.Get(path); p.Status != http.StatusForbidden {
			t.Errorf("%s: got status %d, want 403", path, p.Status)
		}
	}
	for _, path := range []string{
		"/setup", "/setup/venues", "/setup/venues/" + string(o.branch.Ref), "/setup/hours", "/setup/plan?from=2026-12-01&to=2026-12-31", "/setup/closed",
		"/setup/closed/new", "/setup/extra/new", "/setup/days?date=2026-12-03", "/setup/stops/new",
	} {
		p := c.Get(path)
		must(t, p, http.StatusOK)
		sound(t, path, p)
		if strings.Contains(p.Text(), o.main.Name) {
			t.Errorf("%s: got the main office, want the branch only", path)
		}
	}
	if p := c.Get("/setup/closed"); strings.Contains(p.Body, "/remove") || !strings.Contains(p.Text(), "庁舎の点検") {
		t.Errorf("got %s, want the town's closed day without a button", p.Text())
	}
}

func TestPlaceIsSetUpFromNothing(t *testing.T) {
	o := open(t)
	c := o.administrator()
	p := c.Get("/setup/venues").Follow("受付場所を加える").Submit("/setup/venues/new", url.Values{"postal_code": {"039"}, "telephone": {"なし"}})
	must(t, p, http.StatusUnprocessableEntity, "名前を入力してください", "郵便番号は、数字7けた", "電話番号は、市外局番から")
	sound(t, "refused place", p)
	setupGolden(t, "setup_venue_refused", p)
	p = p.Submit("/setup/venues/new", url.Values{"name": {o.main.Name}, "postal_code": {""}, "telephone": {""}})
	must(t, p, http.StatusUnprocessableEntity, "この名前は、すでに使われています")
	p = p.Submit("/setup/venues/new", url.Values{"name": {"健康センター"}, "kana": {"ケンコウセンター"}, "postal_code": {"０３９－０８０２"}, "telephone": {"0178-00-0003"}, "access_note": {"駐車場あり"}})
	must(t, p, http.StatusOK, "保存しました", "健康センター", "039-0802", "駐車場あり", "まだ登録されていません")
	p = p.Follow("窓口を加える")
	action := p.Path
	p = p.Submit(action, nil)
	must(t, p, http.StatusUnprocessableEntity, "名前を入力してください")
	p = p.Submit(action, url.Values{"name": {"1番窓口"}, "services": {string(o.service().Ref)}})
	must(t, p, http.StatusOK, "1番窓口", "カードの交付")
	counter := p.Follow("直す（1番窓口）")
	must(t, counter, http.StatusOK)
	sound(t, "counter", counter)
	later := c.Get(counter.Path)
	p = counter.Submit(counter.Path, url.Values{"name": {"相談窓口"}, "services": nil})
	must(t, p, http.StatusOK, "相談窓口")
	stale := later.Submit(counter.Path, url.Values{"name": {"2番窓口"}})
	must(t, stale, http.StatusConflict, "ほかの人が先に変更しました", "いまの登録：相談窓口")
	sound(t, "stale counter", stale)
	must(t, stale.Submit(counter.Path, nil), http.StatusOK, "2番窓口")
	retire := c.Get(counter.Path + "/retire")
	must(t, c.Get(counter.Path).Submit(counter.Path, url.Values{"name": {"3番窓口"}}), http.StatusOK, "3番窓口")
	stale = retire.Submit(retire.Path, nil)
	must(t, stale, http.StatusConflict, "ほかの人が先に変更しました")
	must(t, stale.Submit(retire.Path, nil), http.StatusOK, "廃止しました", "まだ登録されていません")
}

func TestPlaceChangedMeanwhileShowsBothValues(t *testing.T) {
	o := open(t)
	action := venuePath(o.main) + "/edit"
	p := o.administrator().Get(action)
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		v := o.main
		v.AccessNote = "先に直した行き方"
		_, err := booking.EditVenue(tx, system, v)
		return err
	})
	p = p.Submit(action, url.Values{"access_note": {"あとから直した行き方"}, "name": {""}})
	must(t, p, http.StatusUnprocessableEntity, "名前を入力してください")
	p = p.Submit(action, url.Values{"name": {o.main.Name}})
	must(t, p, http.StatusConflict, "ほかの人が先に変更しました", "いまの登録：先に直した行き方", "あとから直した行き方")
	setupGolden(t, "setup_venue_stale", p)
	must(t, p.Submit(action, nil), http.StatusOK, "保存しました", "あとから直した行き方")
}

func TestPlaceWithBookingsIsNotRetired(t *testing.T) {
	o := open(t)
	o.book(o.hanako, o.slot(o.branch, thursday, "9:30"), booking.ResidentSeat)
	action := venuePath(o.branch) + "/retire"
	p := o.administrator().Get(action).Submit(action, nil)
	must(t, p, http.StatusConflict, "これからの予約が1件あるため、廃止できません")
	sound(t, "not retired", p)
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := booking.Cancel(tx, system, o.live(o.hanako).Booking.Ref, o.live(o.hanako).Booking.Version)
		return err
	})
	must(t, p.Submit(action, nil), http.StatusOK, "廃止しました", "廃止（")
	if o.slot(o.branch, thursday, "9:30").Open {
		t.Error("got an open slot at a retired place")
	}
}

// upload sends a form with a file; its other fields are filled as told.
func (o *office) upload(p *apptest.Page, c *apptest.Client, action, field string, body []byte, filled ...url.Values) *apptest.Page {
	o.t.Helper()
	var overrides url.Values
	if len(filled) > 0 {
		overrides = filled[0]
	}
	_, _, values := p.Fill(action, overrides)
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for name, all := range values {
		for _, v := range all {
			if name != field {
				_ = w.WriteField(name, v)
			}
		}
	}
	part, err := w.CreateFormFile(field, "map.png")
	if err != nil {
		o.t.Fatal(err)
	}
	_, _ = part.Write(body)
	if err := w.Close(); err != nil {
		o.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, c.URL(action), &form)
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	answer, err := c.Do(r)
	if err != nil {
		o.t.Fatal(err)
	}
	return answer
}

func TestMapPictureIsUploadedAndServed(t *testing.T) {
	o := open(t)
	c := o.administrator()
	action := venuePath(o.main) + "/map"
	ask := c.Get(action)
	must(t, ask.Submit(action, nil), http.StatusUnprocessableEntity, "地図の画像を選んでください")
	must(t, o.upload(ask, c, action, "map", []byte("no picture")), http.StatusUnprocessableEntity, "PNGかJPEGの画像")
	must(t, o.upload(ask, c, action, "map", make([]byte, booking.MapBytes+1)), http.StatusUnprocessableEntity, "300KBまで")
	var picture bytes.Buffer
	if err := png.Encode(&picture, pictures.NewGray(pictures.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	later := c.Get(action)
	p := o.upload(ask, c, action, "map", picture.Bytes())
	must(t, p, http.StatusOK, "保存しました")
	sound(t, "place with a map", p)
	img := p.FindAll("img.map")[0]
	served := c.Get(apptest.Attr(img, "src"))
	if served.Status != http.StatusOK || served.Header.Get("Content-Type") != "image/png" || served.Body != picture.String() ||
		apptest.Attr(img, "width") != "40" || apptest.Attr(img, "alt") != o.main.Name+"の地図" {
		t.Errorf("got status %d and %s, want the picture as it was uploaded", served.Status, served.Header.Get("Content-Type"))
	}
	must(t, o.upload(later, c, action, "map", picture.Bytes()), http.StatusConflict, "ほかの人が先に変更しました", "いまの登録：登録あり")
	must(t, c.Get("/setup/maps/"+strings.Repeat("0", 64)), http.StatusNotFound)
	p = c.Get(action).Submit(action, url.Values{"remove": {"1"}})
	must(t, p, http.StatusOK, "登録されていません")
}

func TestServiceIsSetUp(t *testing.T) {
	o := open(t)
	c := o.administrator()
	p := c.Get("/setup/services").Follow("業務を加える")
	p = p.Submit("/setup/services/new", url.Values{"name": {""}, "minutes": {"ながい"}, "code": {"Bad"}})
	must(t, p, http.StatusUnprocessableEntity, "数字を入力してください")
	p = p.Submit("/setup/services/new", url.Values{"minutes": {"１５"}})
	must(t, p, http.StatusUnprocessableEntity, "名前を入力してください", "業務コードは、英小文字で始まる")
	sound(t, "refused service", p)
	p = p.Submit("/setup/services/new", url.Values{"name": {"電子証明書の更新"}, "code": {"certificate_renewal"}, "without_notice": {"1"}, "fee": {"無料"}})
	must(t, p, http.StatusOK, "電子証明書の更新", "15分", "番号なし", "無料", "町の設定のとおり")

	p = c.Get("/setup/services").Follow("0件の持ち物を直す（電子証明書の更新）")
	action := p.Path
	sound(t, "what to bring", p)
	p = p.Submit(action, url.Values{"text_0": {"マイナンバーカード"}, "text_1": {"暗証番号の控え"}, "order_1": {"1"}, "whose_2": {"age:under_15"}, "text_2": {strings.Repeat("長", 201)}})
	must(t, p, http.StatusUnprocessableEntity, "200文字まで")
	sound(t, "refused what to bring", p)
	later := c.Get(action)
	must(t, p.Submit(action, url.Values{"text_2": {"法定代理人と一緒に"}, "order_0": {"2"}}), http.StatusOK, "3件")
	var texts []string
	apptest.Read(t, o.st, func(tx *store.Tx) error {
		services, err := booking.Services(tx)
		if err != nil {
			return err
		}
		texts, err = booking.BringFor(tx, services[1].ID, booking.Case{Age: booking.AgeClasses(10)})
		return err
	})
	if strings.Join(texts, "|") != "暗証番号の控え|マイナンバーカード|法定代理人と一緒に" {
		t.Errorf("got %q, want the lines in their order", texts)
	}
	stale := later.Submit(action, url.Values{"text_0": {"マイナンバーカード"}, "text_1": {"暗証番号の控え"}})
	must(t, stale, http.StatusConflict, "ほかの人が先に変更しました", "法定代理人と一緒に（年齢：15歳未満）")
	sound(t, "stale what to bring", stale)
	must(t, stale.Submit(action, nil), http.StatusOK, "2件")
}

func TestRulesOfAServiceAreSetAndCleared(t *testing.T) {
	o := open(t)
	c := o.administrator()
	action := servicePath(o.service()) + "/rules"
	p := c.Get(action)
	must(t, p, http.StatusOK, "いまは、町の「予約の設定」に従っています")
	p = p.Submit(action, url.Values{"days_ahead": {"500"}, "close": {"100"}, "together_most": {"0"}, "opens_on": {"あした"}})
	must(t, p, http.StatusUnprocessableEntity, "日付として読めません")
	p = p.Submit(action, url.Values{"opens_on": {""}})
	must(t, p, http.StatusUnprocessableEntity, "使えない値です")
	if wrong := p.FindAll(`[aria-invalid="true"]`); len(wrong) != 3 {
		t.Errorf("got %d fields marked, want three", len(wrong))
	}
	sound(t, "refused rules", p)
	before := c.Get(action)
	p = p.Submit(action, url.Values{"days_ahead": {""}, "opens_on": {"12/10"}, "opens_at": {"9時"}, "close": {"2"}, "close_unit": {"working_days"}, "close_at": {"17:00"}, "together_most": {"4"}})
	must(t, p, http.StatusOK, "枠のあるかぎり先まで（12月10日（木）受付開始）、予約は2開庁日前の17時まで")
	stale := before.Submit(action, nil)
	must(t, stale, http.StatusConflict, "いまの登録：令和8年12月10日")
	p = c.Get(action)
	sound(t, "own rules", p)
	must(t, p.Submit(action+"/clear", nil), http.StatusOK, "町の設定のとおり")
	must(t, p.Submit(action+"/clear", nil), http.StatusOK) // the same form again
	must(t, c.Get(action), http.StatusOK, "いまは、町の「予約の設定」に従っています")
}

func TestServiceIsRetired(t *testing.T) {
	o := open(t)
	o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	action := servicePath(o.service()) + "/retire"
	must(t, o.administrator().Get(action).Submit(action, nil), http.StatusConflict, "これからの予約が1件あるため")
}

func TestDaysAndTimesAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]jp.Clock{"9:00": 540, "９：３０": 570, "9時": 540, "17時30分": 1050, "930": 570, "13": 780, "24:00": 1440} {
		if got, ok := parseTyped(text); !ok || got != want {
			t.Errorf("%s: got %v, %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "朝", "25:00", "9:99", "12345"} {
		if got, ok := parseTyped(text); ok {
			t.Errorf("%q: got %v, want it refused", text, got)
		}
	}
	if got := typedDay(thursday); got != "令和8年12月3日" {
		t.Errorf("got %q, want it without the weekday", got)
	}
	if got, ok := writtenDay(typedDay(thursday), today); !ok || got != thursday {
		t.Errorf("got %v, %v, want a typed day read back", got, ok)
	}
}
