package console

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/jp"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

// recipientPage is all that is known of one person and card (交付対象者).
type recipientPage struct {
	page
	person
	standing
	BoxHeading  string
	BoxSentence string
	Booking     *bookingBox
	Buttons     []button
	// SignInClosed offers to let a resident in again who failed too often.
	SignInClosed bool

	Age           string
	Fee           string // of the kind of issue; "" for none
	Wording       string
	ApplicationID string
	PostalCode    string
	Address       string
	Telephone     string
	ContactPath   string
	ReadAt        string
	Position      string // shelf or box; "" for none
	MayShelve     bool
	ShelfPath     string // where that is changed; "" for who may not
	BookedOn      string
	IssuedAt      string
	ExpiresOn     string

	// Elsewhere: the live booking is at a place at which the reader does not work.
	Elsewhere bool
	// elsewhere tells a live booking at a place at which the reader does not
	// work; nil means that there is none.
	elsewhere func(booking.Visit) bool

	Waiting  *waitingBox // nil for who does not wait
	History  []pastBooking
	Notes    []note
	Note     *control // nil for who may not write one
	Trail    []trailLine
	TrailCut bool
}

// bookingBox is the card's live booking, or the one it was issued with.
type bookingBox struct {
	Path, When, Venue, Number, Channel, BookedAt, ChangedAt, Reason string
	Provisional                                                     bool
}

// waitingBox is the card's place on the waiting list.
type waitingBox struct {
	standing
	Where, Days, Path string
}

type button struct{ Path, Label, Class string }

type pastBooking struct{ Path, When, Venue, Number, Channel, State, Class string }

type note struct{ Body, WrittenAt, WrittenBy string }

// recipient shows a person and card.
func (d *Desk) recipient(c *gin.Context) error {
	return d.showRecipient(c, http.StatusOK, web.ReadForm(c, "body"))
}

func (d *Desk) showRecipient(c *gin.Context, status int, form *web.Form) error {
	p := recipientPage{elsewhere: func(v booking.Visit) bool { return v.Live() && ourBooking(c, v) != nil }}
	may := account(c).Role.May
	err := d.store.Read(c, func(tx *store.Tx) error {
		r, err := card.Get(tx, refOf(c))
		if err != nil {
			return err
		}
		return p.fill(tx, r, may)
	})
	if err != nil {
		return err
	}
	if may(staff.MayWriteNotes) {
		p.Note = noteControl(form)
	}
	p.failed(form)
	return d.show(c, status, "recipient", p.Name, &p)
}

func (p *recipientPage) fill(tx *store.Tx, r card.Record, may func(staff.Permission) bool) error {
	visits, err := booking.OfCard(tx, r.Card.ID)
	if err != nil {
		return err
	}
	p.person = personOf(r)
	kind, err := card.KindOf(tx, r.IssueKind)
	if err != nil {
		return err
	}
	p.Fee, p.Wording = kind.Fee, kind.Wording
	p.ApplicationID = orNone(r.ApplicationID)
	p.PostalCode, p.Address, p.Telephone = r.PostalCode.String(), orNone(strings.TrimSpace(r.Address+"　"+r.Building)), orNone(r.Telephone)
	p.ExpiresOn = orNone(r.ExpiresOn.Both())
	if age, ok := r.Birth.AgeOn(jp.DateOf(tx.Now)); ok {
		p.Age = fmt.Sprintf("%d歳", age)
	}
	if may(staff.MayRelease) {
		if p.SignInClosed, err = card.SignInClosed(tx, r.Card); err != nil {
			return err
		}
	}
	p.MayShelve = may(staff.MayReadList)
	if may(staff.MayCorrect) {
		p.ContactPath = p.Path + "/contact"
	}
	p.bookings(tx, r, visits)
	if err := p.waiting(tx, r); err != nil {
		return err
	}
	p.Elsewhere = p.elsewhere != nil && slices.ContainsFunc(visits, p.elsewhere)
	if p.Elsewhere {
		p.BoxSentence = "この予約の変更と取消は、" + p.Booking.Venue + "の担当者が行います。"
	}
	if may(staff.MayCheckIn) && !p.Elsewhere {
		for _, v := range visits {
			if comesToday(tx, v) {
				p.Buttons = append(p.Buttons, button{visitPath(v.Booking.Ref), "来庁の受付", ""})
			}
		}
	}
	p.buttons(r, func(needs staff.Permission) bool { return may(needs) && !(p.Elsewhere && needs == staff.MayBook) })
	if err := p.dates(tx, r); err != nil {
		return err
	}
	notes, err := card.Notes(tx, r.Card.ID)
	if err != nil {
		return err
	}
	for _, n := range notes {
		p.Notes = append(p.Notes, note{Body: n.Body, WrittenAt: recently(n.WrittenAt), WrittenBy: n.WrittenBy})
	}
	subjects := []audit.Subject{r.Card.Subject()}
	for _, v := range visits {
		subjects = append(subjects, v.Booking.Subject())
	}
	p.Trail, p.TrailCut, err = trailOf(tx, subjects...)
	return err
}

