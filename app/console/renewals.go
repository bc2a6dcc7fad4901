package console

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/sheet"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

func (d *Desk) renewalRoutes() []guarded {
	back := func(c *gin.Context) error { return web.To(c, "/lists/renewals") }
	return []guarded{
		d.need(staff.MayTakeLists, web.GET("/lists/renewals", d.renewals)),
		d.need(staff.MayTakeLists, web.GET("/lists/renewals/mark", back)),
		d.need(staff.MayTakeLists, web.POST("/lists/renewals/mark", d.markRenewal)),
		d.need(staff.MayTakeLists, web.GET("/lists/renewals/open", back)),
		d.need(staff.MayTakeLists, web.POST("/lists/renewals/open", d.reopenRenewal)),
		d.need(staff.MayTakeLists, web.GET("/lists/renewals/file", d.exportRenewals)),
	}
}

// renewalsPage compares the renewal list with the cards (更新対象者の突合).
type renewalsPage struct {
	page
	Groups   []filterLink
	Shown    []filterLink // open or handled
	Group    string
	Label    string
	Done     bool
	Rows     []renewalLine
	Count    int
	From, To int
	Before   string
	After    string
	File     string
	On       string // today, for the print
}

// renewalLine is one person of a group.
type renewalLine struct {
	ID        string
	Subject   string
	Name      string
	KanaName  string
	Birth     string
	Target    string // what the list says besides
	CardPath  string
	Card      string
	Why       string
	Note      string
	HandledAt string
}

func renewalQuery(g intake.Group, done bool, page int) string {
	q := url.Values{"group": {string(g)}}
	if done {
		q.Set("done", "1")
	}
	if page > 1 {
		q.Set("page", fmt.Sprint(page))
	}
	return "/lists/renewals?" + q.Encode()
}

func groupOf(s string) intake.Group {
	for _, g := range intake.Groups() {
		if string(g) == s {
			return g
		}
	}
	return intake.Mismatch
}

// pickFindings are those of a group that are open, or have been dealt with.
func pickFindings(all []intake.Finding, g intake.Group, done bool) (out []intake.Finding) {
	for _, f := range all {
		if f.Group == g && f.Handled() == done {
			out = append(out, f)
		}
	}
	return out
}

func (d *Desk) renewals(c *gin.Context) error {
	return d.showRenewals(c, http.StatusOK, web.ReadForm(c, "note"))
}

