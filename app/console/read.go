package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

const (
	// recentReads is how many of the last reads are listed.
	recentReads = 20
	// shownPayload is how many characters are shown of what could not be read.
	shownPayload = 400
	// noBatch is what the page's address says for reading outside any delivery.
	noBatch = "none"
)

// readPage takes in the codes of the recipient list (一覧の読取り), one after
// another: the result of the last one stands above the field for the next.
type readPage struct {
	page
	State   *readState // nil before the first read
	Last    store.Ref  // card that was read last, for an Enter too many
	Count   int        // read today by who is signed in
	Recent  []recentRead
	Batch   *batchLine // the delivery that is read into; nil for none
	Batches []link     // what can be read into
	Chosen  string     // the batch as the form carries it
	// Position is the shelf or box, which stays for the next card.
	Position web.Field
	Sound    string // name of the sound that says how the last read went
	Undo     *undoRead
	Waiting  *waitingRead
}

// readState is what became of one read.
type readState struct {
	Class   string // done, part, before, wrong
	Alert   bool
	Heading string
	Text    string
	Person  *person
	At      string
	WasRead string // what arrived, where nothing was taken in
	// Compare is the payload to compare with the record, for who may correct it.
	Compare string
}

type recentRead struct {
	person
	Number int
	At     string
	Way    string
}

// undoRead takes the last read back.
type undoRead struct {
	Ref  store.Ref
	Name string
}

// waitingRead says which symbols of a code have been read.
type waitingRead struct{ Read, Lacking string }

var readSounds = map[string]string{"done": "sound/read-done.mp3", "part": "sound/read-part.mp3", "before": "sound/read-before.mp3", "wrong": "sound/read-wrong.mp3"}

func readForm(c *gin.Context) *web.Form {
	return web.ReadForm(c, "payload", "last", "batch", "position")
}

func (d *Desk) askRead(c *gin.Context) error {
	form := readForm(c)
	var p readPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		if ref := store.Ref(c.Query("done")); ref != "" {
			state, err := doneState(tx, ref)
			if err != nil {
				return err
			}
			p.State, p.Last = state, ref
		}
		if c.Query("part") != "" {
			p.State = &readState{Class: "part", Heading: "つづきを読み取ってください", Text: "1人分が、いくつかのQRコードに分かれています。"}
		}
		return p.fill(tx, account(c), form)
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "read", "一覧の読取り", &p)
}

// readCode takes in one code. An Enter too many is no code: it changes nothing
// and leaves the last result on the screen.
func (d *Desk) readCode(c *gin.Context) error {
	form := readForm(c)
	scan := intake.Scan{Payload: form.Raw("payload"), Position: form.Value("position")}
	if batch := form.Value("batch"); batch != noBatch {
		scan.Batch = store.Ref(batch)
	}
	var r card.Record
	err := d.write(c, "", func(tx *store.Tx) (string, error) {
		result, err := intake.Take(tx, actor(c), scan)
		r = result.Record
		if result.Waiting != nil {
			return readOn(form, url.Values{"part": {"1"}}), err
		}
		return readDone(form, r.Ref), err
	})
	p, ok := problem.As(err)
	switch {
	case !ok:
		return err
	case errors.Is(p, intake.Empty):
		return web.To(c, readDone(form, store.Ref(form.Value("last"))))
	case p.Fields["payload"] == "" && p.Fields["position"] == "" && !errors.Is(p, card.BatchClosed) && !errors.Is(p, card.KindUnknown):
		return err
	}
	return d.showRefusedRead(c, p, r, form)
}

// readOn is the page for the next code, with the same delivery and shelf.
func readOn(form *web.Form, more url.Values) string {
	if batch := form.Value("batch"); batch == noBatch || isRef(store.Ref(batch)) {
		more.Set("batch", batch)
	}
	if position := form.Value("position"); position != "" {
		more.Set("position", position)
	}
	if len(more) == 0 {
		return "/read"
	}
	return "/read?" + more.Encode()
}

func readDone(form *web.Form, last store.Ref) string {
	if !isRef(last) {
		return readOn(form, url.Values{})
	}
	return readOn(form, url.Values{"done": {string(last)}})
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
	state := &readState{Class: "done", Heading: "読取り完了", Person: &who, At: recently(info.ReadAt)}
	if info.Position != "" {
		state.Text = "棚・箱：" + info.Position
	}
	return state, nil
}

