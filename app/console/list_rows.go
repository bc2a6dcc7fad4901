package console

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/sheet"
	"madoguchi/app/web"
	"madoguchi/store"
)

// pageRows is how many rows of a list one page shows.
const pageRows = 100

// listRowsPage shows row by row what a file would do, or did.
type listRowsPage struct {
	page
	File      listLine
	Version   int
	Filters   []filterLink
	Marks     []filterLink
	Filter    string // what is shown, in words
	Columns   []string
	Rows      []listRowLine
	From, To  int
	Count     int
	Before    string // address of the page before; "" when there is none
	After     string
	Matched   bool
	Batch     *link // the delivery that the cards are put into; nil for none
	ToApply   int
	Open      int // rows that a person should look at first
	Results   []string
	CanBack   bool
	Defects   string // address of the defects as a file
	Forgotten bool
}

// Shown writes a count as people read it.
func (p listRowsPage) Shown(n int) string { return thousands(n) }

// filterLink is a count that leads to its rows.
type filterLink struct {
	Path, Label, Count string
	Here               bool
}

// listRowLine is one row of a file.
type listRowLine struct {
	Number   int
	Path     string // "" when there is nothing to decide or see
	Outcome  string
	Class    string
	Cells    []string
	Reason   string
	Marks    []string
	Decision string
	Private  int
}

var outcomeClasses = map[intake.Outcome]string{
	intake.New: "booked", intake.Differs: "booked", intake.Ambiguous: "none", intake.Duplicate: "none", intake.Defect: "none",
	intake.Same: "done", intake.Absent: "cancelled",
}

// countIn reads a count from a form; -1, which nothing has, when it is missing.
func countIn(c *gin.Context, name string) int {
	n, err := strconv.Atoi(c.PostForm(name))
	if err != nil {
		return -1
	}
	return n
}

func (d *Desk) showRows(c *gin.Context, status int, f intake.File) error {
	w := intake.RowFilter{Outcome: intake.Outcome(c.Query("outcome")), Mark: c.Query("mark")}
	page, err := strconv.Atoi(c.Query("page"))
	if err != nil || page < 1 {
		page = 1
	}
	var p listRowsPage
	if done, ok := d.runner.Ended(f.Ref); ok {
		status = p.ended(c, d, done, status)
	}
	err = d.store.Read(c, func(tx *store.Tx) error {
		if f, err = intake.GetFile(tx, f.Ref); err != nil {
			return err
		}
		if err := p.counts(tx, f, w); err != nil {
			return err
		}
		if p.Count, err = intake.CountRows(tx, f, w); err != nil {
			return err
		}
		page = min(page, max(1, (p.Count+pageRows-1)/pageRows))
		return p.rows(tx, f, w, page)
	})
	if err != nil {
		return err
	}
	title := "名簿の確認"
	if !p.Matched {
		title = "名簿の結果"
	}
	return d.show(c, status, "list_rows", title, &p)
}

// ended says how applying or taking back went, to whoever looks first.
func (p *listRowsPage) ended(c *gin.Context, d *Desk, e intake.Ended, status int) int {
	wrong, ok := problem.As(e.Err)
	if !ok {
		d.site.Session(c).Flash(listFlashes[e.Step])
		return status
	}
	form := web.ReadForm(c)
	form.Apply(wrong)
	p.failed(form)
	return http.StatusConflict
}

func listQuery(f intake.File, w intake.RowFilter, page int) string {
	q := url.Values{}
	if w.Outcome != "" {
		q.Set("outcome", string(w.Outcome))
	}
	if w.Mark != "" {
		q.Set("mark", w.Mark)
	}
	if page > 1 {
		q.Set("page", fmt.Sprint(page))
	}
	if len(q) == 0 {
		return listPath(f.Ref)
	}
	return listPath(f.Ref) + "?" + q.Encode()
}

