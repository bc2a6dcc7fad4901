package console

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

const (
	// recentVisits is how many of those who came last are listed.
	recentVisits = 8
	// notesShown is how many handover notes stand beside a visit.
	notesShown = 3
)

// checkInPage finds who stands at the counter by a number that is typed or
// scanned, and takes their visit on (来庁受付).
type checkInPage struct {
	page
	Rule   string    // the late rule in words
	Last   store.Ref // visit that is shown, for an Enter too many
	State  *visitState
	Recent []recentVisit
	Line   string // how many wait and are expected
}

// visitState is one visit, or why none is shown.
type visitState struct {
	Class   string // ready, done, before, wrong
	Alert   bool
	Heading string
	Text    string
	Person  *person
	Visit   *visitFacts
	Notes   []note
	// Provisional: the second place does not have the booking yet (仮受付).
	Provisional bool
	Others      []companion // of the same party, who are checked in one by one
	Actions     []action
	WasRead     string // what arrived, where it was no number
}

// visitFacts is what of a booking counts at the counter.
type visitFacts struct{ Path, When, Venue, Service, Number, Channel, Comer, Reason string }

type recentVisit struct {
	person
	At, When, State, Class string
	Visit                  link
}

func (d *Desk) askCheckIn(c *gin.Context) error {
	var p checkInPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		if ref := store.Ref(c.Query("visit")); ref != "" {
			e, err := booking.EntryByRef(tx, ref)
			if err != nil {
				return err
			}
			p.Last = ref
			if p.State, err = d.visitState(tx, c, e); err != nil {
				return err
			}
		}
		return p.fill(tx, c)
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "check_in", "来庁受付", &p)
}

// findVisit looks up what was typed or scanned. The number goes no further than
// this form: what the address then names is the booking.
func (d *Desk) findVisit(c *gin.Context) error {
	form := web.ReadForm(c, "scanned", "last")
	var to string
	var p checkInPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		v, err := booking.FindVisit(tx, form.Raw("scanned"))
		if err == nil {
			to = visitPath(v.Booking.Ref)
			return nil
		}
		refused, ok := problem.As(err)
		switch {
		case !ok:
			return err
		case errors.Is(refused, booking.NothingScanned):
			to = visitPath(store.Ref(form.Value("last")))
			return nil
		case errors.Is(refused, booking.NotLive):
			p.State, err = withoutBooking(tx, c, v.CardID)
		default:
			p.State, err = &visitState{
				Class: "wrong", Alert: true, Heading: "見つかりません", Text: d.sentence(c, refused), WasRead: showable(form.Raw("scanned")),
			}, nil
		}
		if err != nil {
			return err
		}
		p.Failed = true
		return p.fill(tx, c)
	})
	if err != nil {
		return err
	}
	if to != "" {
		return web.To(c, to)
	}
	return d.show(c, http.StatusUnprocessableEntity, "check_in", "来庁受付", &p)
}

// myNumberDigits is the length of a 個人番号, which is shown nowhere.
const myNumberDigits = 12

// showable is a wrongly read text as the page may repeat it.
func showable(s string) string {
	if len(jp.Digits(s)) >= myNumberDigits {
		return ""
	}
	return shorten(s)
}

// withoutBooking shows someone who came with a delivery notice, and no booking.
func withoutBooking(tx *store.Tx, c *gin.Context, id card.ID) (*visitState, error) {
	r, err := card.GetByID(tx, id)
	if err != nil {
		return nil, err
	}
	who := personOf(r)
	s := &visitState{Class: "before", Alert: true, Heading: "予約がありません", Text: "この人の予約はありません。空いている枠に予約を入れるか、予約なしで交付します。", Person: &who}
	if r.Issued() {
		s.Heading, s.Text = "交付済みです", "このカードは "+instant(r.IssuedAt)+" に交付しました。"
		return s, nil
	}
	if may(c, staff.MayBook) {
		s.Actions = append(s.Actions, action{Link: button{who.Path + "/book?channel=counter", "予約する", ""}})
	}
	if may(c, staff.MayIssue) {
		s.Actions = append(s.Actions, action{Link: button{who.Path + "/issue?back=/check-in", "予約なしで交付済みにする", "second"}})
	}
	s.Notes, err = latestNotes(tx, r)
	return s, err
}

