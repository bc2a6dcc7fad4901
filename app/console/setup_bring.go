package console

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// bringPage says line by line what to bring to a service (持ち物).
type bringPage struct {
	page
	Action  string
	Version int
	Stale   bool
	Now     []string // what is kept, where someone else was first
	Rows    []bringRow
	Count   int
}

type bringRow struct {
	Number             int
	Order, Whose, Text setupControl
	Error              string
}

const (
	bringSpare = 3  // empty rows below those that are kept
	bringMost  = 40 // rows of one form
)

var (
	ageLabels = map[booking.AgeClass]string{
		booking.Under1: "1歳未満", booking.Under15: "15歳未満", booking.From15: "15歳以上75歳未満", booking.From75: "75歳以上",
	}
)

// whose lists for whom a line can stand, each as condition:value.
func whose(tx *store.Tx) ([]option, error) {
	kinds, err := card.AllKinds(tx)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, k := range kinds {
		names[string(k.Code)] = "交付区分：" + k.Name
	}
	for class, label := range ageLabels {
		names[string(class)] = "年齢：" + label
	}
	for _, comer := range []booking.Comer{booking.Holder, booking.Guardian, booking.Proxy} {
		names[string(comer)] = "来庁：" + comer.Label()
	}
	names[booking.UnsaidProxy] = "来庁：" + booking.Proxy.Label() + "（理由がまだのとき）"
	all := []option{{Value: string(booking.Always) + ":", Label: "すべてのかた"}}
	for _, condition := range []booking.Condition{booking.OfIssueKind, booking.OfAge, booking.OfComer} {
		values, err := condition.Values(tx)
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			all = append(all, option{Value: string(condition) + ":" + v, Label: names[v]})
		}
	}
	return all, nil
}

func whoseOf(b booking.Bring) string { return string(b.Condition) + ":" + b.Value }

func bringFields(rows int) []string {
	var names []string
	for i := range rows {
		names = append(names, fmt.Sprintf("order_%d", i), fmt.Sprintf("whose_%d", i), fmt.Sprintf("text_%d", i))
	}
	return names
}

// rowsSent is how many rows a form with rows has.
func rowsSent(c *gin.Context, most int) int {
	n, err := strconv.Atoi(c.PostForm("rows"))
	if err != nil || n < 0 {
		return 0
	}
	return min(n, most)
}

func (d *Desk) askBring(c *gin.Context) error { return d.showBring(c, http.StatusOK, nil, false) }

func (d *Desk) showBring(c *gin.Context, status int, form *web.Form, stale bool) error {
	var s booking.Service
	var kept []booking.Bring
	var cases []option
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		if s, err = booking.ServiceByRef(tx, refOf(c)); err != nil {
			return err
		}
		if cases, err = whose(tx); err != nil {
			return err
		}
		kept, err = booking.BringLines(tx, s.ID)
		return err
	})
	if err != nil {
		return err
	}
	p := bringPage{Action: servicePath(s) + "/bring", Version: s.Version, Stale: stale, Count: rowsSent(c, bringMost)}
	if status == http.StatusUnprocessableEntity {
		p.Version = version(c)
	}
	if form == nil {
		p.Count = min(len(kept)+bringSpare, bringMost)
		form = web.ReadForm(c, bringFields(p.Count)...)
		for i, b := range kept {
			form.Set(fmt.Sprintf("order_%d", i), fmt.Sprint(i+1))
			form.Set(fmt.Sprintf("whose_%d", i), whoseOf(b))
			form.Set(fmt.Sprintf("text_%d", i), b.Text)
		}
	}
	labels := map[string]string{}
	for _, o := range cases {
		labels[o.Value] = o.Label
	}
	if stale {
		for _, b := range kept {
			p.Now = append(p.Now, b.Text+"（"+labels[whoseOf(b)]+"）")
		}
	}
	for i := range p.Count {
		row := bringRow{Number: i + 1}
		row.Order = rowControl(form, fmt.Sprintf("order_%d", i), fmt.Sprintf("%d行目の順番", i+1), "code")
		row.Text = rowControl(form, fmt.Sprintf("text_%d", i), fmt.Sprintf("%d行目の持ち物", i+1), "kanji")
		row.Whose = rowControl(form, fmt.Sprintf("whose_%d", i), fmt.Sprintf("%d行目はだれに", i+1), "")
		for _, o := range cases {
			o.Chosen = row.Whose.Has(o.Value)
			row.Whose.Options = append(row.Whose.Options, o)
		}
		row.Error = row.Text.Error
		p.Rows = append(p.Rows, row)
	}
	p.failed(form)
	rows := map[string]string{}
	for _, r := range p.Rows {
		rows[r.Text.Name] = fmt.Sprintf("%d行目", r.Number)
	}
	nameErrors(p.Errors, rows)
	p.Failed = p.Failed || stale
	return d.show(c, status, "setup_bring", s.Name+"の持ち物", &p)
}

// rowControl is a field of a table row: its label is there for those who do
// not see the table.
func rowControl(form *web.Form, name, label, class string) setupControl {
	f := *form.Field(name)
	f.Label = label
	return setupControl{control: control{Field: f, Type: "text", Class: class, Autocomplete: "off"}, Kind: "text"}
}

func (d *Desk) saveBring(c *gin.Context) error {
	rows := rowsSent(c, bringMost)
	form := web.ReadForm(c, bringFields(rows)...)
	show := func(c *gin.Context, status int, form *web.Form, stale bool) error {
		return d.showBring(c, status, form, stale)
	}
	type sent struct {
		row, order int
		line       booking.Bring
	}
	var all []sent
	for i := range rows {
		text := form.Value(fmt.Sprintf("text_%d", i))
		if text == "" {
			continue // an empty row takes a line away
		}
		condition, value, _ := strings.Cut(form.Value(fmt.Sprintf("whose_%d", i)), ":")
		one := sent{row: i, order: rows + i, line: booking.Bring{Condition: booking.Condition(condition), Value: value, Text: text}}
		if order := fmt.Sprintf("order_%d", i); form.Value(order) != "" {
			one.order = readNumber(form, order, fmt.Sprintf("text_%d", i))
		}
		all = append(all, one)
	}
	if !form.OK() {
		return show(c, http.StatusUnprocessableEntity, form, false)
	}
	slices.SortStableFunc(all, func(a, b sent) int { return a.order - b.order })
	var lines []booking.Bring
	at := map[string]string{} // the operation's name of a line, and the field of its row
	for i, one := range all {
		lines = append(lines, one.line)
		at[fmt.Sprintf("bring.%d", i)] = fmt.Sprintf("text_%d", one.row)
	}
	err := d.write(c, "setup_saved", func(tx *store.Tx) (string, error) {
		return "/setup/services", booking.SetBring(tx, actor(c), refOf(c), version(c), lines)
	})
	return refused(c, renamed(err, at), form, show)
}

// renamed gives the fields of a problem the names that they have on the page.
func renamed(err error, names map[string]string) error {
	p, ok := problem.As(err)
	if !ok || len(p.Fields) == 0 {
		return err
	}
	q := &problem.Problem{Kind: p.Kind, Code: p.Code, Fields: map[string]string{}, Args: p.Args}
	for field, code := range p.Fields {
		if name, known := names[field]; known {
			field = name
		}
		q.Fields[field] = code
	}
	return q
}
