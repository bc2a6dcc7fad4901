package console

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/settings"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

func (d *Desk) bookingSettingRoutes() []guarded {
	return []guarded{
		d.need(staff.MaySetUpCounter, web.GET("/setup/settings", d.askSettings(bookingGroup))),
		d.need(staff.MaySetUpCounter, web.POST("/setup/settings", d.saveSettings(bookingGroup))),
		d.need(staff.MaySetUpCounter, web.GET("/setup/postal", d.askSettings(postalGroup))),
		d.need(staff.MaySetUpCounter, web.POST("/setup/postal", d.saveSettings(postalGroup))),
	}
}

// settingGroup is what one page of settings is about.
type settingGroup struct {
	heading string
	path    string
	back    link
	all     []shownSetting
	also    []shownSetting // of other pages, whose changes stand in this history
	// wrong tells what is wrong with a value beyond its form; "" for nothing.
	wrong func(d *Desk, tx *store.Tx, name, value string) (code string, err error)
}

var bookingGroup = settingGroup{heading: "予約の設定", path: "/setup/settings", back: link{Path: "/setup", Label: "受付の設定に戻る"}, all: bookingSettings, also: lookSettings}

// postalGroup says whose addresses are meant where none is named.
var postalGroup = settingGroup{heading: "住所の読み方", path: "/setup/postal", back: link{Path: "/postal", Label: "郵便番号の辞書に戻る"},
	all: []shownSetting{{name: "town.municipality", label: "市区町村が書かれていない住所は、どこの住所とするか", kind: "line",
		hint: "日本郵便の書き方で、都道府県から書きます。例：青森県三戸郡南部町。空にすると、はじめから入っている町になります。"}},
	wrong: func(d *Desk, tx *store.Tx, _, value string) (string, error) {
		dict, err := d.postal.Now(tx)
		if err != nil {
			return "", err
		}
		if _, err := dict.ParseDefault(value); err != nil {
			return "municipality_unknown", nil
		}
		return "", nil
	}}

// shownSetting is a setting as its page shows it.
type shownSetting struct {
	name, label, hint string
	kind              string // "": a number; "line": one line of text
	unit              string
}

var bookingSettings = []shownSetting{
	{name: "booking.first_day_ahead", label: "予約の締切：何日前まで", hint: "0は当日も、1は前日まで予約できる。業務ごとの決まりがあるときは、そちらが優先します。", unit: "日"},
	{name: "booking.days_ahead", label: "何日先まで予約できるか", hint: "業務ごとの決まりがあるときは、そちらが優先します。", unit: "日"},
	{name: "booking.change_cutoff_hours", label: "変更・取消の締切", hint: "始まる何時間前まで。0は始まるまで。業務ごとの決まりがあるときは、そちらが優先します。", unit: "時間"},
	{name: "booking.hold_minutes", label: "確認画面の間、枠を押さえておく時間", hint: "0は押さえない。", unit: "分"},
	{name: "booking.together_most", label: "一度に予約できる人数", unit: "人"},
	{name: "booking.contact_most", label: "同じ電話番号で持てる予約の数", hint: "交付通知書のいらない業務だけ。", unit: "件"},
	{name: "booking.late_minutes", label: "遅刻とみなすまでの時間", hint: "予約の時刻からこの時間を過ぎると、時間どおりの人のあとに呼びます。来ないときは「来庁なし」にできます。", unit: "分"},
	{name: "waiting.offer_hours", label: "キャンセル待ちの人に枠を押さえておく時間", unit: "時間"},
	{name: "closed.holidays", label: "国民の祝日・休日", kind: "checks"},
	{name: "closed.year_end", label: "年末年始（12月29日～1月3日）", kind: "checks"},
	{name: "booking.what_to_bring", label: "持ち物（業務に持ち物の登録がないとき）", hint: "1行に1つ。", kind: "area"},
}

// lookSettings are those of the page ロゴと色; their changes stand in the same
// history.
var lookSettings = []shownSetting{
	{name: "look.colour", label: "ロゴと色：色", kind: "look"},
	{name: "look.where", label: "ロゴと色：使う場所", kind: "look"},
	{name: "look.logo", label: "ロゴと色：ロゴ", kind: "look"},
}

func (b shownSetting) field() string { return strings.ReplaceAll(b.name, ".", "_") }

func (g settingGroup) read(c *gin.Context) *web.Form {
	var names []string
	for _, b := range g.all {
		names = append(names, b.field(), "was_"+b.field())
	}
	return web.ReadForm(c, names...)
}

// settingsPage is the form with what was changed before (設定の履歴).
type settingsPage struct {
	setupFormPage
	History []settingChange
}

type settingChange struct{ At, Who, Label, Before, After string }

const historyShown = 30

func (d *Desk) askSettings(g settingGroup) web.Handler {
	return func(c *gin.Context) error { return d.showSettings(c, g, http.StatusOK, g.read(c), false) }
}

func (d *Desk) showSettings(c *gin.Context, g settingGroup, status int, form *web.Form, stale bool) error {
	if err := everywhere(c); err != nil {
		return err
	}
	p := settingsPage{setupFormPage: setupFormPage{Heading: g.heading, Action: g.path, Submit: "保存する", Stale: stale, Back: g.back}}
	var town settings.Settings
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		if town, err = settings.Get(tx); err != nil {
			return err
		}
		p.History, err = settingHistory(tx, slices.Concat(g.all, g.also))
		return err
	})
	if err != nil {
		return err
	}
	for _, b := range g.all {
		q := question{name: b.field(), label: b.label, hint: b.hint, kind: b.kind, now: []string{town.Value(b.name)}}
		switch b.kind {
		case "line":
			q.kind, q.class = "", "kanji"
		case "":
			q.label, q.class, q.required = b.label+"（"+b.unit+"）", "code short", true
		case "checks":
			q.options = box("閉庁する")
			if town.Value(b.name) != "1" {
				q.now = nil
			}
		}
		p.ask(c, form, q)
		was := town.Value(b.name)
		if status == http.StatusUnprocessableEntity {
			was = form.Raw("was_" + b.field())
		}
		p.hide("was_"+b.field(), was)
	}
	p.failed(form)
	p.nameErrors()
	p.Failed = p.Failed || stale
	return d.show(c, status, "setup_settings", p.Heading, &p)
}