func latestNotes(tx *store.Tx, r card.Record) (shown []note, err error) {
	if r.Card.Ref == "" {
		return nil, nil
	}
	notes, err := card.Notes(tx, r.Card.ID)
	for _, n := range notes[:min(len(notes), notesShown)] {
		shown = append(shown, note{Body: n.Body, WrittenAt: recently(n.WrittenAt), WrittenBy: n.WrittenBy})
	}
	return shown, err
}

// visitState says how far a visit has come and offers what can be done next.
func (d *Desk) visitState(tx *store.Tx, c *gin.Context, e booking.DayEntry) (*visitState, error) {
	service, err := booking.ServiceByID(tx, e.Visit.Slot.ServiceID)
	if err != nil {
		return nil, err
	}
	who := visitPerson(e)
	s := &visitState{Person: &who, Visit: &visitFacts{
		Path: bookingPath(e.Visit.Booking.Ref),
		When: e.Visit.Slot.HeldOn.Short() + "　" + slotSpan(e.Visit.Slot), Venue: e.Visit.Venue.Name, Service: service.Name,
		Number: e.Visit.Number.String(), Channel: e.Visit.Channel.Label(), Reason: e.Visit.Reason,
	}}
	s.Provisional = provisional(tx, e.Visit)
	if s.Visit.Comer, err = comerText(tx, e.Visit.Booking); err != nil {
		return nil, err
	}
	if s.Notes, err = latestNotes(tx, e.Record); err != nil {
		return nil, err
	}
	if s.Others, err = partyOf(tx, c, e.Visit); err != nil {
		return nil, err
	}
	if err := s.say(tx, e); err != nil {
		return nil, err
	}
	if ourBooking(c, e.Visit) != nil {
		s.Class, s.Alert, s.Text = "wrong", true, e.Visit.Venue.Name+"の予約です。"+d.sentence(c, NotHere)
		return s, nil
	}
	o := offer{stepper: d.stepper(c, visitPath(e.Visit.Booking.Ref)), state: s, entry: e, may: account(c).Role.May, today: jp.DateOf(tx.Now)}
	return s, o.make(tx)
}

// partyOf lists those who were booked together with a visit, for the same day.
func partyOf(tx *store.Tx, c *gin.Context, v booking.Visit) (others []companion, err error) {
	if v.GroupRef == "" {
		return nil, nil
	}
	entries, err := booking.OfGroup(tx, v.GroupRef)
	for _, e := range ourEntries(c, entries) {
		if e.Visit.ID == v.ID || e.Visit.Slot.HeldOn != v.Slot.HeldOn || e.Visit.State == booking.Cancelled {
			continue
		}
		others = append(others, companion{
			link: link{Path: visitPath(e.Visit.Booking.Ref), Label: visitPerson(e).Name}, When: e.Visit.Slot.Starts.Plain(),
			Number: e.Visit.Number.String(), standing: standing{e.Visit.State.Label(), string(e.Visit.State)},
		})
	}
	return others, err
}

