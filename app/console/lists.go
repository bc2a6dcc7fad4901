package console

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"madoguchi/app/intake"
	"madoguchi/app/problem"
	"madoguchi/app/sheet"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

func (d *Desk) listFileRoutes() []guarded {
	upload := web.POST("/lists/file", d.uploadList).Upload(sheet.MostBytes+1<<20, patience, sheet.TooLarge.With("most", fmt.Sprint(sheet.MostBytes>>20)))
	return []guarded{
		d.need(staff.MayTakeLists, web.GET("/lists", d.lists)),
		d.need(staff.MayTakeLists, web.GET("/lists/file", func(c *gin.Context) error { return web.To(c, "/lists") })),
		d.need(staff.MayTakeLists, upload),
		d.need(staff.MayTakeLists, web.GET("/lists/:ref", d.list)),
		d.need(staff.MayTakeLists, web.GET("/lists/:ref/columns", d.askColumns)),
		d.need(staff.MayTakeLists, web.POST("/lists/:ref/columns", d.mapColumns)),
		d.need(staff.MayTakeLists, web.GET("/lists/:ref/rows/:number", d.askRow)),
		d.need(staff.MayTakeLists, web.POST("/lists/:ref/rows/:number", d.decideRow)),
		d.need(staff.MayTakeLists, web.GET("/lists/:ref/apply", toList)),
		d.need(staff.MayTakeLists, web.POST("/lists/:ref/apply", d.applyList)),
		d.need(staff.MayTakeLists, web.GET("/lists/:ref/back", toList)),
		d.need(staff.MayTakeLists, web.POST("/lists/:ref/back", d.takeListBack)),
		d.need(staff.MayTakeLists, web.GET("/lists/:ref/drop", toList)),
		d.need(staff.MayTakeLists, web.POST("/lists/:ref/drop", d.dropList)),
		d.need(staff.MayTakeLists, web.GET("/lists/:ref/defects", d.downloadDefects)),
	}
}

func listPath(ref store.Ref) string { return "/lists/" + string(ref) }

func toList(c *gin.Context) error { return web.To(c, listPath(refOf(c))) }

// listsPage is where lists are taken in (名簿の取込).
type listsPage struct {
	page
	File  web.Field
	Kind  web.Field
	Kinds []pick
	Files []listLine
	Days  int // how long contents are kept
}

// pick is one of several values to choose from.
type pick struct {
	ID, Value, Label, Hint string
	Chosen                 bool
}

// listLine is one file as a list shows it.
type listLine struct {
	Path, Kind, Name, State, At, By, Rows string
}

func listLineOf(f intake.File) listLine {
	name := f.Name
	if name == "" {
		name = "（中身は消去済み）"
	}
	return listLine{Path: listPath(f.Ref), Kind: f.List.Label(), Name: name, State: f.State.Label(), At: instant(f.UploadedAt),
		By: f.UploadedBy, Rows: thousands(f.Total)}
}

var listHints = map[intake.List]string{
	intake.AddressList: "1行に1人。交付通知書番号か申請書ID、またはカナと生年月日で本人に結び付け、住所と郵便番号を登録します。",
	intake.RenewalList: "有効期限が近い人の一覧。QRコードで読み取ったカードと比べます。",
	intake.CardList:    "交付対象者一覧のQRコードが読めないとき、CSVでカードを登録します。",
}

func (d *Desk) lists(c *gin.Context) error {
	return d.showLists(c, http.StatusOK, web.ReadForm(c, "file", "list"))
}

func (d *Desk) showLists(c *gin.Context, status int, form *web.Form) error {
	p := listsPage{File: *form.Field("file"), Kind: *form.Field("list"), Days: intake.KeptDays}
	for i, l := range intake.Lists() {
		chosen := form.Value("list") == string(l)
		id := "f-list"
		if i > 0 {
			id = fmt.Sprintf("f-list-%d", i)
		}
		p.Kinds = append(p.Kinds, pick{ID: id, Value: string(l), Label: l.Label(), Hint: listHints[l], Chosen: chosen})
	}
	err := d.store.Read(c, func(tx *store.Tx) error {
		files, err := intake.Files(tx, 30)
		for _, f := range files {
			p.Files = append(p.Files, listLineOf(f))
		}
		return err
	})
	if err != nil {
		return err
	}
	p.failed(form)
	return d.show(c, status, "lists", "名簿の取込", &p)
}

