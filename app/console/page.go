package console

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/app/web"
)

// page is what the layout shows around every page; page structs embed it.
type page struct {
	web.Base
	TownName    string
	ServiceName string
	Demo        bool
	Account     *staff.Account // nil before sign-in
	Menu        []menuGroup
	Sheet       string   // address of the style sheet in the town's colour; "" for the usual one
	Logo        *picture // nil for none
}

// head lets show fill the page that a struct embeds.
func (p *page) head() *page { return p }

// failed takes over what is wrong with the page's form.
func (p *page) failed(f *web.Form) {
	p.Errors = f.Errors()
	p.Failed = len(p.Errors) > 0
}

// menuGroup are the buttons of one kind of work.
type menuGroup struct {
	Label string
	Links []link
}

// menuEntries are the buttons at the top of every page (メニュー), kind of work
// by kind of work.
var menuEntries = []struct {
	group string
	link
	permission staff.Permission
}{
	{"窓口", link{Path: "/", Label: "本日の予約"}, staff.MaySeeToday},
	{"窓口", link{Path: "/check-in", Label: "来庁受付"}, staff.MayCheckIn},
	{"窓口", link{Path: "/board", Label: "呼出し状況"}, staff.MayCheckIn},
	{"窓口", link{Path: "/search", Label: "さがす"}, staff.MaySearch},
	{"予約", link{Path: "/bookings", Label: "予約の一覧"}, staff.MayListBookings},
	{"予約", link{Path: "/visitors", Label: "カードなしの予約"}, staff.MayBook},
	{"予約", link{Path: "/waiting-list", Label: "キャンセル待ち"}, staff.MayBook},
	{"予約", link{Path: leftPath, Label: "引き継ぎで残った仮受付"}, staff.MayBook},
	{"取込", link{Path: "/read", Label: "一覧の読取り"}, staff.MayReadList},
	{"取込", link{Path: "/batches", Label: "便"}, staff.MayReadList},
	{"取込", link{Path: "/lists", Label: "名簿の取込"}, staff.MayTakeLists},
	{"管理", link{Path: "/announcements", Label: "お知らせ"}, staff.MayAnnounce},
	{"管理", link{Path: "/mails", Label: "メールの状況"}, staff.MaySeeMail},
	{"管理", link{Path: "/setup", Label: "受付の設定"}, staff.MaySetUpCounter},
	{"管理", link{Path: "/system", Label: "システム"}, staff.MayWatchSystem},
}

// show answers with a page: name is its template, title its heading.
func (d *Desk) show(c *gin.Context, status int, name, title string, p interface{ head() *page }) error {
	h := p.head()
	errs, failed := h.Errors, h.Failed
	h.Base = d.site.Base(c, title)
	h.Errors, h.Failed = errs, failed
	d.frame(c, h)
	return d.site.Show(c, status, "console/"+name+".html", p)
}

// frame fills in what stands around every page. It needs no database.
func (d *Desk) frame(c *gin.Context, p *page) {
	town := d.town.Load()
	p.TownName, p.ServiceName, p.Demo = town.TownName, town.ServiceName, town.Demo
	d.dress(p, *town)
	a, ok := c.Value(accountKey).(staff.Account)
	if !ok {
		return
	}
	p.Account = &a
	if a.MustChange {
		return
	}
	for _, e := range menuEntries {
		if !a.Role.May(e.permission) || e.Path == leftPath && d.left.Load() == 0 {
			continue
		}
		e.Here = e.Path == c.FullPath() || e.Path != "/" && strings.HasPrefix(c.FullPath(), e.Path+"/")
		if n := len(p.Menu); n == 0 || p.Menu[n-1].Label != e.group {
			p.Menu = append(p.Menu, menuGroup{Label: e.group})
		}
		last := &p.Menu[len(p.Menu)-1]
		last.Links = append(last.Links, e.link)
	}
}

// errorPage is what people see when a page cannot be shown.
type errorPage struct {
	page
	Heading string
	Text    string
	Request string // only where the program is to blame
	Back    link
}

func (d *Desk) errorPage(c *gin.Context, e web.ErrorPage) any {
	p := &errorPage{Heading: e.Heading, Text: e.Text, Back: link{Path: e.Back, Label: "元の画面に戻る"}}
	p.Base = e.Base
	d.frame(c, &p.page)
	if e.Fault() {
		p.Request = e.Request
	}
	if e.Back == "/" {
		p.Back.Label = "「本日の予約」に戻る"
	}
	return p
}

// control is a text field as its template part shows it.
type control struct {
	web.Field
	Type  string // of the input element
	Class string // code: IME off; kanji: IME on; short, half: width
	// Autocomplete is the input's purpose for browsers and password managers.
	Autocomplete string
	Focus        bool // the page opens with the cursor here
	Now          string
}

// conflictPage puts what someone wanted beside what meanwhile is.
type conflictPage struct {
	page
	Person  person
	Heading string
	Text    string
	Wished  string // "" when there was nothing to choose
	Now     string
	Again   link // starts over from what is now; no path: not possible
}

func (d *Desk) conflict(c *gin.Context, p *problem.Problem, page conflictPage) error {
	page.Text = d.sentence(c, p)
	return d.show(c, http.StatusConflict, "conflict", page.Heading, &page)
}

// sentence is what a problem means to staff.
func (d *Desk) sentence(c *gin.Context, p *problem.Problem) string {
	return web.WordsOf(c).Problem(p.Code, p.Args)
}