// say puts the state in words.
func (s *visitState) say(tx *store.Tx, e booking.DayEntry) error {
	v, today := e.Visit, jp.DateOf(tx.Now)
	s.Heading = v.State.Label()
	switch {
	case v.State == booking.Booked && v.Slot.HeldOn != today:
		s.Class, s.Alert = "wrong", true
		s.Heading, s.Text = "本日の予約ではありません", v.Slot.HeldOn.Short()+"の予約です。本日受け付けるときは、先に予約を本日の枠に変更してください。"
	case v.State == booking.Booked:
		late, err := booking.LateFrom(tx, v.Slot)
		if err != nil {
			return err
		}
		s.Class, s.Heading = "ready", "まだ受け付けていません"
		if tx.Now.After(late) {
			s.Class, s.Text = "before", "予約の時刻（"+v.Slot.Starts.Plain()+"）に遅れています。"
		}
	case v.State == booking.CheckedIn:
		place, err := placeInLine(tx, v)
		if err != nil {
			return err
		}
		s.Class, s.Heading, s.Text = "done", visitNow(v), place
	case v.State == booking.Called:
		s.Class, s.Heading = "done", visitNow(v)
	case v.State == booking.Done:
		s.Class, s.Text = "done", recently(v.EndedAt)+" に終わりました。"
	case v.State == booking.PapersMissing:
		s.Class, s.Text = "before", recently(v.EndedAt)+" に、書類が足りず終わりました。"
	case v.State == booking.NoShow:
		s.Class, s.Text = "before", recently(v.EndedAt)+" に「来庁なし」にしました。本人が来たときは、操作を取り消してから受け付けます。"
	case v.State == booking.Cancelled:
		s.Class, s.Text = "wrong", recently(v.CancelledAt)+" に取り消された予約です。"
	}
	return nil
}

// placeInLine says how many are called before a visit.
func placeInLine(tx *store.Tx, v booking.Visit) (string, error) {
	if v.Slot.HeldOn != jp.DateOf(tx.Now) {
		return "", nil
	}
	board, err := booking.BoardOf(tx, v.Venue.ID, v.Slot.HeldOn)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(board.Waiting, func(l booking.BoardLine) bool { return l.Visit.ID == v.ID })
	if i < 0 {
		return "", nil
	}
	text := fmt.Sprintf("%d番目に呼びます（待っている人 %d人）。", i+1, len(board.Waiting))
	if board.Waiting[i].Late {
		text += "遅れて来たため、来た時刻の順番に入っています。"
	}
	return text, nil
}

func (p *checkInPage) fill(tx *store.Tx, c *gin.Context) error {
	rule, err := lateRule(tx)
	if err != nil {
		return err
	}
	p.Rule = rule
	board, err := booking.BoardOf(tx, 0, jp.DateOf(tx.Now))
	if err != nil {
		return err
	}
	board = board.Only(func(l booking.BoardLine) bool { return worksAt(c, l.Visit.Venue.ID) })
	p.Line = fmt.Sprintf("待っている人 %d人・呼出し中 %d人・まだ来ていない人 %d人", len(board.Waiting), len(board.Called), len(board.Expected))
	came := slices.Concat(board.Waiting, board.Called, board.Ended)
	came = slices.DeleteFunc(came, func(l booking.BoardLine) bool { return l.Visit.CheckedInAt.IsZero() })
	slices.SortStableFunc(came, func(a, b booking.BoardLine) int { return b.Visit.CheckedInAt.Compare(a.Visit.CheckedInAt) })
	for _, l := range came[:min(len(came), recentVisits)] {
		p.Recent = append(p.Recent, recentVisit{
			person: visitPerson(l.DayEntry), At: clock(l.Visit.CheckedInAt), When: l.Visit.Slot.Starts.String(),
			State: l.Visit.State.Label(), Class: string(l.Visit.State),
			Visit: link{Path: visitPath(l.Visit.Booking.Ref), Label: l.Visit.Number.String()},
		})
	}
	return nil
}

// lateRule is the order of the board, in words.
func lateRule(tx *store.Tx) (string, error) {
	minutes, err := booking.LateMinutes(tx)
	after := fmt.Sprintf("予約の時刻から%d分", minutes)
	if minutes == 0 {
		after = "予約の時刻"
	}
	return "予約の時刻の順に呼びます。" + after + "を過ぎて来た人は、来た時刻の順番に入ります。" + after + "を過ぎても来ない人は「来庁なし」にできます。", err
}