// counts fills in what stands above the rows.
func (p *listRowsPage) counts(tx *store.Tx, f intake.File, w intake.RowFilter) error {
	counts, err := f.CountOf()
	if err != nil {
		return err
	}
	p.File, p.Version, p.Matched = listLineOf(f), f.Version, f.State == intake.ListIsMatched
	if f.BatchID != 0 {
		b, err := intake.BatchByID(tx, f.BatchID)
		if err != nil {
			return err
		}
		p.Batch = &link{Path: "/batches/" + string(b.Ref), Label: b.Name()}
	}
	p.Forgotten = !f.ForgottenAt.IsZero()
	p.Filter = "すべての行"
	p.Filters = append(p.Filters, filterLink{listQuery(f, intake.RowFilter{}, 1), "すべて", thousands(f.Total), w == intake.RowFilter{}})
	for _, o := range intake.Outcomes() {
		n := counts[o]
		if n == 0 {
			continue
		}
		here := w.Outcome == o
		if here {
			p.Filter = "「" + o.Label() + "」の行"
		}
		p.Filters = append(p.Filters, filterLink{listQuery(f, intake.RowFilter{Outcome: o}, 1), o.Label(), thousands(n), here})
	}
	for _, mark := range intake.Marks() {
		n, err := intake.CountRows(tx, f, intake.RowFilter{Mark: mark})
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		here := w.Mark == mark
		if here {
			p.Filter = "「" + intake.MarkLabel(mark) + "」の行"
		}
		p.Marks = append(p.Marks, filterLink{listQuery(f, intake.RowFilter{Mark: mark}, 1), intake.MarkLabel(mark), thousands(n), here})
	}
	if counts[intake.Defect]+counts[intake.Duplicate]+counts[intake.Ambiguous] > 0 && !p.Forgotten {
		p.Defects = listPath(f.Ref) + "/defects"
	}
	p.Open = counts[intake.Ambiguous] + counts[intake.Duplicate]
	if p.Matched {
		p.ToApply, err = intake.CountToApply(tx, f)
		return err
	}
	if p.CanBack, err = intake.CanTakeBack(tx, f); err != nil {
		return err
	}
	results, err := intake.Results(tx, f)
	for _, r := range []struct{ result, says string }{
		{"applied", "反映した行 %s件"}, {"taken_back", "元に戻した行 %s件"},
		{"changed", "突合のあとに登録が変わっていたため、反映しなかった行 %s件"}, {"kept", "反映のあとに直されていたため、元に戻さなかった行 %s件"},
	} {
		if results[r.result] > 0 {
			p.Results = append(p.Results, fmt.Sprintf(r.says, thousands(results[r.result])))
		}
	}
	return err
}

// rows fills in one page of rows.
func (p *listRowsPage) rows(tx *store.Tx, f intake.File, w intake.RowFilter, page int) error {
	rows, err := intake.Rows(tx, f, w, pageRows, (page-1)*pageRows)
	if err != nil || len(rows) == 0 {
		return err
	}
	columns, err := f.Columns()
	if err != nil {
		return err
	}
	var shown []int
	for i, field := range columns {
		if field != intake.Skip {
			shown = append(shown, i)
			p.Columns = append(p.Columns, field.Label())
		}
	}
	held, err := card.HeldRows(tx, f.ID, rows[0].Number, rows[len(rows)-1].Number)
	if err != nil {
		return err
	}
	cells := map[int][]string{}
	for _, h := range held {
		cells[h.Number] = h.Cells
	}
	for _, r := range rows {
		line := listRowLineOf(f, r, cells[r.Number], shown)
		if line.Reason, err = rowReason(tx, r); err != nil {
			return err
		}
		p.Rows = append(p.Rows, line)
	}
	p.From, p.To = (page-1)*pageRows+1, (page-1)*pageRows+len(rows)
	if page > 1 {
		p.Before = listQuery(f, w, page-1)
	}
	if p.To < p.Count {
		p.After = listQuery(f, w, page+1)
	}
	return nil
}

func listRowLineOf(f intake.File, r intake.Row, cells []string, shown []int) listRowLine {
	line := listRowLine{Number: r.Number, Outcome: r.Outcome.Label(), Class: outcomeClasses[r.Outcome], Private: r.Private}
	if f.ForgottenAt.IsZero() {
		line.Path = fmt.Sprintf("%s/rows/%d", listPath(f.Ref), r.Number)
	}
	for _, i := range shown {
		text := ""
		if i < len(cells) {
			text = shorten(cells[i])
		}
		line.Cells = append(line.Cells, text)
	}
	for _, m := range strings.Fields(r.Marks) {
		line.Marks = append(line.Marks, intake.MarkLabel(m))
	}
	switch {
	case r.Result != "":
		line.Decision = map[string]string{"applied": "反映した", "changed": "反映せず（登録が変わっていた）", "kept": "戻さず（直されていた）", "taken_back": "元に戻した"}[r.Result]
	case r.Decision == "apply":
		line.Decision = "反映する（確認済み）"
	case r.Decision == "skip":
		line.Decision = "反映しない"
	case r.WillApply():
		line.Decision = "反映する"
	}
	return line
}

