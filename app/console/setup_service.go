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

// serviceRoutes are the town's services: they hold for every place, so only
// those who work at all of them change them.
func (d *Desk) serviceRoutes() []guarded {
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
		set(web.GET("/setup/services", d.services)),
		set(web.GET("/setup/services/new", d.askService)),
		set(web.POST("/setup/services/new", d.saveService)),
		set(web.GET("/setup/services/:ref", d.askService)),
		set(web.POST("/setup/services/:ref", d.saveService)),
		set(web.GET("/setup/services/:ref/bring", d.askBring)),
		set(web.POST("/setup/services/:ref/bring", d.saveBring)),
		set(web.GET("/setup/services/:ref/rules", d.askRules)),
		set(web.POST("/setup/services/:ref/rules", d.saveRules)),
		set(web.GET("/setup/services/:ref/rules/clear", d.backToRules)),
		set(web.POST("/setup/services/:ref/rules/clear", d.clearRules)),
		set(web.GET("/setup/services/:ref/retire", d.askRetireService)),
		set(web.POST("/setup/services/:ref/retire", d.retireService)),
	}
}

// servicesPage lists what people come for (業務).
type servicesPage struct {
	page
	Rows []serviceRow
}

type serviceRow struct {
	Path, Name, Minutes, Who, Notice, Fee string
	Bring, Rules                          string
	Retired                               string
}

func servicePath(s booking.Service) string { return "/setup/services/" + string(s.Ref) }

func (d *Desk) services(c *gin.Context) error {
	var p servicesPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		all, err := booking.AllServices(tx)
		if err != nil {
			return err
		}
		for _, s := range all {
			row := serviceRow{Path: servicePath(s), Name: s.Name, Minutes: fmt.Sprintf("%d分", s.Minutes), Fee: orNone(s.Fee),
				Who: "住民も予約できる", Notice: "番号が必要"}
			if s.StaffOnly {
				row.Who = "職員だけが予約する"
			}
			if s.WithoutNotice {
				row.Notice = "番号なし（氏名と電話番号）"
			}
			if s.Retired() {
				row.Retired = recently(s.RetiredAt)
			}
			bring, err := booking.BringLines(tx, s.ID)
			if err != nil {
				return err
			}
			row.Bring = fmt.Sprintf("%d件", len(bring))
			rules, err := booking.RulesOf(tx, s.ID)
			if err != nil {
				return err
			}
			if row.Rules = rulesText(rules); rules.Version == 0 {
				row.Rules = "町の設定のとおり"
			}
			p.Rows = append(p.Rows, row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "setup_services", "業務", &p)
}

func readService(c *gin.Context) *web.Form {
	return web.ReadForm(c, "name", "minutes", "without_notice", "staff_only", "announcement", "fee", "code", "position")
}

func (d *Desk) askService(c *gin.Context) error {
	return d.showService(c, http.StatusOK, readService(c), false)
}

func (d *Desk) showService(c *gin.Context, status int, form *web.Form, stale bool) error {
	p := setupFormPage{Heading: "業務を加える", Action: "/setup/services/new", Submit: "登録する", Stale: stale,
		Back: link{Path: "/setup/services", Label: "業務の一覧に戻る"}}
	s := booking.Service{Minutes: 15}
	if refOf(c) != "" {
		err := d.store.Read(c, func(tx *store.Tx) (err error) {
			s, err = booking.ServiceByRef(tx, refOf(c))
			return err
		})
		if err != nil {
			return err
		}
		p.Heading, p.Action, p.Submit = s.Name+"を直す", servicePath(s), "保存する"
	}
	p.ask(c, form,
		question{name: "name", label: "業務の名前", hint: "例：電子証明書の更新", class: "kanji", now: []string{s.Name}, required: true},
		question{name: "minutes", class: "code short", now: []string{fmt.Sprint(s.Minutes)}, required: true},
		question{name: "without_notice", kind: "checks", options: box("交付通知書の番号がなくても予約できる（氏名と電話番号で受け付ける）"), now: ticked(s.WithoutNotice)},
		question{name: "staff_only", kind: "checks", options: box("職員だけが予約を入れる（予約サイトには出さない）"), now: ticked(s.StaffOnly)},
		question{name: "announcement", kind: "area", class: "kanji", now: []string{s.Announcement}},
		question{name: "fee", class: "kanji", now: []string{s.Fee}},
		question{name: "code", class: "code half", now: []string{s.Code}},
	)
	if s.ID != 0 {
		p.ask(c, form, question{name: "position", class: "code short", now: []string{fmt.Sprint(s.Position)}})
	}
	return d.showForm(c, status, form, &p, s.Version)
}

func (d *Desk) saveService(c *gin.Context) error {
	form := readService(c)
	s := booking.Service{
		Ref: refOf(c), Version: version(c), Name: form.Value("name"), Minutes: readNumber(form, "minutes", "minutes"),
		WithoutNotice: form.Value("without_notice") != "", StaffOnly: form.Value("staff_only") != "",
		Announcement: form.Value("announcement"), Fee: form.Value("fee"), Code: form.Value("code"),
	}
	if s.Ref != "" {
		s.Position = readNumber(form, "position", "position")
	}
	if !form.OK() {
		return d.showService(c, http.StatusUnprocessableEntity, form, false)
	}
	err := d.write(c, "setup_saved", func(tx *store.Tx) (string, error) {
		if s.Ref == "" {
			_, err := booking.AddService(tx, actor(c), s)
			return "/setup/services", err
		}
		_, err := booking.EditService(tx, actor(c), s)
		return "/setup/services", err
	})
	return refused(c, err, form, d.showService)
}

func (d *Desk) askRetireService(c *gin.Context) error {
	return d.showRetireService(c, http.StatusOK, web.ReadForm(c), false)
}

func (d *Desk) showRetireService(c *gin.Context, status int, form *web.Form, stale bool) error {
	var s booking.Service
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		s, err = booking.ServiceByRef(tx, refOf(c))
		return err
	})
	if err != nil {
		return err
	}
	p := setupFormPage{Heading: s.Name + "を廃止する", Action: servicePath(s) + "/retire", Submit: "廃止する", Class: "stop", Stale: stale,
		Back: link{Path: "/setup/services", Label: "廃止せずに戻る"},
		Lead: []string{"廃止すると、この業務のこれからの予約枠はすべての受付場所で閉じます。元には戻せません。これまでの記録は残ります。"},
	}
	return d.showForm(c, status, form, &p, s.Version)
}

func (d *Desk) retireService(c *gin.Context) error {
	err := d.write(c, "setup_retired", func(tx *store.Tx) (string, error) {
		return "/setup/services", booking.RetireService(tx, actor(c), refOf(c), version(c))
	})
	return refused(c, err, web.ReadForm(c), d.showRetireService)
}