// uploadList reads a file to its end and keeps it.
func (d *Desk) uploadList(c *gin.Context) error {
	form := web.ReadForm(c, "file", "list")
	files, err := web.ReadFiles(c, "file")
	if err != nil {
		return err
	}
	if len(files) == 0 {
		form.Fail("file", "file_missing")
		return d.showLists(c, http.StatusUnprocessableEntity, form)
	}
	in, err := intake.Inspect(intake.List(form.Value("list")), files[0].Name, files[0].Body)
	if err == nil {
		err = d.write(c, "", func(tx *store.Tx) (string, error) {
			ref, err := intake.Upload(tx, actor(c), in)
			return listPath(ref), err
		})
	}
	if p, ok := problem.As(err); ok && p.Kind == problem.Invalid && len(p.Fields) > 0 {
		form.Apply(p)
		return d.showLists(c, http.StatusUnprocessableEntity, form)
	}
	return err
}

// list shows a file as far as it has come.
func (d *Desk) list(c *gin.Context) error {
	if c.Query("wait") != "" {
		d.waitForList(c)
	}
	f, err := d.listFile(c)
	if err != nil {
		return err
	}
	if at, busy := d.runner.Progress(f.Ref); busy {
		return d.showProgress(c, f, at)
	}
	switch f.State {
	case intake.ListIsUploaded, intake.ListHasFailed:
		return d.askColumns(c)
	case intake.ListIsMatching:
		// A restart has cut it off.
		d.runner.Match(f.Ref)
		return d.showProgress(c, f, intake.Progress{Step: intake.Matching, Done: f.Done})
	}
	return d.showRows(c, http.StatusOK, f)
}

