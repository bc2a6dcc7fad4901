package console

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/qr"
	"madoguchi/app/web"
	"madoguchi/store"
)

// Waiting for the reader, so that short work needs no second look.
const (
	pictureWait  = 8 * time.Second
	pictureGlint = 250 * time.Millisecond
)

// picturePage shows what was read from a picture or PDF of list pages (一覧の画像).
type picturePage struct {
	page
	Path, Name string
	Batch      link
	Version    int
	Working    bool // it is being read, or waits for it
	PagesRead  int
	PageCount  int
	Refused    string
	Done       bool // put away
	Pages      []sheetPage
	Disputed   []disputedPlace
	Ready      int // places that would come on record without a further look
	Open       int // places with which nothing has been done
	Tally      card.ListTally
}

// sheetPage is one page with its picture and what was found on it.
type sheetPage struct {
	Number  int
	Refused string
	Found   int
	Stated  web.Field
	Short   bool // fewer codes than the page says, or more
	Says    string
	View    *sheetView
	Rows    []placeRow
}

// sheetView is a page's picture, or a part of it, with places marked on it.
type sheetView struct {
	Picture       string
	Label         string
	Width, Height int    // of the page, in its pixels
	Box           string // what part of it is shown
	ShownWidth    int
	ShownHeight   int
	Marks         []placeMark
}

type placeMark struct {
	Points string
	Number int
	Class  string
	X, Y   int // where the number stands
	Size   int // of the number
	Stroke int
}

// placeRow is a place on a page and what would become of it.
type placeRow struct {
	Number    int
	Name      string
	Notice    string
	Kind      string
	Agreement string
	AgreeMark string
	State     string
	Mark      string
	Why       string
	Record    link // of the card on record
	TypePath  string
	NoCode    string // address and words of the button
	NoLabel   string
}

// disputedPlace is a code on which the readers differ.
type disputedPlace struct{ ID, Value, Label string }

func (d *Desk) picture(c *gin.Context) error {
	if c.Query("wait") != "" {
		d.waitForPicture(c)
	}
	return d.showPicture(c, http.StatusOK, pictureForm(c))
}

// waitForPicture waits for the reader, but not for long.
func (d *Desk) waitForPicture(c *gin.Context) {
	end := time.After(pictureWait)
	for {
		working := false
		err := d.store.Read(c, func(tx *store.Tx) error {
			f, err := card.ListFileByRef(tx, refOf(c))
			working = f.State == card.ListWaiting || f.State == card.ListReading
			return err
		})
		if err != nil || !working {
			return // the page says what is wrong
		}
		select {
		case <-end:
			return
		case <-c.Done():
			return
		case <-time.After(pictureGlint):
		}
	}
}

func pictureForm(c *gin.Context) *web.Form { return web.ReadForm(c, "looked") }

func (d *Desk) showPicture(c *gin.Context, status int, form *web.Form) error {
	var p picturePage
	err := d.store.Read(c, func(tx *store.Tx) error { return p.fill(c, d, tx) })
	if err != nil {
		return err
	}
	p.failed(form)
	return d.show(c, status, "picture", "画像の読取り結果", &p)
}

func (p *picturePage) fill(c *gin.Context, d *Desk, tx *store.Tx) error {
	f, err := card.ListFileByRef(tx, refOf(c))
	if err != nil {
		return err
	}
	b, err := intake.BatchByRef(tx, f.BatchRef)
	if err != nil {
		return err
	}
	p.Path, p.Name, p.Version, p.PagesRead, p.PageCount = "/pictures/"+string(f.Ref), f.Name, f.Version, f.PagesRead, f.Pages
	p.Batch = link{Path: "/batches/" + string(b.Ref), Label: b.Name() + "に戻る"}
	p.Working = f.State == card.ListWaiting || f.State == card.ListReading
	p.Done = f.State == card.ListDone
	if f.State == card.ListRefused {
		p.Refused = web.WordsOf(c).T("problem.picture_" + f.Refusal)
	}
	if p.Tally, err = card.TallyOf(tx, f.ID); err != nil || p.Working || p.Done {
		return err
	}
	pages, err := card.ListPages(tx, f.ID)
	if err != nil {
		return err
	}
	plans, err := intake.Plans(tx, f)
	if err != nil {
		return err
	}
	for _, each := range pages {
		sheet, err := p.sheet(c, d, f, each, plans)
		if err != nil {
			return err
		}
		p.Pages = append(p.Pages, sheet)
	}
	return nil
}

