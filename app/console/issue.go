package console

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// issuePage asks whether the card was handed to its holder (交付済みにする).
type issuePage struct {
	page
	Person  person
	Booking string
	Fee     string // of the kind of issue; "" for none
	Checks  []string
	Version int
	Back    string // page of the day from which someone came; "" for none
}

// issueChecks are what has to be done before a card is issued.
var issueChecks = []string{
	"来庁した人が本人（または認められた代理人）であることを、本人確認書類で確かめた",
	"カードの券面の氏名・生年月日・住所・顔写真に、誤りがない",
	"交付通知書（はがき）を受け取った",
	"通知カードと、以前のカードを持っている人からは、返してもらった",
	"暗証番号を設定してもらい、カードを手渡した",
}

func (d *Desk) askIssue(c *gin.Context) error {
	p := issuePage{Checks: issueChecks, Back: dayPage(c.Query("back"), "")}
	var r card.Record
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		if r, err = card.Get(tx, refOf(c)); err != nil {
			return err
		}
		if r.Issued() {
			return card.AlreadyIssued
		}
		p.Person, p.Version = personOf(r), r.Card.Version
		kind, err := card.KindOf(tx, r.IssueKind)
		if err != nil {
			return err
		}
		p.Fee = kind.Fee
		v, booked, err := booking.Live(tx, r.Card.ID)
		p.Booking = "なし（予約のない来庁）"
		if booked {
			p.Booking = slotDay(v.Slot) + "　" + v.Venue.Name
			if v.State != booking.Booked {
				p.Booking += "　" + visitNow(v)
			}
			if v.Slot.HeldOn.After(jp.DateOf(tx.Now)) {
				p.Booking += "（交付済みにすると、この予約は取り消され、枠が空きます）"
			}
		}
		return err
	})
	if refused, ok := problem.As(err); ok && refused.Kind == problem.Conflict {
		return d.issueConflict(c, refused)
	}
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "issue", "交付済みにする", &p)
}

// issuePath leads to the issue of a visit's card, and from there back to a page
// of the day.
func issuePath(e booking.DayEntry, back string) string {
	return recipientPath(e.Record) + "/issue?" + url.Values{"back": {back}}.Encode()
}

// issue marks the card as issued and its booking as done, in one step.
func (d *Desk) issue(c *gin.Context) error {
	err := d.write(c, "card_issued", func(tx *store.Tx) (string, error) {
		r, err := card.Issue(tx, actor(c), refOf(c), version(c))
		if err != nil {
			return "", err
		}
		return dayPage(c.PostForm("back"), recipientPath(r)), booking.MarkDone(tx, actor(c), r.Card.ID)
	})
	if refused, ok := problem.As(err); ok && refused.Kind == problem.Conflict {
		return d.issueConflict(c, refused)
	}
	return err
}

func (d *Desk) issueConflict(c *gin.Context, refused *problem.Problem) error {
	p := conflictPage{Heading: "交付済みにできません"}
	err := d.store.Read(c, func(tx *store.Tx) error {
		r, err := card.Get(tx, refOf(c))
		if err != nil {
			return err
		}
		p.Person = personOf(r)
		if !r.Issued() {
			p.Now = "まだ交付していません（ほかの人が記録を変えました）"
			return nil
		}
		who, err := issuer(tx, r)
		p.Now = instant(r.IssuedAt) + " に " + who + " が交付済みにしました"
		return err
	})
	if err != nil {
		return err
	}
	if errors.Is(refused, card.Stale) {
		p.Again = link{Path: p.Person.Path + "/issue", Label: "もう一度確かめる"}
	}
	return d.conflict(c, refused, p)
}