func (p *recipientPage) bookings(tx *store.Tx, r card.Record, visits []booking.Visit) {
	for _, v := range visits {
		if p.Booking == nil && (v.Live() || v.State == booking.Done && r.Issued()) {
			p.Booking = bookingBoxOf(tx, v)
			p.BookedOn = v.Slot.HeldOn.Era()
			continue
		}
		p.History = append(p.History, pastBooking{
			Path: bookingPath(v.Booking.Ref), When: slotTime(v.Slot), Venue: v.Venue.Name, Number: v.Number.String(),
			Channel: v.Channel.Label(), State: v.State.Label(), Class: string(v.State),
		})
	}
	p.BookedOn = orNone(p.BookedOn)
	p.standing = standingOf(r, p.Booking != nil)
	switch {
	case r.Issued():
		p.BoxHeading = "交付済みです"
		if p.Booking == nil {
			p.BoxSentence = "予約なしで交付しました。"
		}
	case p.Booking != nil:
		p.BoxHeading = "いまの予約"
	case !r.NeedsBooking:
		p.BoxHeading, p.BoxSentence = "予約", "予約のいらない区分です（"+r.KindName+"）。窓口で受け取りたいときは、予約もできます。"
	default:
		p.BoxHeading, p.BoxSentence = "予約", "まだ予約がありません。"
	}
}

func bookingBoxOf(tx *store.Tx, v booking.Visit) *bookingBox {
	return &bookingBox{
		Path: bookingPath(v.Booking.Ref), When: v.Slot.HeldOn.Era() + "　" + slotSpan(v.Slot), Venue: v.Venue.Name, Number: v.Number.String(),
		Channel: v.Channel.Label(), BookedAt: recently(v.BookedAt), ChangedAt: recently(v.ChangedAt), Reason: v.Reason, Provisional: provisional(tx, v),
	}
}

func (p *recipientPage) waiting(tx *store.Tx, r card.Record) error {
	w, waits, err := booking.WaitingOf(tx, r.Card.ID)
	if err != nil || !waits {
		return err
	}
	p.Waiting = &waitingBox{standing: waitingStanding(w), Days: daySpan(w.FromOn, w.UntilOn), Path: waitingPath(w)}
	p.Waiting.Where, err = placeAndService(tx, w.VenueID, w.ServiceID)
	return err
}

// buttons offers what the card's standing and the person's role allow.
func (p *recipientPage) buttons(r card.Record, may func(staff.Permission) bool) {
	if r.Issued() {
		return
	}
	add := func(needs staff.Permission, b button) {
		if may(needs) {
			b.Path = p.Path + b.Path
			p.Buttons = append(p.Buttons, b)
		}
	}
	if p.Booking == nil {
		add(staff.MayBook, button{"/book", "予約する", ""})
		add(staff.MayBook, button{"/together", "家族を一緒に予約する", "second"})
		add(staff.MayIssue, button{"/issue", "交付済みにする", "second"})
		return
	}
	add(staff.MayIssue, button{"/issue", "交付済みにする", ""})
	add(staff.MayBook, button{"/change", "予約を変更する", "second"})
	if p.Waiting == nil {
		add(staff.MayBook, button{"/waiting", "早い日のキャンセル待ちに入れる", "second"})
	}
	add(staff.MayBook, button{"/cancel", "予約を取り消す", "danger"})
}

// readText says when, by whom, with which delivery and how a card came on record.
func readText(info card.ReadInfo) string {
	text := instant(info.ReadAt) + "（" + info.ReadBy + "）"
	if info.BatchRef != "" {
		text += "　" + intake.BatchName(info.ArrivedOn, info.BatchNumber)
	}
	if info.Way != card.ByScanner {
		text += "　" + info.Way.Label()
	}
	return text
}

func (p *recipientPage) dates(tx *store.Tx, r card.Record) error {
	info, err := card.FirstRead(tx, r.Card.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		p.ReadAt = "なし"
	case err != nil:
		return err
	default:
		p.ReadAt, p.Position = readText(info), info.Position
		if p.MayShelve {
			p.ShelfPath = p.Path + "/shelf"
		}
	}
	p.IssuedAt = "まだ交付していません"
	if r.Issued() {
		who, err := issuer(tx, r)
		if err != nil {
			return err
		}
		p.IssuedAt = instant(r.IssuedAt) + "（" + who + "）"
	}
	return nil
}

// issuer is the name of who issued the card.
func issuer(tx *store.Tx, r card.Record) (string, error) {
	accounts, err := staff.List(tx)
	if err != nil {
		return "", err
	}
	for _, a := range accounts {
		if a.ID == r.IssuedBy {
			return a.Name, nil
		}
	}
	return "", fmt.Errorf("card %s was issued by an account that is not on record", r.Card.Ref)
}