// settingHistory lists the last changes of the settings, newest first.
func settingHistory(tx *store.Tx, all []shownSetting) ([]settingChange, error) {
	labels := map[store.Ref]shownSetting{}
	var entries []audit.Entry
	for _, b := range all {
		labels[store.Ref(b.name)] = b
		of, err := audit.Of(tx, audit.Subject{Kind: "setting", Ref: store.Ref(b.name)})
		if err != nil {
			return nil, err
		}
		entries = append(entries, of...)
	}
	slices.SortFunc(entries, func(a, b audit.Entry) int { return cmp.Compare(b.ID, a.ID) })
	names, err := staffNames(tx)
	if err != nil {
		return nil, err
	}
	var changes []settingChange
	for _, e := range entries[:min(len(entries), historyShown)] {
		var detail struct{ Before, After string }
		if err := json.Unmarshal([]byte(e.Detail), &detail); err != nil {
			return nil, fmt.Errorf("audit entry %d: %w", e.ID, err)
		}
		b := labels[e.Subject]
		changes = append(changes, settingChange{At: instant(e.At), Who: actorName(e, names), Label: b.label, Before: b.say(detail.Before), After: b.say(detail.After)})
	}
	return changes, nil
}

// say is a value in words.
func (b shownSetting) say(value string) string {
	switch {
	case b.kind == "checks" && value == "1":
		return "閉庁する"
	case b.kind == "checks":
		return "閉庁しない"
	case b.kind == "look":
		return sayLook(b.name, value)
	}
	return orNone(value) + b.unit
}

// sayLook is a setting of the look in words.
func sayLook(name, value string) string {
	_, size, logo := strings.Cut(value, " ")
	switch {
	case name == "look.logo" && logo:
		return "あり（" + strings.ReplaceAll(size, "x", "×") + "）"
	case name == "look.logo":
		return "なし"
	case value == "":
		return "はじめの色"
	case value == settings.LookBoth:
		return "住民サイトと職員用画面"
	case value == settings.LookResident:
		return "住民サイトだけ"
	}
	return value
}

// saveSettings writes what differs. A setting that somebody else changed since
// the page was opened, to something else, refuses all of it.
func (d *Desk) saveSettings(g settingGroup) web.Handler {
	return func(c *gin.Context) error {
		form := g.read(c)
		flash := "setup_saved"
		err := d.write(c, "", func(tx *store.Tx) (string, error) {
			if err := everywhere(c); err != nil {
				return "", err
			}
			town, err := settings.Get(tx)
			if err != nil {
				return "", err
			}
			if err := d.setAll(tx, actor(c), g, form, town); err != nil {
				return "", err
			}
			after, err := settings.Get(tx)
			if err == nil && closingsOf(after) != closingsOf(town) {
				flash = "closing_switched"
				today := jp.DateOf(tx.Now)
				return planPath("", "", booking.Period{From: today, To: today.AddDays(planDays)}), nil
			}
			return g.path, err
		})
		if err == nil {
			d.site.Session(c).Flash(flash)
		}
		if !form.OK() {
			return d.showSettings(c, g, http.StatusUnprocessableEntity, form, false)
		}
		return refused(c, err, form, func(c *gin.Context, status int, form *web.Form, stale bool) error {
			return d.showSettings(c, g, status, form, stale)
		})
	}
}

func closingsOf(town settings.Settings) string {
	return town.Value("closed.holidays") + town.Value("closed.year_end")
}

// setAll writes the settings of a group that differ from town's.
func (d *Desk) setAll(tx *store.Tx, by audit.Actor, g settingGroup, form *web.Form, town settings.Settings) error {
	for _, b := range g.all {
		sent, now := b.sent(form), town.Value(b.name)
		switch {
		case sent == plainLines(form.Raw("was_"+b.field())) || sent == now:
			continue
		case plainLines(form.Raw("was_"+b.field())) != plainLines(now):
			return booking.SetupStale
		}
		if g.wrong != nil {
			if code, err := g.wrong(d, tx, b.name, sent); err != nil {
				return err
			} else if code != "" {
				form.Fail(b.field(), code)
				continue
			}
		}
		err := settings.Set(tx, by, b.name, sent)
		if p, ok := problem.As(err); ok {
			b.refuse(form, p)
		} else if err != nil {
			return err
		}
	}
	if !form.OK() {
		return settings.ErrValue
	}
	return nil
}

// sent is what the form says of a setting, as the table keeps it.
func (b shownSetting) sent(form *web.Form) string {
	v := form.Value(b.field())
	switch b.kind {
	case "checks":
		if v == "" {
			return "0"
		}
		return "1"
	case "area", "line":
		return v
	}
	return jp.Narrow(v)
}

func (b shownSetting) refuse(form *web.Form, p *problem.Problem) {
	code := "setting_number"
	if b.kind == "area" || b.kind == "line" {
		code = "too_long"
	}
	form.Fail(b.field(), code, "least", p.Args["least"], "most", p.Args["most"])
}

// plainLines is a text as forms send it back: with plain line breaks.
func plainLines(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }
