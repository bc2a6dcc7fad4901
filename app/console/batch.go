package console

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/qr"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

// shownBatches is how many deliveries are listed.
const shownBatches = 60

// batchesPage lists the deliveries (便).
type batchesPage struct {
	page
	Open, Past []batchLine
	SetUp      []link // for who may set up how lists are read
}

// batchLine is a delivery as lists show it.
type batchLine struct {
	Path, Ref, Name, Venue string
	Read, Expected         int
	Lacks                  bool // fewer than expected, or more
	Difference             string
	Class                  string // of the difference's mark
	Closed                 string // when and by whom; "" while open
	Remarks                string
}

func batchLineOf(b intake.Batch) batchLine {
	line := batchLine{Path: "/batches/" + string(b.Ref), Ref: string(b.Ref), Name: b.Name(), Venue: b.Venue,
		Read: b.Read, Expected: b.Expected, Remarks: b.Remarks, Class: "done"}
	switch {
	case b.Expected == 0:
		line.Difference, line.Class = "予定は未入力", "none"
	case b.Read < b.Expected:
		line.Difference, line.Class, line.Lacks = fmt.Sprintf("あと%d件", b.Expected-b.Read), "none", true
	case b.Read > b.Expected:
		line.Difference, line.Class, line.Lacks = fmt.Sprintf("予定より%d件多い", b.Read-b.Expected), "none", true
	default:
		line.Difference = "そろいました"
	}
	if b.Closed() {
		line.Closed = recently(b.ClosedAt) + "　" + b.ClosedBy
	}
	return line
}

func (d *Desk) batches(c *gin.Context) error {
	var p batchesPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		all, err := intake.Batches(tx, shownBatches)
		for _, b := range all {
			if b.Closed() {
				p.Past = append(p.Past, batchLineOf(b))
			} else {
				p.Open = append(p.Open, batchLineOf(b))
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if may(c, staff.MaySetUpIntake) {
		p.SetUp = []link{{Path: "/profiles", Label: "読取り形式"}, {Path: "/kinds", Label: "交付区分"}}
	}
	return d.show(c, http.StatusOK, "batches", "便", &p)
}

// batchPage is one delivery: what was expected and what was read, its pictures
// and its cards.
type batchPage struct {
	page
	batchLine
	Version int
	Opened  string
	Kinds   []fact // how many cards of each kind
	Files   []fileLine
	Rows    []batchRow
	File    web.Field
	// Unsettled are places on pictures that nobody has dealt with.
	Unsettled int
}

type batchRow struct {
	person
	Number                int
	At, By, Way, Position string
	Standing              standing
}

type fileLine struct {
	Path, Name, At, By, State, Class string
}

func fileForm(c *gin.Context) *web.Form { return web.ReadForm(c, "file") }

func (d *Desk) batch(c *gin.Context) error { return d.showBatch(c, http.StatusOK, fileForm(c)) }

func (d *Desk) showBatch(c *gin.Context, status int, form *web.Form) error {
	var p batchPage
	err := d.store.Read(c, func(tx *store.Tx) error { return p.fill(tx, refOf(c)) })
	if err != nil {
		return err
	}
	p.File = *form.Field("file")
	p.File.Label, p.File.Hint = "一覧の画像", "PNG・JPEG・TIFF・PDF。1つ32MBまで。"
	p.failed(form)
	return d.show(c, status, "batch", p.Name, &p)
}

func (p *batchPage) fill(tx *store.Tx, ref store.Ref) error {
	b, err := intake.BatchByRef(tx, ref)
	if err != nil {
		return err
	}
	p.batchLine, p.Version = batchLineOf(b), b.Version
	p.Opened = recently(b.OpenedAt) + "　" + b.OpenedBy
	readings, err := card.OfBatch(tx, b.ID)
	if err != nil {
		return err
	}
	counts := map[string]int{}
	var order []string
	for i, r := range readings {
		_, booked, err := booking.Live(tx, r.Card.ID)
		if err != nil {
			return err
		}
		p.Rows = append(p.Rows, batchRow{person: personOf(r.Record), Number: i + 1, At: recently(r.ReadAt), By: r.ReadBy,
			Way: r.Way.Label(), Position: r.Position, Standing: standingOf(r.Record, booked)})
		if counts[r.KindName] == 0 {
			order = append(order, r.KindName)
		}
		counts[r.KindName]++
	}
	for _, name := range order {
		p.Kinds = append(p.Kinds, fact{name, fmt.Sprintf("%d件", counts[name])})
	}
	files, err := card.ListFiles(tx, b.ID)
	if err != nil {
		return err
	}
	for _, f := range files {
		line, err := fileLineOf(tx, f)
		if err != nil {
			return err
		}
		p.Files = append(p.Files, line)
		if f.State != card.ListDone {
			p.Unsettled++
		}
	}
	return nil
}

func fileLineOf(tx *store.Tx, f card.ListFile) (fileLine, error) {
	line := fileLine{Path: "/pictures/" + string(f.Ref), Name: f.Name, At: recently(f.UploadedAt), By: f.UploadedBy}
	tally, err := card.TallyOf(tx, f.ID)
	if line.Name == "" {
		line.Name = "（片付けた画像 " + line.At + "）"
	}
	switch f.State {
	case card.ListWaiting:
		line.State, line.Class = "順番待ち", "booked"
	case card.ListReading:
		line.State, line.Class = fmt.Sprintf("読取り中 %d／%dページ", f.PagesRead, f.Pages), "booked"
	case card.ListRefused:
		line.State, line.Class = "読めません", "none"
	case card.ListRead:
		line.State, line.Class = fmt.Sprintf("確認待ち %d件", tally.Open), "none"
		if tally.Open == 0 {
			line.State, line.Class = fmt.Sprintf("済み %d件（未片付け）", tally.Codes), "booked"
		}
	case card.ListDone:
		line.State, line.Class = fmt.Sprintf("済み 登録%d・手入力%d・登録済み%d", tally.Registered, tally.Typed, tally.Before), "done"
	}
	return line, err
}

// addPictures takes list pages in, to be read in the background.
func (d *Desk) addPictures(c *gin.Context) error {
	form := fileForm(c)
	files, err := web.ReadFiles(c, "file")
	if err != nil {
		return err
	}
	if len(files) == 0 || len(files[0].Body) == 0 {
		form.Fail("file", "file_missing")
		return d.showBatch(c, http.StatusUnprocessableEntity, form)
	}
	for _, f := range files {
		if len(f.Body) > intake.FileBytes {
			form.Fail("file", pictureTooLarge.Code)
			return d.showBatch(c, http.StatusUnprocessableEntity, form)
		}
		if why := qr.Recognise(f.Body); why != "" {
			form.Fail("file", "picture_"+string(why))
			return d.showBatch(c, http.StatusUnprocessableEntity, form)
		}
	}
	err = d.write(c, "", func(tx *store.Tx) (string, error) {
		b, err := intake.BatchByRef(tx, refOf(c))
		if err != nil {
			return "", err
		}
		to := "/batches/" + string(b.Ref)
		for _, f := range files {
			kept, err := card.AddListFile(tx, actor(c), b.ID, f.Name, f.Body)
			if err != nil {
				return "", err
			}
			if len(files) == 1 {
				to = "/pictures/" + string(kept.Ref) + "?wait=1"
			}
		}
		return to, nil
	})
	if p, ok := problem.As(err); ok && p.Kind == problem.Conflict {
		form.Apply(p)
		return d.showBatch(c, http.StatusConflict, form)
	}
	return err
}

// pictureTooLarge refuses a file before any of it is looked at.
var pictureTooLarge = problem.Define(problem.Invalid, "picture_too_large")

// closeBatch ends a delivery; reopenBatch lets it go on.
func (d *Desk) closeBatch(c *gin.Context) error {
	return d.batchStep(c, "batch_closed", intake.CloseBatch)
}

func (d *Desk) reopenBatch(c *gin.Context) error {
	return d.batchStep(c, "batch_reopened", intake.ReopenBatch)
}

func (d *Desk) batchStep(c *gin.Context, flash string, step func(*store.Tx, audit.Actor, store.Ref, int) error) error {
	err := d.write(c, flash, func(tx *store.Tx) (string, error) {
		return "/batches/" + string(refOf(c)), step(tx, actor(c), refOf(c), version(c))
	})
	if p, ok := problem.As(err); ok && p.Kind == problem.Conflict {
		form := fileForm(c)
		form.Apply(p)
		return d.showBatch(c, http.StatusConflict, form)
	}
	return err
}

// toBatch leads from what only does something to the delivery's page.
func toBatch(c *gin.Context) error { return web.To(c, "/batches/"+string(refOf(c))) }

func batchForm(c *gin.Context) *web.Form {
	return web.ReadForm(c, "arrived_on", "venue", "expected", "remarks")
}

func (d *Desk) askNewBatch(c *gin.Context) error {
	return d.showBatchForm(c, http.StatusOK, batchForm(c), false)
}

func (d *Desk) askBatch(c *gin.Context) error {
	return d.showBatchForm(c, http.StatusOK, batchForm(c), false)
}

// showBatchForm asks what is known of a delivery; without a Ref in the address
// it is a new one.
func (d *Desk) showBatchForm(c *gin.Context, status int, form *web.Form, stale bool) error {
	p := setupFormPage{Heading: "便を開く", Action: "/batches", Submit: "この便の読取りを始める", Back: link{Path: "/batches", Label: "便の一覧に戻る"}, Stale: stale}
	var b intake.Batch
	var venues []option
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		all, err := booking.Venues(tx)
		if err != nil {
			return err
		}
		for _, v := range all {
			venues = append(venues, option{Value: string(v.Ref), Label: v.Name})
		}
		if refOf(c) == "" {
			b.ArrivedOn = jp.DateOf(tx.Now)
			return nil
		}
		b, err = intake.BatchByRef(tx, refOf(c))
		return err
	})
	if err != nil {
		return err
	}
	if b.Ref != "" {
		p.Heading, p.Action, p.Submit = b.Name()+"を直す", "/batches/"+string(b.Ref)+"/edit", ""
		p.Back = link{Path: "/batches/" + string(b.Ref), Label: "便に戻る"}
	}
	expected := ""
	if b.Expected > 0 {
		expected = fmt.Sprint(b.Expected)
	}
	p.ask(c, form,
		question{name: "arrived_on", class: "half", now: []string{typedDay(b.ArrivedOn)}, required: true},
		question{name: "venue", label: "保管する受付場所", kind: "select", options: venues, now: []string{string(b.VenueRef)}},
		question{name: "expected", class: "code short", now: []string{expected}},
		question{name: "remarks", class: "kanji", label: "備考（任意）", now: []string{b.Remarks}},
	)
	return d.showForm(c, status, form, &p, b.Version)
}

func (d *Desk) readBatchForm(form *web.Form) intake.BatchForm {
	f := intake.BatchForm{Venue: store.Ref(form.Value("venue")), Remarks: form.Value("remarks")}
	f.ArrivedOn = readDay(form, "arrived_on", jp.DateOf(d.store.Now()))
	if strings.TrimSpace(form.Value("expected")) != "" {
		if f.Expected = readNumber(form, "expected", "expected"); f.Expected == 0 {
			form.Fail("expected", intake.BatchExpected.Code)
		}
	}
	return f
}

func (d *Desk) openBatch(c *gin.Context) error {
	form := batchForm(c)
	f := d.readBatchForm(form)
	if !form.OK() {
		return d.showBatchForm(c, http.StatusUnprocessableEntity, form, false)
	}
	err := d.write(c, "batch_opened", func(tx *store.Tx) (string, error) {
		b, err := intake.OpenBatch(tx, actor(c), f)
		return "/read?batch=" + string(b.Ref), err
	})
	return d.batchRefused(c, err, form)
}

func (d *Desk) changeBatch(c *gin.Context) error {
	form := batchForm(c)
	f := d.readBatchForm(form)
	if !form.OK() {
		return d.showBatchForm(c, http.StatusUnprocessableEntity, form, false)
	}
	err := d.write(c, "batch_changed", func(tx *store.Tx) (string, error) {
		return "/batches/" + string(refOf(c)), intake.ChangeBatch(tx, actor(c), refOf(c), version(c), f)
	})
	return d.batchRefused(c, err, form)
}

func (d *Desk) batchRefused(c *gin.Context, err error, form *web.Form) error {
	p, ok := problem.As(err)
	switch {
	case !ok:
		return err
	case errors.Is(p, intake.BatchStale):
		return d.showBatchForm(c, http.StatusConflict, form, true)
	case p.Kind == problem.Invalid, p.Kind == problem.Conflict:
		form.Apply(p)
		return d.showBatchForm(c, http.StatusUnprocessableEntity, form, false)
	}
	return err
}
