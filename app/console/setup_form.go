package console

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/app/web"
)

// setupFormPage asks for what one row of the set-up holds, or whether something
// is to be done with it (設定の入力).
type setupFormPage struct {
	page
	Heading  string
	Lead     []string // what to know before
	Facts    []fact
	People   *peopleTable // whom it concerns; nil for nobody
	Move     link         // where they are moved; no path for who may not
	Action   string
	Version  int
	Hidden   []hidden
	Controls []setupControl
	Submit   string
	Class    string // of the button
	Back     link
	Stale    bool         // someone else was first: each field shows what is kept now
	Help     *addressHelp // beside an address; nil for other forms
	Upload   bool         // it takes a file
	Pictures []picture
	Others   []setupFormPage // further, smaller forms below

	fresh bool // the fields show what is kept, whatever was sent
}

type fact struct{ Name, Value string }

type hidden struct{ Name, Value string }

type picture struct {
	Path, Text    string
	Width, Height int
}

// setupControl is a field of any kind.
type setupControl struct {
	control
	Kind    string // text, area, select, checks, radios, file
	Beside  bool   // it stands beside the field before it
	Starts  bool   // the next field stands beside it
	Ends    bool   // it is the last of those beside one another
	Options []option
}

// option is one thing that can be chosen.
type option struct {
	ID, Value, Label string
	Chosen           bool
	Colour           string // it is shown beside the label; "" for none
}

// question is a field before it is filled: what is asked, and what is kept.
type question struct {
	name        string
	label, hint string // "": the words' own
	kind        string // "": text
	class       string
	options     []option
	now         []string // what is kept
	required    bool
	beside      bool // it stands beside the question before it
}

// ask adds questions. A page that is opened shows what is kept; one that was
// refused shows what was typed.
func (p *setupFormPage) ask(c *gin.Context, form *web.Form, questions ...question) {
	for _, q := range questions {
		if p.fresh || c.Request.Method != http.MethodPost && len(form.Values(q.name)) == 0 {
			form.Set(q.name, q.now...)
		}
		f := *form.Field(q.name)
		if q.label != "" {
			f.Label, f.Hint = q.label, q.hint
		} else if q.hint != "" {
			f.Hint = q.hint
		}
		f.Required = q.required
		if q.kind == "" {
			q.kind = "text"
		}
		s := setupControl{control: control{Field: f, Type: q.kind, Class: q.class, Autocomplete: "off"}, Kind: q.kind}
		switch q.kind {
		case "checks":
			s.Type = "checkbox"
		case "radios":
			s.Type = "radio"
		}
		var now []string
		for i, o := range q.options {
			if slices.Contains(q.now, o.Value) {
				now = append(now, o.Label)
			}
			o.ID, o.Chosen = fmt.Sprintf("f-%s-%d", q.name, i), f.Has(o.Value)
			s.Options = append(s.Options, o)
		}
		if q.options == nil {
			now = q.now
		}
		s.Now = orNone(strings.Join(now, "、"))
		if last := len(p.Controls) - 1; q.beside {
			before := &p.Controls[last]
			before.Starts, before.Ends = !before.Beside, false
			s.Beside, s.Ends = true, true
		}
		p.Controls = append(p.Controls, s)
	}
}

// hide adds a value that the form carries along.
func (p *setupFormPage) hide(name, value string) { p.Hidden = append(p.Hidden, hidden{name, value}) }

// showForm answers with a form of set-up. now is the version of what is kept; a
// page that was refused keeps the one it had, so that it still notices who came
// in between.
func (d *Desk) showForm(c *gin.Context, status int, form *web.Form, p *setupFormPage, now int) error {
	p.Version = now
	if status == http.StatusUnprocessableEntity {
		p.Version = version(c)
	}
	p.failed(form)
	p.nameErrors()
	p.Failed = p.Failed || p.Stale
	if p.Submit == "" {
		p.Submit = "保存する"
	}
	return d.show(c, status, "setup_form", p.Heading, p)
}

// nameErrors puts the label of its field before each line of the summary: several
// fields may be wrong in the same way.
func (p *setupFormPage) nameErrors() {
	labels := map[string]string{}
	for _, q := range p.Controls {
		labels[q.Name] = q.Label
	}
	nameErrors(p.Errors, labels)
}

func nameErrors(errors []web.FieldError, labels map[string]string) {
	for i, e := range errors {
		if label := labels[e.Field]; label != "" {
			errors[i].Text = label + "：" + e.Text
		}
	}
}

// shower shows a form again; stale says that someone else was first.
type shower func(c *gin.Context, status int, form *web.Form, stale bool) error

// refused shows a form of set-up again with what is wrong about it, if err is
// something that the person can put right.
func refused(c *gin.Context, err error, form *web.Form, show shower) error {
	p, ok := problem.As(err)
	switch {
	case !ok:
		return err
	case errors.Is(p, booking.SetupStale) || errors.Is(p, staff.Stale):
		return show(c, http.StatusConflict, form, true)
	case p.Kind == problem.Invalid:
		form.Apply(p)
		return show(c, http.StatusUnprocessableEntity, form, false)
	case p.Kind == problem.Conflict:
		form.Apply(p)
		return show(c, http.StatusConflict, form, false)
	}
	return err
}

// dayNow is the day it is at the town hall.
func (d *Desk) dayNow() jp.Date { return jp.DateOf(d.store.Now()) }

// typedDay is a day as the fields of set-up show it: without its weekday, which
// nobody types.
func typedDay(d jp.Date) string {
	day, _, _ := strings.Cut(d.Era(), "（")
	return day
}

// readDay reads a day from a field, in any way in which days are written; the
// zero Date where nothing was typed.
func readDay(form *web.Form, name string, today jp.Date) jp.Date {
	if form.Value(name) == "" {
		return jp.Date{}
	}
	d, ok := writtenDay(form.Value(name), today)
	if !ok {
		form.Fail(name, "day_form")
	}
	return d
}

// typedClock is a time of day as the fields of set-up show it.
func typedClock(c jp.Clock) string { return strings.TrimPrefix(c.String(), "0") }

var clockWords = strings.NewReplacer("時", ":", "分", "", "：", ":", " ", "")

// parseTyped reads a time of day such as 9:00, 9時30分, 17時 or 930.
func parseTyped(s string) (jp.Clock, bool) {
	s = clockWords.Replace(jp.Narrow(s))
	if strings.HasSuffix(s, ":") {
		s += "00"
	}
	if digits := len(s); !strings.Contains(s, ":") {
		switch digits {
		case 1, 2:
			s += ":00"
		case 3, 4:
			s = s[:digits-2] + ":" + s[digits-2:]
		}
	}
	c, err := jp.ParseClock(s)
	return c, err == nil
}

// readClock reads a time of day from a field; what cannot be read is said at on.
func readClock(form *web.Form, name, on string) jp.Clock {
	c, ok := parseTyped(form.Value(name))
	if !ok {
		form.Fail(on, "clock_form")
	}
	return c
}

// readNumber reads a number from a field; what cannot be read is said at on.
func readNumber(form *web.Form, name, on string) int {
	n, err := strconv.Atoi(jp.Narrow(form.Value(name)))
	if err != nil {
		form.Fail(on, "number_form")
	}
	return n
}

// box is a single box to tick.
func box(label string) []option { return []option{{Value: "1", Label: label}} }

// ticked is what is kept of a single box.
func ticked(yes bool) []string {
	if yes {
		return []string{"1"}
	}
	return nil
}