// waitForList waits for the end of what is under way, but not for long.
func (d *Desk) waitForList(c *gin.Context) {
	end := time.After(pictureWait)
	for {
		if _, busy := d.runner.Progress(refOf(c)); !busy {
			return
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

func (d *Desk) listFile(c *gin.Context) (f intake.File, err error) {
	err = d.store.Read(c, func(tx *store.Tx) error {
		f, err = intake.GetFile(tx, refOf(c))
		return err
	})
	return f, err
}

// listProgressPage shows how far a file has come. It is the same after a
// reload, and for everybody.
type listProgressPage struct {
	page
	File    listLine
	Step    string
	Done    string
	Percent int
}

func (d *Desk) showProgress(c *gin.Context, f intake.File, at intake.Progress) error {
	p := listProgressPage{File: listLineOf(f), Step: at.Step.Label(), Done: thousands(at.Done)}
	p.File.State = p.Step
	if f.Total > 0 {
		p.Percent = min(100, 100*at.Done/f.Total)
	}
	return d.show(c, http.StatusOK, "list_progress", p.Step, &p)
}

// listColumnsPage says what was found and asks which column is what.
type listColumnsPage struct {
	page
	File      listLine
	Version   int
	Charset   string
	Delimiter string
	Header    bool
	Failure   string // why it could not be matched
	Warnings  []string
	Batches   []pick // deliveries that cards can be put into; none for other lists
	Columns   []columnChoice
	Preview   [][]string
}

// columnChoice is one column of a file with what it may be.
type columnChoice struct {
	Number  int
	ID      string
	Name    string
	Choices []pick
}

func (d *Desk) askColumns(c *gin.Context) error {
	return d.showColumns(c, http.StatusOK, web.ReadForm(c, "mapping"), nil)
}

// showColumns shows what was chosen before, or what was just refused.
func (d *Desk) showColumns(c *gin.Context, status int, form *web.Form, typed []intake.FieldName) error {
	var p listColumnsPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		f, err := intake.GetFile(tx, refOf(c))
		if err != nil {
			return err
		}
		if wrong := f.FailureOf(); wrong != nil {
			p.Failure = d.sentence(c, wrong)
		}
		if typed != nil {
			f.Header = c.PostForm("header") == "1"
		}
		return p.fill(tx, f, typed)
	})
	if err != nil {
		return err
	}
	p.failed(form)
	return d.show(c, status, "list_columns", "列を指定する", &p)
}

const previewRows = 5

func (p *listColumnsPage) fill(tx *store.Tx, f intake.File, typed []intake.FieldName) error {
	found, err := f.FoundOut()
	if err != nil {
		return err
	}
	mapping, err := f.Columns()
	if err != nil {
		return err
	}
	if typed != nil {
		mapping = typed
	}
	preview, err := intake.LookInto(tx, f, previewRows)
	if err != nil {
		return err
	}
	if f.List == intake.CardList {
		if p.Batches, err = batchPicks(tx, f); err != nil {
			return err
		}
	}
	p.File, p.Version, p.Header = listLineOf(f), f.Version, f.Header
	p.Charset, p.Delimiter = found.Charset.Label(), found.DelimiterLabel()
	if at, before, err := intake.AppliedBefore(tx, f); err != nil {
		return err
	} else if before {
		p.Warnings = append(p.Warnings, "同じ内容のファイルを "+instant(at)+" に反映しています。もう一度取り込んでも、同じ内容は変わりません。")
	}
	if found.Sheets > 1 {
		p.Warnings = append(p.Warnings, fmt.Sprintf("シートが%d枚あります。「%s」だけを読みます。", found.Sheets, found.Title))
	}
	for _, row := range preview.Rows {
		var cells []string
		for _, cell := range row {
			cells = append(cells, shorten(cell))
		}
		p.Preview = append(p.Preview, cells)
	}
	for i := range found.Columns {
		column := columnChoice{Number: i + 1, ID: fmt.Sprintf("f-column_%d", i+1), Name: fmt.Sprintf("%d列目", i+1)}
		if i < len(preview.Header) && preview.Header[i] != "" {
			column.Name += "　" + shorten(preview.Header[i])
		}
		column.Choices = append(column.Choices, pick{Value: "", Label: intake.Skip.Label()})
		for _, field := range intake.FieldsOf(f.List) {
			column.Choices = append(column.Choices, pick{Value: string(field), Label: field.Label(), Chosen: i < len(mapping) && mapping[i] == field})
		}
		p.Columns = append(p.Columns, column)
	}
	return nil
}

// batchPicks are the deliveries into which a list's cards can be put. The
// newest is proposed: a sheet is torn on the day its box is unpacked.
func batchPicks(tx *store.Tx, f intake.File) ([]pick, error) {
	open, err := intake.OpenBatches(tx)
	if err != nil {
		return nil, err
	}
	var all []pick
	for i, b := range open {
		all = append(all, pick{Value: string(b.Ref), Label: b.Name(), Chosen: b.ID == f.BatchID || i == 0 && f.BatchID == 0 && f.State == intake.ListIsUploaded})
	}
	return append(all, pick{Value: "", Label: "便に入れない", Chosen: f.BatchID == 0 && f.State != intake.ListIsUploaded}), nil
}

// mapColumns has the file matched as the page says.
func (d *Desk) mapColumns(c *gin.Context) error {
	form := web.ReadForm(c, "mapping")
	f, err := d.listFile(c)
	if err != nil {
		return err
	}
	found, err := f.FoundOut()
	if err != nil {
		return err
	}
	mapping := make([]intake.FieldName, found.Columns)
	for i := range mapping {
		mapping[i] = intake.FieldName(c.PostForm(fmt.Sprintf("column_%d", i+1)))
		if !intake.HasField(f.List, mapping[i]) {
			mapping[i] = intake.Skip
		}
	}
	err = d.write(c, "", func(tx *store.Tx) (string, error) {
		if f.List == intake.CardList {
			if err := intake.PutIntoBatch(tx, actor(c), f.Ref, store.Ref(c.PostForm("batch"))); err != nil {
				return "", err
			}
		}
		return listPath(f.Ref), intake.Map(tx, actor(c), f.Ref, version(c), c.PostForm("header") == "1", mapping)
	})
	if p, ok := problem.As(err); ok && p.Kind == problem.Invalid {
		form.Apply(p)
		return d.showColumns(c, http.StatusUnprocessableEntity, form, mapping)
	}
	if err == nil {
		d.runner.Match(f.Ref)
	}
	return err
}

// applyList writes what the page showed.
func (d *Desk) applyList(c *gin.Context) error {
	by, ref, version, expect := actor(c), refOf(c), version(c), countIn(c, "expect")
	return d.writeList(c, intake.Applying, func(tx *store.Tx) error { return d.runner.Apply(tx, by, ref, version, expect) })
}

func (d *Desk) takeListBack(c *gin.Context) error {
	by, ref, version := actor(c), refOf(c), version(c)
	return d.writeList(c, intake.TakingBack, func(tx *store.Tx) error { return d.runner.TakeBack(tx, by, ref, version) })
}

// listPatience is how long the answer waits for the end: a short list is then
// done, a long one shows how far it has come.
const listPatience = 2 * time.Second

// listFlashes are what is said at the end of a step.
var listFlashes = map[intake.Step]string{intake.Applying: "list_applied", intake.TakingBack: "list_taken_back"}

// writeList does something with a whole list, which may take longer than anyone
// waits for an answer. The same form again does nothing: do refuses a file whose
// version has changed, and the file's page says what has become of it.
func (d *Desk) writeList(c *gin.Context, step intake.Step, do func(*store.Tx) error) error {
	ref := refOf(c)
	first := false
	err := d.store.Write(c, func(tx *store.Tx) error {
		_, err := web.Once(tx, c, func() (string, error) {
			first = true
			_, err := intake.GetFile(tx, ref)
			return listPath(ref), err
		})
		return err
	})
	if err != nil {
		return err
	}
	if first {
		if ended, begun := d.runner.Write(ref, step, do); begun {
			select {
			case <-ended:
			case <-time.After(listPatience):
			}
		}
	}
	return web.To(c, listPath(ref))
}

func (d *Desk) dropList(c *gin.Context) error {
	return d.write(c, "list_dropped", func(tx *store.Tx) (string, error) {
		return "/lists", intake.Drop(tx, actor(c), refOf(c))
	})
}
