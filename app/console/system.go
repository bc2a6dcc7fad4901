package console

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/app/watch"
	"madoguchi/app/web"
	"madoguchi/store"
	"madoguchi/store/replica"
)

// AlarmUnknown is the answer to acknowledging what is no alarm.
var AlarmUnknown = problem.Define(problem.NotFound, "alarm_unknown")

func (d *Desk) systemRoutes() []guarded {
	return []guarded{
		d.need(staff.MayWatchSystem, web.GET("/system", d.system)),
		d.need(staff.MayWatchSystem, web.GET("/system/acknowledge", toSystem)),
		d.need(staff.MayWatchSystem, web.POST("/system/acknowledge", d.acknowledge)),
		d.need(staff.MayWatchSystem, web.GET("/system/runbooks/:name", d.runbook)),
		d.need(staff.MayWatchSystem, web.GET("/system/test", toSystem)),
		d.need(staff.MayWatchSystem, web.POST("/system/test", d.testAlarms)),
	}
}

func toSystem(c *gin.Context) error { return web.To(c, "/system") }

// systemPage tells those who look after the system how it stands (システムの状態).
type systemPage struct {
	page
	At       string
	Alarms   []alarmRow
	Lines    []systemLine
	Places   []placeLine
	Channels []channelRow
}

// alarmRow is an alarm that stands, in words.
type alarmRow struct {
	Kind, Label, Text, Do, Runbook string
	Since, Told, Class             string
	Acknowledged                   string // by whom and when; "" while nobody has
}

// systemLine is one thing that was measured.
type systemLine struct{ Label, Class, Mark, Text, Do, Runbook string }

// placeLine is where something is, or which version it has.
type placeLine struct{ Name, Value string }

type channelRow struct{ Label, Class, Mark, Text string }

var levelMarks = map[watch.Level]struct{ class, mark string }{
	watch.Good: {"done", "よい"}, watch.Unset: {"", "なし"}, watch.Notice: {"none", "注意"}, watch.Urgent: {"urgent", "至急"},
}

func (d *Desk) system(c *gin.Context) error {
	m := d.watch.Measure(c)
	p := systemPage{At: instant(m.At), Places: placesOf(m)}
	var names map[store.Ref]string
	if !m.Unreadable {
		err := d.store.Read(c, func(tx *store.Tx) (err error) {
			names, err = staffNames(tx)
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, a := range d.watch.Alarms() {
		p.Alarms = append(p.Alarms, alarmRowOf(a, names))
	}
	for _, f := range d.watch.Judge(m) {
		l := systemLine{Label: f.Label, Class: levelMarks[f.Level].class, Mark: levelMarks[f.Level].mark, Text: f.Text}
		if f.Level.Wrong() {
			l.Do, l.Runbook = f.Kind.Do(), f.Kind.Runbook()
		}
		p.Lines = append(p.Lines, l)
	}
	for _, o := range d.watch.Outcomes() {
		r := channelRow{o.Label, "", "未送信", "まだ何も送っていません"}
		switch {
		case o.At.IsZero():
		case o.Why == "":
			r = channelRow{o.Label, "done", "よい", recently(o.At) + " に届けました"}
		default:
			r = channelRow{o.Label, "urgent", "失敗", recently(o.At) + " に送れませんでした。" + o.Why}
		}
		p.Channels = append(p.Channels, r)
	}
	return d.show(c, http.StatusOK, "system", "システムの状態", &p)
}

func alarmRowOf(a watch.Alarm, names map[store.Ref]string) alarmRow {
	r := alarmRow{
		Kind: string(a.Kind), Label: a.Kind.Label(), Text: a.Text, Do: a.Kind.Do(), Runbook: a.Kind.Runbook(),
		Since: recently(a.Since), Class: "before", Told: "まだ知らせていません",
	}
	if a.Level == watch.Urgent {
		r.Class = "wrong"
	}
	if a.Times > 0 {
		r.Told = fmt.Sprintf("%d回（最後は %s）", a.Times, recently(a.ToldAt))
	}
	if a.Acknowledged() {
		r.Acknowledged = recently(a.AckAt) + "　" + names[a.By]
	}
	return r
}

var policyWords = map[replica.Policy]string{
	replica.Local:       "この機械に書けたら確定（local）",
	replica.Provisional: "複製先にも書けたら確定。届かない間は仮受付（provisional）",
	replica.Refuse:      "複製先にも書けたら確定。届かない間は断る（refuse）",
}

var modeWords = map[replica.Mode]string{
	replica.Once: "条件付きの書込み（once）", replica.Readback: "読み返し（readback）", replica.Manual: "手で切り替える（manual）",
}

// placesOf says where things are and which versions they have.
func placesOf(m watch.Measured) []placeLine {
	var all []placeLine
	if m.Copied {
		all = append(all,
			placeLine{"複製の場所", m.Copy.Target},
			placeLine{"確定の方針", policyWords[m.Copy.Policy]},
			placeLine{"世代", orNone(m.Copy.Epoch)},
			placeLine{"引継ぎの守り方", orNone(modeWords[m.Copy.Mode])},
		)
	}
	return append(all, placeLine{"プログラムの版", orNone(m.Release)}, placeLine{"データベースの版", fmt.Sprint(m.Schema)})
}

// runbookPage is a runbook (手順書) as it is written.
type runbookPage struct {
	page
	Text string
}

// runbook shows one: who is called at night has this page at hand, and hardly
// the program's folder.
func (d *Desk) runbook(c *gin.Context) error {
	name := c.Param("name")
	if path.Base(name) != name || !strings.HasSuffix(name, ".md") {
		return store.ErrNotFound
	}
	text, err := fs.ReadFile(d.files, "docs/runbooks/"+name)
	if errors.Is(err, fs.ErrNotExist) {
		return store.ErrNotFound
	}
	if err != nil {
		return err
	}
	title, rest, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
	return d.show(c, http.StatusOK, "runbook", title, &runbookPage{Text: strings.TrimSpace(rest)})
}

// acknowledge notes that somebody has seen to an alarm, also while the place of
// the copies is what is wrong.
func (d *Desk) acknowledge(c *gin.Context) error {
	kind := watch.Kind(web.ReadForm(c, "kind").Raw("kind"))
	if !slices.Contains(watch.Kinds(), kind) {
		return AlarmUnknown
	}
	by := actor(c)
	err := d.writeBy(d.store.WriteHere, c, "alarm_acknowledged", func(tx *store.Tx) (string, error) {
		return "/system", watch.Acknowledged(tx, by, kind)
	})
	if err == nil {
		d.watch.Acknowledge(kind, by.Ref)
	}
	return err
}

// testAlarms sends a message to everybody who would get an alarm.
func (d *Desk) testAlarms(c *gin.Context) error {
	test := false
	err := d.writeBy(d.store.WriteHere, c, "alarm_tested", func(tx *store.Tx) (string, error) {
		test = true
		return "/system", watch.Tested(tx, actor(c))
	})
	if err == nil && test {
		d.watch.Test(c)
	}
	return err
}
