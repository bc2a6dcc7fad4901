package console

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// typedPage asks for one line of a list whose code cannot be read (手入力).
type typedPage struct {
	setupFormPage
	View *sheetView // where the line stands; nil outside a picture
}

func typedForm(c *gin.Context) *web.Form {
	return web.ReadForm(c, "notice_number", "application_id", "issue_kind", "name", "kana_name", "birth", "postal_code",
		"address", "made_on", "expires_on", "position")
}

func readTyped(form *web.Form) intake.Typed {
	v := form.Value
	return intake.Typed{NoticeNumber: v("notice_number"), ApplicationID: v("application_id"), Kind: v("issue_kind"), Name: v("name"),
		KanaName: v("kana_name"), Birth: v("birth"), PostalCode: v("postal_code"), Address: v("address"), MadeOn: v("made_on"),
		ExpiresOn: v("expires_on"), Position: v("position")}
}

func (d *Desk) askTyped(c *gin.Context) error { return d.showTyped(c, http.StatusOK, typedForm(c)) }

func (d *Desk) showTyped(c *gin.Context, status int, form *web.Form) error {
	p := typedPage{setupFormPage: setupFormPage{Heading: "手で入力する", Submit: "登録する", Action: c.Request.URL.Path}}
	help, _, err := d.helpWithAddress(c, form)
	if err != nil {
		return err
	}
	p.Help = &help
	var kinds []option
	err = d.store.Read(c, func(tx *store.Tx) error {
		all, err := card.Kinds(tx)
		if err != nil {
			return err
		}
		for _, k := range all {
			kinds = append(kinds, option{Value: string(k.Code), Label: k.Name})
		}
		if c.Param("page") != "" {
			return p.onPicture(c, tx)
		}
		b, err := intake.BatchByRef(tx, refOf(c))
		p.Lead = []string{b.Name() + "に登録します。一覧に印刷された文字を、そのまま入力してください。"}
		p.Back = link{Path: "/batches/" + string(b.Ref), Label: "便に戻る"}
		return err
	})
	if err != nil {
		return err
	}
	p.ask(c, form,
		question{name: "notice_number", label: "交付通知書番号", hint: "例：ABC-123456", class: "code half", required: true},
		question{name: "name", label: "氏名", class: "kanji", required: true},
		question{name: "kana_name", label: "カナ氏名", class: "kanji"},
		question{name: "birth", label: "生年月日", hint: "「昭和25年5月12日」「S25.5.12」「19500512」のどの書き方でも", class: "half"},
		question{name: "issue_kind", label: "交付区分", kind: "select", options: kinds},
		question{name: "application_id", label: "申請書ID", hint: "数字23けた", class: "code half"},
		question{name: "postal_code", label: "郵便番号", hint: "例：039-0802", class: "code short"},
		question{name: "address", label: "住所", class: "kanji"},
		question{name: "made_on", label: "作成日", class: "half"},
		question{name: "expires_on", label: "有効期限", class: "half"},
		question{name: "position", label: "棚・箱（任意）", class: "short"},
	)
	p.failed(form)
	return d.show(c, status, "typed", p.Heading, &p)
}

// onPicture shows the part of the page where the unread place is.
func (p *typedPage) onPicture(c *gin.Context, tx *store.Tx) error {
	page, number, err := placeOf(c)
	if err != nil {
		return err
	}
	f, err := card.ListFileByRef(tx, refOf(c))
	if err != nil {
		return err
	}
	code, err := card.ListCodeOf(tx, f.ID, page, number)
	if err != nil {
		return err
	}
	pages, err := card.ListPages(tx, f.ID)
	if err != nil {
		return err
	}
	p.Lead = []string{fmt.Sprintf("%dページの%d番を入力します。下の画像の文字を、そのまま入力してください。", page, number)}
	p.Back = link{Path: "/pictures/" + string(f.Ref), Label: "画像に戻る"}
	for _, each := range pages {
		if each.Number != page || f.State != card.ListRead {
			continue
		}
		if p.View = wholePage(f, each); p.View == nil {
			continue
		}
		if err := p.View.mark(intake.Plan{ListCode: code}, "none"); err != nil {
			return err
		}
		return p.View.around(code)
	}
	return nil
}

// around cuts the view to the strip of the page in which the place stands.
func (v *sheetView) around(code card.ListCode) error {
	q, err := intake.Corners(code)
	if err != nil {
		return err
	}
	top, bottom := q[0].Y, q[0].Y
	for _, at := range q {
		top, bottom = min(top, at.Y), max(bottom, at.Y)
	}
	tall := int(bottom - top)
	from := max(int(top)-tall/2, 0)
	height := min(2*tall, v.Height-from)
	v.Box = fmt.Sprintf("0 %d %d %d", from, v.Width, height)
	v.ShownHeight = v.ShownWidth * height / v.Width
	v.Label = "入力する行の画像"
	return nil
}

// takeTyped puts what was typed on record, into the batch or for the place on a
// picture that the address names.
func (d *Desk) takeTyped(c *gin.Context) error {
	form := typedForm(c)
	if asksForAddress(c) {
		return d.showTyped(c, http.StatusOK, form)
	}
	typed := readTyped(form)
	err := d.write(c, "typed", func(tx *store.Tx) (string, error) {
		if c.Param("page") == "" {
			typed.Batch = refOf(c)
			_, err := intake.RegisterTyped(tx, actor(c), typed)
			return "/batches/" + string(refOf(c)), err
		}
		page, number, err := placeOf(c)
		if err != nil {
			return "", err
		}
		_, err = intake.TypePlace(tx, actor(c), refOf(c), page, number, typed)
		return "/pictures/" + string(refOf(c)), err
	})
	p, ok := problem.As(err)
	if ok && (p.Kind == problem.Invalid || p.Kind == problem.Conflict) {
		form.Apply(p)
		status := http.StatusUnprocessableEntity
		if p.Kind == problem.Conflict {
			status = http.StatusConflict
		}
		return d.showTyped(c, status, form)
	}
	return err
}