func (p *picturePage) sheet(c *gin.Context, d *Desk, f card.ListFile, each card.ListPage, plans []intake.Plan) (sheetPage, error) {
	sheet := sheetPage{Number: each.Number}
	if each.Refusal != "" {
		sheet.Refused = web.WordsOf(c).T("problem.picture_" + each.Refusal)
	}
	sheet.View = wholePage(f, each)
	for _, plan := range plans {
		if plan.Page != each.Number {
			continue
		}
		row := d.placeRow(c, p.Path, plan)
		sheet.Rows = append(sheet.Rows, row)
		if err := sheet.View.mark(plan, row.Mark); err != nil {
			return sheet, err
		}
		if plan.Role == card.WholeCode {
			sheet.Found++
		}
		p.count(plan, row)
	}
	sheet.Stated = web.Field{Name: fmt.Sprintf("stated_%d", each.Number), Label: fmt.Sprintf("%dページの件数", each.Number)}
	if each.Stated >= 0 {
		sheet.Stated.Value = fmt.Sprint(each.Stated)
		sheet.Says, sheet.Short = fmt.Sprintf("一覧の件数 %d件と同じです。", each.Stated), each.Stated != sheet.Found
		if each.Stated > sheet.Found {
			sheet.Says = fmt.Sprintf("一覧には%d件と書かれていますが、%d件しか見つかりません。あと%d件を手で入力するか、スキャンし直してください。", each.Stated, sheet.Found, each.Stated-sheet.Found)
		} else if each.Stated < sheet.Found {
			sheet.Says = fmt.Sprintf("一覧には%d件と書かれていますが、%d件見つかりました。件数を確かめてください。", each.Stated, sheet.Found)
		}
	}
	return sheet, nil
}

func (p *picturePage) count(plan intake.Plan, row placeRow) {
	switch {
	case plan.Outcome != card.Undecided, plan.Role == card.PartCode:
	case plan.Problem != nil && intake.WasReadBefore(plan.Problem):
		p.Tally.Before++
	default:
		p.Open++
	}
	switch {
	case !plan.Ready():
	case plan.Disputed():
		p.Disputed = append(p.Disputed, disputedPlace{
			ID: fmt.Sprintf("f-looked-%d", len(p.Disputed)), Value: fmt.Sprintf("%d.%d", plan.Page, plan.Number),
			Label: fmt.Sprintf("%dページ %d番　%s　%s", plan.Page, plan.Number, row.Notice, row.Name)})
	default:
		p.Ready++
	}
}

var agreements = map[string]string{string(qr.Agreed): "2方式一致", string(qr.Single): "1方式", string(qr.Disagree): "不一致"}

func (d *Desk) placeRow(c *gin.Context, path string, plan intake.Plan) placeRow {
	row := placeRow{Number: plan.Number, Agreement: agreements[plan.Agree], AgreeMark: "none"}
	if plan.Agree == string(qr.Agreed) {
		row.AgreeMark = "done"
	}
	if plan.Parts > 1 && plan.Role == card.WholeCode {
		row.Agreement += fmt.Sprintf("（連結%d個）", plan.Parts)
	}
	at := fmt.Sprintf("%s/pages/%d/%d", path, plan.Page, plan.Number)
	switch {
	case plan.Role == card.PartCode:
		row.State, row.Mark, row.Agreement = "連結の一部", "cancelled", ""
		return row
	case plan.Outcome != card.Undecided:
		row.State, row.Mark = plan.Outcome.Label(), "done"
		if plan.Outcome == card.WasUnregistered {
			row.Mark, row.TypePath = "none", at
		}
	case plan.Role == card.Unread:
		row.State, row.Mark, row.TypePath = "読めません", "none", at
		row.NoCode, row.NoLabel = at+"/none", fmt.Sprintf("%dページ%d番はQRコードではない", plan.Page, plan.Number)
	case plan.Problem != nil:
		row.State, row.Mark, row.Why = "登録できません", "none", d.sentence(c, plan.Problem)
		if intake.WasReadBefore(plan.Problem) {
			row.State, row.Mark = "登録済み", "cancelled"
		} else {
			row.TypePath = at
		}
	case plan.Disputed():
		row.State, row.Mark, row.Why, row.TypePath = "要確認", "none", "2つの読取方式の結果が違います。", at
	default:
		row.State, row.Mark = "登録できます", "booked"
	}
	if plan.Record.Card.ID != 0 {
		who := personOf(plan.Record)
		row.Name, row.Notice, row.Kind = who.Name, who.NoticeNumber, who.IssueKind
		row.Record = link{Path: who.Path, Label: who.Name}
	} else if plan.Reading.Payload != nil {
		row.Name, row.Notice = plan.Reading.Recipient.Name, plan.Reading.Card.NoticeNumber.String()
		row.Kind = plan.KindName
	}
	return row
}

// shownPage is the width at which a page is shown, in pixels.
const shownPage = 760

func wholePage(f card.ListFile, p card.ListPage) *sheetView {
	if p.Width == 0 || p.Height == 0 {
		return nil
	}
	return &sheetView{
		Picture: fmt.Sprintf("/pictures/%s/pages/%d", f.Ref, p.Number), Width: p.Width, Height: p.Height,
		Label: fmt.Sprintf("%dページ目の画像。見つかったQRコードに、下の表と同じ番号を付けています。", p.Number),
		Box:   fmt.Sprintf("0 0 %d %d", p.Width, p.Height), ShownWidth: shownPage, ShownHeight: shownPage * p.Height / p.Width,
	}
}