// listRowPage shows one row beside what is on record, and asks what is open.
type listRowPage struct {
	page
	File    listLine
	Number  int
	Outcome string
	Class   string
	Reason  string
	Tied    string
	Marks   []string
	Cells   []cellLine
	Person  *person // whose row it is
	Pairs   []fieldPair
	Choices []personPick
	Codes   []pick
	CodeNow string
	Open    bool // a person may decide
	Chosen  string
	Next    string // the next row that is open
}

// cellLine is one cell with its column.
type cellLine struct{ Name, Value string }

// fieldPair is a field on record and in the list.
type fieldPair struct {
	Label, Has, Gets string
	Differs          bool
}

// personPick is a card that a row could belong to.
type personPick struct {
	pick
	person
	Address string
}

func (d *Desk) askRow(c *gin.Context) error {
	return d.showRow(c, http.StatusOK, web.ReadForm(c, "card", "do", "code"))
}

func (d *Desk) showRow(c *gin.Context, status int, form *web.Form) error {
	n, err := strconv.Atoi(c.Param("number"))
	if err != nil {
		return intake.RowNotFound
	}
	var p listRowPage
	err = d.store.Read(c, func(tx *store.Tx) error {
		f, err := intake.GetFile(tx, refOf(c))
		if err != nil {
			return err
		}
		r, err := intake.GetRow(tx, f, n)
		if err != nil {
			return err
		}
		return p.fill(d, tx, f, r)
	})
	if err != nil {
		return err
	}
	p.failed(form)
	return d.show(c, status, "list_row", fmt.Sprintf("%d行目", n), &p)
}

func (p *listRowPage) fill(d *Desk, tx *store.Tx, f intake.File, r intake.Row) error {
	p.File, p.Number = listLineOf(f), r.Number
	p.Outcome, p.Class, p.Tied = r.Outcome.Label(), outcomeClasses[r.Outcome], r.TiedText()
	var err error
	if p.Reason, err = rowReason(tx, r); err != nil {
		return err
	}
	for _, m := range strings.Fields(r.Marks) {
		p.Marks = append(p.Marks, intake.MarkLabel(m))
	}
	p.Open = f.State == intake.ListIsMatched && !slices.Contains([]intake.Outcome{intake.Defect, intake.Same, intake.Absent}, r.Outcome)
	p.Chosen = r.Decision
	held, err := card.HeldRows(tx, f.ID, r.Number, r.Number)
	if err != nil {
		return err
	}
	if len(held) == 0 {
		return intake.ListForgotten
	}
	if err := p.cells(f, held[0]); err != nil {
		return err
	}
	if err := p.codes(d, tx, held[0], r); err != nil {
		return err
	}
	if f.List != intake.RenewalList {
		if err := p.people(tx, f, r, held[0]); err != nil {
			return err
		}
	}
	next, err := intake.NextOpen(tx, f, r.Number)
	if err == nil && next > 0 {
		p.Next = fmt.Sprintf("%s/rows/%d", listPath(f.Ref), next)
	}
	return err
}

func (p *listRowPage) cells(f intake.File, h card.HeldRow) error {
	columns, err := f.Columns()
	if err != nil {
		return err
	}
	for i, cell := range h.Cells {
		name := fmt.Sprintf("%d列目", i+1)
		if i < len(columns) && columns[i] != intake.Skip {
			name = columns[i].Label()
		}
		p.Cells = append(p.Cells, cellLine{name, orNone(cell)})
	}
	return nil
}

// codes offers the postal codes of an unclear address.
func (p *listRowPage) codes(d *Desk, tx *store.Tx, h card.HeldRow, r intake.Row) error {
	p.CodeNow = jp.PostalCode(h.PostalCode).String()
	if !r.HasMark(intake.MarkPostalUnclear) && h.PostalCode != "" && len(h.PostalCodes) < 2 {
		return nil
	}
	dict, err := d.postal.Now(tx)
	if err != nil {
		return err
	}
	for i, code := range h.PostalCodes {
		place := ""
		for _, t := range dict.Towns(code) {
			place = t.Prefecture + t.Municipality + t.Town
			break
		}
		p.Codes = append(p.Codes, pick{ID: fmt.Sprintf("f-code-%d", i), Value: code, Label: jp.PostalCode(code).String(), Hint: place, Chosen: code == h.PostalCode})
	}
	return nil
}

