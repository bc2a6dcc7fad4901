package console

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

// reasonRoutes are the reasons for which a proxy is accepted. They hold for
// every place, so only those who work at all of them change them.
func (d *Desk) reasonRoutes() []guarded {
	set := func(r web.Route) guarded {
		handle := r.Handle
		r.Handle = func(c *gin.Context) error {
			if err := everywhere(c); err != nil {
				return err
			}
			return handle(c)
		}
		return d.need(staff.MaySetUpCounter, r)
	}
	return []guarded{
		set(web.GET("/setup/proxy-reasons", d.proxyReasons)),
		set(web.GET("/setup/proxy-reasons/new", d.askProxyReason)),
		set(web.POST("/setup/proxy-reasons/new", d.saveProxyReason)),
		set(web.GET("/setup/proxy-reasons/:ref", d.askProxyReason)),
		set(web.POST("/setup/proxy-reasons/:ref", d.saveProxyReason)),
		set(web.GET("/setup/proxy-reasons/:ref/retire", d.askRetireProxyReason)),
		set(web.POST("/setup/proxy-reasons/:ref/retire", d.retireProxyReason)),
	}
}

// proxyReasonsPage lists why somebody may come in the holder's place (代理人の理由).
type proxyReasonsPage struct {
	page
	Rows []proxyReasonRow
}

type proxyReasonRow struct {
	Path, Name string
	Papers     []string
	Retired    string
}

const reasonsPath = "/setup/proxy-reasons"

func reasonPath(r booking.ProxyReason) string { return reasonsPath + "/" + string(r.Ref) }

func (d *Desk) proxyReasons(c *gin.Context) error {
	var p proxyReasonsPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		all, err := booking.AllProxyReasons(tx)
		for _, r := range all {
			row := proxyReasonRow{Path: reasonPath(r), Name: r.Name, Papers: r.Lines()}
			if r.Retired() {
				row.Retired = recently(r.RetiredAt)
			}
			p.Rows = append(p.Rows, row)
		}
		return err
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "setup_reasons", "代理人の理由", &p)
}

func readProxyReason(c *gin.Context) *web.Form { return web.ReadForm(c, "name", "papers", "position") }

func (d *Desk) askProxyReason(c *gin.Context) error {
	return d.showProxyReason(c, http.StatusOK, readProxyReason(c), false)
}

func (d *Desk) showProxyReason(c *gin.Context, status int, form *web.Form, stale bool) error {
	p := setupFormPage{Heading: "代理人の理由を加える", Action: reasonsPath + "/new", Submit: "登録する", Stale: stale,
		Back: link{Path: reasonsPath, Label: "保存せずに一覧に戻る"}}
	var r booking.ProxyReason
	if refOf(c) != "" {
		err := d.store.Read(c, func(tx *store.Tx) (err error) {
			r, err = booking.ProxyReasonByRef(tx, refOf(c))
			return err
		})
		if err != nil {
			return err
		}
		p.Heading, p.Action, p.Submit = "代理人の理由を直す", reasonPath(r), "保存する"
		p.Lead = []string{"直した内容は、この理由で予約している人の持ち物にも、すぐに出ます。文を直すと、予約サイトのほかの言語でも、直した日本語がそのまま出ます。"}
		if r.Retired() {
			p.Lead = []string{"この理由は廃止されています。直すことはできません。"}
		}
	}
	p.ask(c, form,
		question{name: "name", label: "理由", hint: "予約サイトで選ぶ文です。例：長期に入院しているかた。60文字まで。", class: "kanji", now: []string{r.Name}, required: true},
		question{name: "papers", kind: "area", class: "kanji", now: []string{r.Papers}, required: true},
	)
	if r.ID != 0 {
		p.ask(c, form, question{name: "position", class: "code short", now: []string{fmt.Sprint(r.Position)}})
	}
	return d.showForm(c, status, form, &p, r.Version)
}

func (d *Desk) saveProxyReason(c *gin.Context) error {
	form := readProxyReason(c)
	r := booking.ProxyReason{Ref: refOf(c), Version: version(c), Name: form.Value("name"), Papers: form.Value("papers")}
	if r.Ref != "" {
		r.Position = readNumber(form, "position", "position")
	}
	if !form.OK() {
		return d.showProxyReason(c, http.StatusUnprocessableEntity, form, false)
	}
	err := d.write(c, "setup_saved", func(tx *store.Tx) (string, error) {
		if r.Ref == "" {
			_, err := booking.AddProxyReason(tx, actor(c), r)
			return reasonsPath, err
		}
		return reasonsPath, booking.EditProxyReason(tx, actor(c), r)
	})
	return refused(c, err, form, d.showProxyReason)
}

func (d *Desk) askRetireProxyReason(c *gin.Context) error {
	return d.showRetireProxyReason(c, http.StatusOK, web.ReadForm(c), false)
}

func (d *Desk) showRetireProxyReason(c *gin.Context, status int, form *web.Form, stale bool) error {
	var r booking.ProxyReason
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		r, err = booking.ProxyReasonByRef(tx, refOf(c))
		return err
	})
	if err != nil {
		return err
	}
	p := setupFormPage{Heading: "「" + r.Name + "」を廃止する", Action: reasonPath(r) + "/retire", Submit: "廃止する", Class: "stop", Stale: stale,
		Back: link{Path: reasonsPath, Label: "廃止せずに戻る"},
		Lead: []string{"廃止すると、住民も職員も、この理由を選べなくなります。元には戻せません。すでにこの理由で予約している人の持ち物は変わりません。"},
	}
	return d.showForm(c, status, form, &p, r.Version)
}

func (d *Desk) retireProxyReason(c *gin.Context) error {
	err := d.write(c, "setup_retired", func(tx *store.Tx) (string, error) {
		return reasonsPath, booking.RetireProxyReason(tx, actor(c), refOf(c), version(c))
	})
	return refused(c, err, web.ReadForm(c), d.showRetireProxyReason)
}