// mark draws a place's outline and number.
func (v *sheetView) mark(plan intake.Plan, class string) error {
	if v == nil {
		return nil
	}
	q, err := intake.Corners(plan.ListCode)
	if err != nil {
		return err
	}
	var points []string
	left, top := q[0].X, q[0].Y
	for _, at := range q {
		points = append(points, fmt.Sprintf("%.0f,%.0f", at.X, at.Y))
		left, top = min(left, at.X), min(top, at.Y)
	}
	size := max(v.Width, v.Height) / 45
	v.Marks = append(v.Marks, placeMark{Points: strings.Join(points, " "), Number: plan.Number, Class: class,
		X: max(int(left), 0), Y: max(int(top)-size/4, size), Size: size, Stroke: max(size/8, 2)})
	return nil
}

// pagePicture sends a page's picture; it holds personal data and is not cached.
func (d *Desk) pagePicture(c *gin.Context) error {
	number, err := strconv.Atoi(c.Param("page"))
	if err != nil {
		return card.ListFileNotFound
	}
	var body []byte
	err = d.store.Read(c, func(tx *store.Tx) (err error) {
		body, err = card.ListPicture(tx, refOf(c), number)
		return err
	})
	if err != nil {
		return err
	}
	c.Header("Content-Type", "image/jpeg")
	c.Status(http.StatusOK)
	_, err = c.Writer.Write(body)
	return err
}

// statePages keeps how many codes each page says it has.
func (d *Desk) statePages(c *gin.Context) error {
	form := pictureForm(c)
	stated := map[int]int{}
	for name, values := range c.Request.PostForm {
		page, ok := strings.CutPrefix(name, "stated_")
		number, err := strconv.Atoi(page)
		if !ok || err != nil || len(values) == 0 {
			continue
		}
		stated[number] = -1
		if typed := strings.TrimSpace(values[0]); typed != "" {
			n, ok := codesOnPage(typed)
			if !ok {
				form.Fail("", "stated_count", "page", number)
				continue
			}
			stated[number] = n
		}
	}
	if !form.OK() {
		return d.showPicture(c, http.StatusUnprocessableEntity, form)
	}
	return d.pictureStep(c, form, "pages_stated", func(tx *store.Tx) error { return card.StatePages(tx, actor(c), refOf(c), stated) })
}

// codesOnPage reads how many codes a page says it has.
func codesOnPage(typed string) (n int, ok bool) {
	n, err := strconv.Atoi(jp.Narrow(typed))
	return n, err == nil && n >= 0 && n <= 200
}

// pictureStep does something with a picture and shows it again.
func (d *Desk) pictureStep(c *gin.Context, form *web.Form, flash string, do func(*store.Tx) error) error {
	err := d.write(c, flash, func(tx *store.Tx) (string, error) { return "/pictures/" + string(refOf(c)), do(tx) })
	if p, ok := problem.As(err); ok && p.Kind == problem.Conflict {
		form.Apply(p)
		return d.showPicture(c, http.StatusConflict, form)
	}
	return err
}

// applyPicture puts what was read on record, once a person has seen it.
func (d *Desk) applyPicture(c *gin.Context) error {
	form := pictureForm(c)
	looked := map[[2]int]bool{}
	for _, v := range form.Values("looked") {
		page, number, _ := strings.Cut(v, ".")
		n, err := strconv.Atoi(page)
		m, wrong := strconv.Atoi(number)
		if err == nil && wrong == nil {
			looked[[2]int{n, m}] = true
		}
	}
	return d.pictureStep(c, form, "picture_applied", func(tx *store.Tx) error {
		_, err := intake.Apply(tx, actor(c), refOf(c), version(c), looked)
		return err
	})
}

// putPictureAway forgets the picture.
func (d *Desk) putPictureAway(c *gin.Context) error {
	form := pictureForm(c)
	var batch store.Ref
	err := d.write(c, "picture_put_away", func(tx *store.Tx) (string, error) {
		f, err := card.ListFileByRef(tx, refOf(c))
		if err != nil {
			return "", err
		}
		batch = f.BatchRef
		return "/batches/" + string(batch), card.PutAway(tx, actor(c), refOf(c), version(c))
	})
	if p, ok := problem.As(err); ok && p.Kind == problem.Conflict {
		form.Apply(p)
		return d.showPicture(c, http.StatusConflict, form)
	}
	return err
}

// noCode notes that a person sees no code at a place.
func (d *Desk) noCode(c *gin.Context) error {
	page, number, err := placeOf(c)
	if err != nil {
		return err
	}
	return d.pictureStep(c, pictureForm(c), "place_no_code", func(tx *store.Tx) error { return intake.NoCode(tx, actor(c), refOf(c), page, number) })
}

// placeOf reads which place of a picture an address means.
func placeOf(c *gin.Context) (page, number int, err error) {
	page, err = strconv.Atoi(c.Param("page"))
	if err == nil {
		number, err = strconv.Atoi(c.Param("number"))
	}
	if err != nil {
		return 0, 0, card.ListCodeNotFound
	}
	return page, number, nil
}

func toPicture(c *gin.Context) error { return web.To(c, "/pictures/"+string(refOf(c))) }