// showRefusedRead shows what was wrong with a read, and what arrived, so that
// nothing is lost: but never a 個人番号.
func (d *Desk) showRefusedRead(c *gin.Context, p *problem.Problem, r card.Record, form *web.Form) error {
	payload := form.Raw("payload")
	state := &readState{Class: "wrong", Alert: true, Heading: "読み取れません", Text: d.sentence(c, p)}
	status := http.StatusUnprocessableEntity
	switch {
	case intake.WasReadBefore(p):
		who := personOf(r)
		state.Class, state.Heading, state.Person = "before", "読取済み", &who
		status = http.StatusConflict
		if p.Args["differs"] != "" {
			state.Text += "ただし、読み取った内容が登録と違います。"
			if may(c, staff.MayCorrectRead) && !r.Issued() {
				state.Compare = payload
			}
		}
	case errors.Is(p, intake.HoldsMyNumber):
	case errors.Is(p, card.BatchClosed):
		state.Heading, status = "この便は締め切られています", http.StatusConflict
	default:
		state.WasRead = shorten(payload)
	}
	answer := readPage{State: state}
	answer.Failed = true
	if err := d.store.Read(c, func(tx *store.Tx) error { return answer.fill(tx, account(c), form) }); err != nil {
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

func (p *readPage) fill(tx *store.Tx, who staff.Account, form *web.Form) (err error) {
	p.Position = *form.Field("position")
	if p.State != nil {
		p.Sound = readSounds[p.State.Class]
	}
	if err := p.chooseBatch(tx, form.Value("batch")); err != nil {
		return err
	}
	if p.Count, err = intake.CountToday(tx, who.ID); err != nil {
		return err
	}
	recent, err := intake.Recent(tx, who.ID, jp.DateOf(tx.Now).At(0), recentReads)
	if err != nil {
		return err
	}
	for i, r := range recent {
		p.Recent = append(p.Recent, recentRead{person: personOf(r.Record), Number: p.Count - i, At: clock(r.ReadAt), Way: r.Way.Label()})
	}
	if len(recent) > 0 && !recent[0].Issued() {
		p.Undo = &undoRead{recent[0].Ref, p.Recent[0].Name}
	}
	waiting, err := intake.PartsWaiting(tx, who.ID)
	if waiting != nil {
		p.Waiting = &waitingRead{numbers(waiting.Read), numbers(waiting.Lacking)}
	}
	return err
}

func numbers(all []int) string {
	var out []string
	for _, n := range all {
		out = append(out, fmt.Sprint(n))
	}
	return strings.Join(out, "・")
}

// chooseBatch finds the delivery that is read into: the chosen one, without a
// choice the newest that is open.
func (p *readPage) chooseBatch(tx *store.Tx, chosen string) error {
	open, err := intake.OpenBatches(tx)
	if err != nil {
		return err
	}
	p.Chosen = noBatch
	if chosen == "" && len(open) > 0 {
		chosen = string(open[0].Ref)
	}
	for _, b := range open {
		here := string(b.Ref) == chosen
		if here {
			line := batchLineOf(b)
			p.Batch, p.Chosen = &line, chosen
		}
		p.Batches = append(p.Batches, link{Path: "/read?batch=" + string(b.Ref), Label: b.Name(), Here: here})
	}
	if len(open) > 0 {
		p.Batches = append(p.Batches, link{Path: "/read?batch=" + noBatch, Label: "便に入れない", Here: p.Batch == nil})
	}
	return nil
}

// undoReadCode takes back what who is signed in has read last.
func (d *Desk) undoReadCode(c *gin.Context) error {
	form := web.ReadForm(c, "ref", "payload", "last", "batch", "position")
	err := d.write(c, "read_taken_back", func(tx *store.Tx) (string, error) {
		_, err := card.TakeBack(tx, actor(c), store.Ref(form.Value("ref")))
		return readOn(form, url.Values{}), err
	})
	if p, ok := problem.As(err); ok && p.Kind != problem.Forbidden {
		d.site.Session(c).Flash(p.Code)
		return web.To(c, readOn(form, url.Values{}))
	}
	return err
}

// dropParts forgets the symbols of a code that will not be completed.
func (d *Desk) dropParts(c *gin.Context) error {
	form := readForm(c)
	return d.write(c, "parts_dropped", func(tx *store.Tx) (string, error) {
		return readOn(form, url.Values{}), card.DropParts(tx, actor(c))
	})
}

// toRead leads to the page of the reads.
func toRead(c *gin.Context) error { return web.To(c, "/read") }
