package console

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

// papersPage ends a visit for which something was missing (書類不足). What was
// missing is kept as a handover note, so that the next clerk and the next call
// know of it; without a card there is no record that could hold one.
type papersPage struct {
	page
	Person  person
	When    string
	Path    string
	Version int
	Back    string
	Comer   string // who was to come; "" while nobody has said
	Items   []paper
	Note    *control // nil without a card, and for who may not write notes
}

// paper is one thing to bring that may have been missing.
type paper struct {
	ID, Text string
	Missing  bool
}

func (d *Desk) askPapers(c *gin.Context) error {
	return d.showPapers(c, http.StatusOK, web.ReadForm(c, "missing", "body"))
}

func (d *Desk) showPapers(c *gin.Context, status int, form *web.Form) error {
	p := papersPage{Path: "/bookings/" + string(refOf(c)) + "/papers-missing", Version: version(c)}
	p.Back = dayPage(c.Query("back"), wayBack(c))
	err := d.store.Read(c, func(tx *store.Tx) error {
		if _, err := servedHere(tx, c); err != nil {
			return err
		}
		e, err := booking.EntryByRef(tx, refOf(c))
		if err != nil {
			return err
		}
		p.Person, p.When = visitPerson(e), slotTime(e.Visit.Slot)+"　"+e.Visit.Venue.Name
		if p.Comer, err = comerText(tx, e.Visit.Booking); err != nil {
			return err
		}
		if c.Request.Method != http.MethodPost {
			p.Version = e.Visit.Version
		}
		if e.Visit.CardID == 0 || !may(c, staff.MayWriteNotes) {
			return nil
		}
		p.Note = noteControl(form)
		p.Note.Label, p.Note.Hint = "そのほかに足りなかったもの", "申し送りに残ります。"
		texts, err := booking.BringToVisit(tx, e.Visit, e.Record)
		for i, text := range texts {
			p.Items = append(p.Items, paper{ID: fmt.Sprintf("f-missing-%d", i), Text: text, Missing: form.Field("missing").Has(text)})
		}
		return err
	})
	if err != nil {
		return err
	}
	p.failed(form)
	return d.show(c, status, "papers", "書類が足りない", &p)
}

// missPapers ends the visit and writes the note, in one step.
func (d *Desk) missPapers(c *gin.Context) error {
	form := web.ReadForm(c, "missing", "body")
	err := d.write(c, "visit_papers_missing", func(tx *store.Tx) (string, error) {
		if _, err := servedHere(tx, c); err != nil {
			return "", err
		}
		v, err := booking.MissPapers(tx, actor(c), refOf(c), version(c))
		if err != nil {
			return "", err
		}
		text := missingNote(form)
		if text == "" || v.CardID == 0 || !may(c, staff.MayWriteNotes) {
			return wayBack(c), nil
		}
		r, err := card.GetByID(tx, v.CardID)
		if err != nil {
			return "", err
		}
		return wayBack(c), card.AddNote(tx, actor(c), r.Ref, text)
	})
	refused, ok := problem.As(err)
	if ok && errors.Is(refused, card.NoteTooLong) {
		form.Apply(refused)
		return d.showPapers(c, http.StatusUnprocessableEntity, form)
	}
	return d.orStepConflict(c, err)
}

// missingNote is the handover note about what was missing; "" when nothing is named.
func missingNote(form *web.Form) string {
	missing := form.Values("missing")
	if body := form.Value("body"); body != "" {
		missing = append(missing, body)
	}
	if len(missing) == 0 {
		return ""
	}
	return "書類不足：" + strings.Join(missing, "、")
}
