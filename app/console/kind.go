package console

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// kindsPage lists the kinds of issue (交付区分).
type kindsPage struct {
	page
	Rows []kindRow
}

type kindRow struct {
	Path, Name, Booking, Renewal, Fee, Wording string
	Cards                                      int
	Retired                                    bool
}

func (d *Desk) kinds(c *gin.Context) error {
	var p kindsPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		all, err := card.AllKinds(tx)
		if err != nil {
			return err
		}
		for _, k := range all {
			row := kindRow{Path: "/kinds/" + string(k.Code), Name: k.Name, Booking: "要る", Renewal: "―", Fee: orNone(k.Fee), Wording: k.Wording, Retired: k.Retired()}
			if !k.NeedsBooking {
				row.Booking = "要らない"
			}
			if k.Renewal {
				row.Renewal = "更新に数える"
			}
			if row.Cards, err = card.CountOfKind(tx, k.Code); err != nil {
				return err
			}
			p.Rows = append(p.Rows, row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "kinds", "交付区分", &p)
}

func kindForm(c *gin.Context) *web.Form {
	return web.ReadForm(c, "kind_name", "needs_booking", "renewal", "fee", "wording", "in_use")
}

func (d *Desk) askKind(c *gin.Context) error {
	return d.showKind(c, http.StatusOK, kindForm(c), false)
}

// showKind asks about a kind; without a code in the address it is a new one.
func (d *Desk) showKind(c *gin.Context, status int, form *web.Form, stale bool) error {
	p := setupFormPage{Heading: "交付区分を加える", Action: "/kinds", Submit: "加える", Back: link{Path: "/kinds", Label: "交付区分の一覧に戻る"}, Stale: stale}
	k := card.Kind{NeedsBooking: true}
	if code := refOf(c); code != "" {
		err := d.store.Read(c, func(tx *store.Tx) (err error) {
			k, err = card.KindOf(tx, card.IssueKind(code))
			return err
		})
		if err != nil {
			return err
		}
		p.Heading, p.Action, p.Submit = "交付区分「"+k.Name+"」", "/kinds/"+string(code), ""
	}
	p.ask(c, form,
		question{name: "kind_name", label: "名前", hint: "20文字まで。一覧や画面に、この名前で出ます。", class: "kanji half", now: []string{k.Name}, required: true},
		question{name: "needs_booking", label: "予約", kind: "checks", options: box("受け取りに予約が要る"), now: ticked(k.NeedsBooking)},
		question{name: "renewal", label: "更新", kind: "checks", options: box("更新として数える"), now: ticked(k.Renewal)},
		question{name: "fee", label: "手数料（任意）", hint: "かかるときだけ。例：再交付1,000円", class: "kanji", now: []string{k.Fee}},
		question{name: "wording", label: "窓口での説明（任意）", hint: "この区分の人の画面に出します。200文字まで。", kind: "area", class: "kanji", now: []string{k.Wording}},
	)
	if k.Code != "" {
		p.ask(c, form, question{name: "in_use", label: "使用", kind: "checks", options: box("使う（外しても、いまのカードの区分は変わりません）"), now: ticked(!k.Retired())})
	}
	return d.showForm(c, status, form, &p, k.Version)
}

func readKind(form *web.Form) card.Kind {
	return card.Kind{Name: form.Value("kind_name"), NeedsBooking: form.Value("needs_booking") != "", Renewal: form.Value("renewal") != "",
		Fee: form.Value("fee"), Wording: form.Value("wording")}
}

func (d *Desk) addKind(c *gin.Context) error {
	form := kindForm(c)
	return d.kindSaved(c, form, func(tx *store.Tx) error {
		_, err := card.AddKind(tx, actor(c), readKind(form))
		return err
	})
}

func (d *Desk) changeKind(c *gin.Context) error {
	form := kindForm(c)
	k := readKind(form)
	k.Code, k.Version = card.IssueKind(refOf(c)), version(c)
	return d.kindSaved(c, form, func(tx *store.Tx) error { return card.ChangeKind(tx, actor(c), k, form.Value("in_use") != "") })
}

func (d *Desk) kindSaved(c *gin.Context, form *web.Form, do func(*store.Tx) error) error {
	err := d.write(c, "kind_saved", func(tx *store.Tx) (string, error) { return "/kinds", do(tx) })
	p, ok := problem.As(err)
	switch {
	case !ok:
		return err
	case errors.Is(p, card.KindStale):
		return d.showKind(c, http.StatusConflict, form, true)
	case p.Kind == problem.Invalid, p.Kind == problem.Conflict:
		if code, on := p.Fields["name"]; on {
			p.Fields["kind_name"] = code
		}
		form.Apply(p)
		return d.showKind(c, http.StatusUnprocessableEntity, form, false)
	}
	return err
}