func (d *Desk) showRenewals(c *gin.Context, status int, form *web.Form) error {
	g, done := groupOf(c.Query("group")), c.Query("done") == "1"
	var all []intake.Finding
	p := renewalsPage{Group: string(g), Label: g.Label(), Done: done}
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		p.On = jp.DateOf(tx.Now).Era()
		all, err = intake.CompareRenewals(tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, other := range intake.Groups() {
		n := len(pickFindings(all, other, false))
		p.Groups = append(p.Groups, filterLink{renewalQuery(other, false, 1), other.Label(), thousands(n), other == g && !done})
	}
	p.Shown = []filterLink{
		{renewalQuery(g, false, 1), "未対応", thousands(len(pickFindings(all, g, false))), !done},
		{renewalQuery(g, true, 1), "対応済み", thousands(len(pickFindings(all, g, true))), done},
	}
	p.list(pickFindings(all, g, done), g, c.Query("page"))
	p.failed(form)
	return d.show(c, status, "renewals", "更新対象者とカードの突合", &p)
}

func (p *renewalsPage) list(found []intake.Finding, g intake.Group, page string) {
	p.Count = len(found)
	n, err := strconv.Atoi(page)
	if err != nil || n < 1 || (n-1)*pageRows >= len(found) {
		n = 1
	}
	shown := found[(n-1)*pageRows : min(n*pageRows, len(found))]
	for i, f := range shown {
		p.Rows = append(p.Rows, renewalLineOf(f, (n-1)*pageRows+i))
	}
	p.From, p.To = (n-1)*pageRows+1, (n-1)*pageRows+len(shown)
	if n > 1 {
		p.Before = renewalQuery(g, p.Done, n-1)
	}
	if p.To < p.Count {
		p.After = renewalQuery(g, p.Done, n+1)
	}
	p.File = "/lists/renewals/file?group=" + string(g) + map[bool]string{true: "&done=1"}[p.Done]
}

func renewalLineOf(f intake.Finding, n int) renewalLine {
	line := renewalLine{ID: fmt.Sprintf("f-note-%d", n), Subject: f.Subject, Why: f.Why}
	if t := f.Target; t != nil {
		line.Name, line.KanaName, line.Birth = t.Name, t.KanaName, t.Birth.Japanese()
		line.Target = strings.TrimSpace(t.Address)
		if !t.ExpiresOn.IsZero() {
			line.Target = strings.TrimSpace("有効期限 " + t.ExpiresOn.Era() + "　" + line.Target)
		}
	}
	if k := f.Card; k != nil {
		if f.Target == nil {
			line.Name, line.KanaName, line.Birth = k.Name, k.KanaName, k.Birth.Japanese()
		}
		line.CardPath, line.Card = "/recipients/"+string(k.Ref), k.NoticeNumber.String()
		if f.By != "" {
			line.Card += "（" + f.By + "）"
		}
	}
	if f.Mark != nil {
		line.Note, line.HandledAt = f.Mark.Note, instant(f.Mark.HandledAt)+"（"+f.Mark.HandledBy+"）"
	}
	return line
}

func (d *Desk) markRenewal(c *gin.Context) error {
	form := web.ReadForm(c, "note", "subject", "group")
	err := d.write(c, "renewal_handled", func(tx *store.Tx) (string, error) {
		return renewalQuery(groupOf(form.Value("group")), false, 1), card.MarkRenewal(tx, actor(c), form.Value("subject"), form.Value("note"))
	})
	if p, ok := problem.As(err); ok && p.Kind == problem.Invalid {
		form.Apply(p)
		return d.showRenewals(c, http.StatusUnprocessableEntity, form)
	}
	return err
}

func (d *Desk) reopenRenewal(c *gin.Context) error {
	form := web.ReadForm(c, "subject", "group")
	return d.write(c, "renewal_reopened", func(tx *store.Tx) (string, error) {
		return renewalQuery(groupOf(form.Value("group")), true, 1), card.UnmarkRenewal(tx, actor(c), form.Value("subject"))
	})
}

// exportRenewals gives a group as a file.
func (d *Desk) exportRenewals(c *gin.Context) error {
	g, done := groupOf(c.Query("group")), c.Query("done") == "1"
	format := sheet.ParseFormat(c.Query("format"))
	var out bytes.Buffer
	err := d.store.Read(c, func(tx *store.Tx) error {
		all, err := intake.CompareRenewals(tx)
		if err != nil {
			return err
		}
		w, err := sheet.NewWriter(&out, sheet.Options{Format: format})
		if err != nil {
			return err
		}
		if err := w.Write("区分", "氏名", "カナ氏名", "生年月日", "更新対象者の一覧", "交付通知書番号", "食い違い", "対応", "対応した日時"); err != nil {
			return err
		}
		for i, f := range pickFindings(all, g, done) {
			line := renewalLineOf(f, i)
			number := ""
			if f.Card != nil {
				number = f.Card.NoticeNumber.String()
			}
			if err := w.Write(g.Label(), line.Name, line.KanaName, line.Birth, line.Target, number, line.Why, line.Note, line.HandledAt); err != nil {
				return err
			}
		}
		return w.Close()
	})
	if err != nil {
		return err
	}
	return web.Send(c, format.MediaType(), "renewals"+format.Extension(), "更新対象者_"+g.Label()+format.Extension(), out.Bytes())
}