// rowReason says why a row is what it is; of one that is on record already also
// when, by whom and with which delivery it was read, as a scanner would.
func rowReason(tx *store.Tx, r intake.Row) (string, error) {
	if !r.OnRecord() {
		return r.ReasonText(), nil
	}
	info, err := card.FirstRead(tx, card.ID(r.SubjectID))
	if errors.Is(err, store.ErrNotFound) {
		return r.ReasonText(), nil
	}
	return r.ReasonText() + "：" + readText(info), err
}

// people shows whose row it is, or could be.
func (p *listRowPage) people(tx *store.Tx, f intake.File, r intake.Row, h card.HeldRow) error {
	for i, text := range strings.Fields(r.Candidates) {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return err
		}
		k, err := card.GetByID(tx, card.ID(id))
		if err != nil {
			return err
		}
		x := pick{ID: fmt.Sprintf("f-card-%d", i), Value: text, Chosen: id == r.SubjectID}
		p.Choices = append(p.Choices, personPick{x, personOf(k), orNone(strings.TrimSpace(k.PostalCode.String() + "　" + k.Address + "　" + k.Building))})
	}
	if r.SubjectID == 0 || f.List == intake.CardList && r.Outcome == intake.New && r.Result == "" {
		return nil
	}
	k, err := card.GetByID(tx, card.ID(r.SubjectID))
	if err != nil {
		return err
	}
	who := personOf(k)
	p.Person = &who
	address, building, err := intake.AddressOf(f, h)
	if err != nil {
		return err
	}
	for _, pair := range []fieldPair{
		{"郵便番号", k.PostalCode.String(), jp.PostalCode(h.PostalCode).String(), k.PostalCode.String() != jp.PostalCode(h.PostalCode).String()},
		{"住所", k.Address, address, jp.Fold(k.Address) != jp.Fold(address)},
		{"方書", k.Building, building, jp.Fold(k.Building) != jp.Fold(building)},
	} {
		pair.Has, pair.Gets = orNone(pair.Has), orNone(pair.Gets)
		p.Pairs = append(p.Pairs, pair)
	}
	return nil
}

// decideRow keeps what a person said about a row, and goes on to the next.
func (d *Desk) decideRow(c *gin.Context) error {
	form := web.ReadForm(c, "card", "do", "code")
	n, err := strconv.Atoi(c.Param("number"))
	if err != nil {
		return intake.RowNotFound
	}
	decision := intake.Decision{Apply: form.Value("do") != "skip", PostalCode: form.Value("code")}
	if decision.Apply {
		if id, err := strconv.ParseInt(form.Value("card"), 10, 64); err == nil {
			decision.CardID = card.ID(id)
		}
	}
	err = d.write(c, "list_row_decided", func(tx *store.Tx) (string, error) {
		f, err := intake.GetFile(tx, refOf(c))
		if err != nil {
			return "", err
		}
		if err := intake.Decide(tx, actor(c), f.Ref, n, decision); err != nil {
			return "", err
		}
		next, err := intake.NextOpen(tx, f, n)
		if err != nil || next == 0 {
			return listPath(f.Ref), err
		}
		return fmt.Sprintf("%s/rows/%d", listPath(f.Ref), next), nil
	})
	if p, ok := problem.As(err); ok && p.Kind == problem.Invalid {
		form.Apply(p)
		return d.showRow(c, http.StatusUnprocessableEntity, form)
	}
	return err
}

// downloadDefects gives the rows that are not applied as a file with a column
// of reasons, to be mended and taken in again.
func (d *Desk) downloadDefects(c *gin.Context) error {
	format := sheet.ParseFormat(c.DefaultQuery("format", string(sheet.UTF8)))
	var out bytes.Buffer
	err := d.store.Read(c, func(tx *store.Tx) error {
		f, err := intake.GetFile(tx, refOf(c))
		if err != nil {
			return err
		}
		w, err := sheet.NewWriter(&out, sheet.Options{Format: format, Private: true})
		if err != nil {
			return err
		}
		if err := intake.WriteDefects(tx, f, w); err != nil {
			return err
		}
		return w.Close()
	})
	if err != nil {
		return err
	}
	return web.Send(c, format.MediaType(), "defects"+format.Extension(), "取り込めなかった行"+format.Extension(), out.Bytes())
}
