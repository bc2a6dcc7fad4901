package console

import (
	"errors"
	"net/http"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

const (
	// recentReads is how many of the last reads are listed.
	recentReads = 20
	// shownPayload is how many characters are shown of what could not be read.
	shownPayload = 400
)

// readPage takes in the codes of the recipient list (一覧の読取り), one after
// another: the result of the last one stands above the field for the next.
type readPage struct {
	page
	State  *readState // nil before the first read
	Last   store.Ref  // card that was read last, for an Enter too many
	Count  int        // read today by who is signed in
	Recent []recentRead
}

// readState is what became of one read.
type readState struct {
	Class   string // done, before, wrong
	Alert   bool
	Heading string
	Text    string
	Person  *person
	At      string
	WasRead string // what arrived, where nothing was taken in
}

type recentRead struct {
	person
	Number int
	At     string
}

func (d *Desk) askRead(c *gin.Context) error {
	var p readPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		if ref := store.Ref(c.Query("done")); ref != "" {
			state, err := doneState(tx, ref)
			if err != nil {
				return err
			}
			p.State, p.Last = state, ref
		}
		return p.fill(tx, account(c).ID)
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "read", "一覧の読取り", &p)
}

// readCode takes in one code. An Enter too many is no code: it changes nothing
// and leaves the last result on the screen.
func (d *Desk) readCode(c *gin.Context) error {
	form := web.ReadForm(c, "payload", "last")
	payload := form.Raw("payload")
	var r card.Record
	err := d.write(c, "", func(tx *store.Tx) (_ string, err error) {
		r, err = intake.ReadPayload(tx, actor(c), payload)
		return readDone(r.Ref), err
	})
	p, ok := problem.As(err)
	switch {
	case !ok:
		return err
	case errors.Is(p, intake.Empty):
		return web.To(c, readDone(store.Ref(form.Value("last"))))
	case p.Fields["payload"] == "":
		return err
	}
	return d.showRefusedRead(c, p, r, payload)
}

func readDone(last store.Ref) string {
	if !isRef(last) {
		return "/read"
	}
	return "/read?done=" + string(last)
}

// isRef tells whether s can stand in an address as it is.
func isRef(s store.Ref) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

// doneState says that a card is on record. It tells when, so that a reload
// does not pass for another read.
func doneState(tx *store.Tx, ref store.Ref) (*readState, error) {
	r, err := card.Get(tx, ref)
	if err != nil {
		return nil, err
	}
	info, err := card.FirstRead(tx, r.Card.ID)
	if err != nil {
		return nil, err
	}
	who := personOf(r)
	return &readState{Class: "done", Heading: "読取り完了", Person: &who, At: recently(info.ReadAt)}, nil
}

// showRefusedRead shows what was wrong with a read, and what arrived, so that
// nothing is lost: but never a 個人番号.
func (d *Desk) showRefusedRead(c *gin.Context, p *problem.Problem, r card.Record, payload string) error {
	state := &readState{Class: "wrong", Alert: true, Heading: "読み取れません", Text: d.sentence(c, p)}
	status := http.StatusUnprocessableEntity
	switch {
	case intake.WasReadBefore(p):
		who := personOf(r)
		state.Class, state.Heading, state.Person = "before", "読取済み", &who
		status = http.StatusConflict
	case errors.Is(p, intake.HoldsMyNumber):
	default:
		state.WasRead = shorten(payload)
	}
	answer := readPage{State: state}
	answer.Failed = true
	if err := d.store.Read(c, func(tx *store.Tx) error { return answer.fill(tx, account(c).ID) }); err != nil {
		return err
	}
	return d.show(c, status, "read", "一覧の読取り", &answer)
}

func shorten(s string) string {
	if utf8.RuneCountInString(s) <= shownPayload {
		return s
	}
	return string([]rune(s)[:shownPayload]) + "……"
}

func (p *readPage) fill(tx *store.Tx, staffID int64) (err error) {
	if p.Count, err = intake.CountToday(tx, staffID); err != nil {
		return err
	}
	recent, err := intake.Recent(tx, staffID, jp.DateOf(tx.Now).At(0), recentReads)
	if err != nil {
		return err
	}
	for i, r := range recent {
		p.Recent = append(p.Recent, recentRead{person: personOf(r.Record), Number: p.Count - i, At: clock(r.ReadAt)})
	}
	return nil
}
