package console

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

const leftPath = "/left-behind"

func (d *Desk) leftRoutes() []guarded {
	return []guarded{
		d.need(staff.MayBook, web.GET(leftPath, d.leftBehind)),
		d.need(staff.MayBook, web.GET(leftPath+"/:ref", d.askSettle)),
		d.need(staff.MayBook, web.POST(leftPath+"/:ref", d.settleLeft)),
		d.need(staff.MayBook, web.GET(leftPath+"/:ref/redo", toLeft)),
		d.need(staff.MayBook, web.POST(leftPath+"/:ref/redo", d.redoLeft)),
	}
}

func toLeft(c *gin.Context) error { return web.To(c, leftPath) }

// mostLeft is how many lines the list shows.
const mostLeft = 300

// leftPage is the work list of what another machine answered as provisional
// before this one took over (引き継ぎで残った仮受付).
type leftPage struct {
	page
	Open, Ended []leftRow
	Notice      string // why something could not be done
	Cut         bool
	Most        int
}

type leftRow struct {
	person
	What      string
	Number    string
	Place     string
	WrittenAt string
	Why       string // why it was not carried out by itself
	Now       string // the booking that there is now
	Record    string // address of the person's record or booking
	Book      string // address for another slot
	Path      string
	Version   int
	State     string
	Ended     string // when, and by whom
	Note      string
}

func (d *Desk) leftBehind(c *gin.Context) error { return d.showLeft(c, http.StatusOK, "") }

func (d *Desk) showLeft(c *gin.Context, status int, notice string) error {
	p := leftPage{Notice: notice, Most: mostLeft}
	err := d.store.Read(c, func(tx *store.Tx) error {
		all, err := booking.LeftList(tx, mostLeft+1)
		if err != nil {
			return err
		}
		if p.Cut = len(all) > mostLeft; p.Cut {
			all = all[:mostLeft]
		}
		for _, e := range all {
			if e.Venue != 0 && !worksAt(c, e.Venue) {
				continue
			}
			row, err := d.leftRow(c, tx, e)
			if err != nil {
				return err
			}
			if e.Left.State == booking.LeftOpen {
				p.Open = append(p.Open, row)
			} else {
				p.Ended = append(p.Ended, row)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.show(c, status, "left_behind", "引き継ぎで残った仮受付", &p)
}

func (d *Desk) leftRow(c *gin.Context, tx *store.Tx, e booking.LeftEntry) (leftRow, error) {
	l := e.Left
	row := leftRow{
		person: personOf(e.Record), What: l.What.Label(), Number: l.Number.String(), Place: l.Place, WrittenAt: recently(l.WrittenAt),
		Path: leftPath + "/" + string(l.Ref), Version: l.Version, Note: l.Note,
	}
	switch {
	case l.CardID != 0:
		row.Record, row.Book = recipientPath(e.Record), recipientPath(e.Record)+"/book"
	case l.RecipientID == 0:
		row.person = person{Name: "記録がない人"}
	}
	row.Telephone = orNone(e.Record.Telephone)
	if l.Why != "" {
		row.Why = web.WordsOf(c).Problem(l.Why, nil)
	}
	v, has, err := leftNow(tx, l)
	if err != nil {
		return row, err
	}
	if has {
		row.Now, row.Book = bookingNow(v), ""
		if row.Record == "" {
			row.Record = bookingPath(v.Booking.Ref)
		}
	}
	if l.State == booking.LeftOpen {
		return row, nil
	}
	row.State, row.Ended = "自動で反映", recently(l.SettledAt)
	if e.By != "" {
		row.State, row.Ended = "反映", row.Ended+"　"+e.By
	}
	if l.State == booking.LeftSettled {
		row.State = "済み"
	}
	return row, nil
}

// leftNow finds the booking that the person has here now.
func leftNow(tx *store.Tx, l booking.LeftBehind) (booking.Visit, bool, error) {
	if l.CardID != 0 {
		return booking.Live(tx, l.CardID)
	}
	if l.RecipientID != 0 {
		return booking.LiveOfVisitor(tx, l.RecipientID)
	}
	return booking.Visit{}, false, nil
}

// ourLeft finds the entry in the address, at a place of ours.
func ourLeft(tx *store.Tx, c *gin.Context) (booking.LeftBehind, error) {
	l, err := booking.LeftByRef(tx, refOf(c))
	if err != nil || l.SlotID == 0 {
		return l, err
	}
	venue, err := store.One[int64](tx, `SELECT venue_id FROM slot WHERE id = ?`, l.SlotID)
	if err != nil {
		return l, err
	}
	return l, here(c, venue)
}

// redoLeft carries out here what was answered there.
func (d *Desk) redoLeft(c *gin.Context) error {
	err := d.write(c, "left_redone", func(tx *store.Tx) (string, error) {
		if _, err := ourLeft(tx, c); err != nil {
			return "", err
		}
		return leftPath, booking.Redo(tx, actor(c), refOf(c), version(c))
	})
	if refused, ok := problem.As(err); ok && refused.Kind == problem.Conflict {
		return d.showLeft(c, http.StatusConflict, d.sentence(c, refused))
	}
	return err
}

// settlePage asks what was done about an entry.
type settlePage struct {
	page
	Row    leftRow
	Reason *control
}

func (d *Desk) askSettle(c *gin.Context) error {
	return d.showSettle(c, http.StatusOK, web.ReadForm(c, "reason"))
}

func (d *Desk) showSettle(c *gin.Context, status int, form *web.Form) error {
	var p settlePage
	over := false
	err := d.store.Read(c, func(tx *store.Tx) error {
		l, err := ourLeft(tx, c)
		if err != nil {
			return err
		}
		over = l.State != booking.LeftOpen
		e, err := booking.LeftEntryByRef(tx, l.Ref)
		if err != nil {
			return err
		}
		p.Row, err = d.leftRow(c, tx, e)
		return err
	})
	if err != nil {
		return err
	}
	if over {
		return d.showLeft(c, http.StatusConflict, d.sentence(c, booking.LeftOver))
	}
	words := web.WordsOf(c)
	p.Reason = &control{Field: *form.Field("reason"), Type: "text", Class: "kanji", Autocomplete: "off"}
	p.Reason.Label, p.Reason.Hint = words.T("field.left_reason.label"), words.T("field.left_reason.hint")
	p.failed(form)
	return d.show(c, status, "left_settle", "仮受付を済みにする", &p)
}

// settleLeft ends an entry with what was done about it.
func (d *Desk) settleLeft(c *gin.Context) error {
	form := web.ReadForm(c, "reason")
	err := d.write(c, "left_settled", func(tx *store.Tx) (string, error) {
		if _, err := ourLeft(tx, c); err != nil {
			return "", err
		}
		return leftPath, booking.Settle(tx, actor(c), refOf(c), version(c), form.Value("reason"))
	})
	refused, ok := problem.As(err)
	switch {
	case ok && refused.Kind == problem.Invalid:
		form.Apply(refused)
		return d.showSettle(c, http.StatusUnprocessableEntity, form)
	case ok && refused.Kind == problem.Conflict:
		return d.showLeft(c, http.StatusConflict, d.sentence(c, refused))
	}
	return err
}
