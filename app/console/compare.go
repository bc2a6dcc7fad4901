package console

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// comparePage puts what a code says beside what is on record (訂正読込).
type comparePage struct {
	page
	Person   person
	Rows     []changeRow
	Payload  string
	Versions string
}

// changeRow is one thing that would change.
type changeRow struct{ Field, Now, New string }

// changeRows writes changes as people read them; kinds by their names.
func changeRows(tx *store.Tx, changes []card.Change) ([]changeRow, error) {
	var rows []changeRow
	for _, ch := range changes {
		if ch.Field == string(intake.KindOfIssue) {
			for _, code := range []*string{&ch.Now, &ch.New} {
				if *code == "" {
					continue
				}
				k, err := card.KindOf(tx, card.IssueKind(*code))
				if err != nil {
					return nil, err
				}
				*code = k.Name
			}
		}
		rows = append(rows, changeRow{intake.FieldName(ch.Field).Label(), orNone(ch.Now), orNone(ch.New)})
	}
	return rows, nil
}

func versionsText(r card.Record) string { return fmt.Sprintf("%d.%d", r.Card.Version, r.PersonVersion) }

func parseVersions(s string) (v card.Versions) {
	cards, people, _ := strings.Cut(s, ".")
	var err error
	if v.Card, err = strconv.Atoi(cards); err != nil {
		return card.Versions{}
	}
	if v.Person, err = strconv.Atoi(people); err != nil {
		return card.Versions{}
	}
	return v
}

// compareReading shows what a code would correct. It is a POST because what it
// is given must not stand in an address.
func (d *Desk) compareReading(c *gin.Context) error {
	form := web.ReadForm(c, "payload", "last", "batch", "position")
	var p comparePage
	err := d.store.Read(c, func(tx *store.Tx) error {
		r, reading, err := intake.Compare(tx, form.Raw("payload"))
		if err != nil {
			return err
		}
		if r.Issued() {
			return card.AlreadyIssued
		}
		p.Person, p.Payload, p.Versions = personOf(r), form.Raw("payload"), versionsText(r)
		p.Rows, err = changeRows(tx, card.Differences(r, reading))
		return err
	})
	if why, ok := problem.As(err); ok && (why.Kind == problem.Conflict || why.Fields["payload"] != "") {
		return d.showRefusedRead(c, why, card.Record{}, form)
	}
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "compare", "訂正として読み込む", &p)
}

// correctReading carries the correction out.
func (d *Desk) correctReading(c *gin.Context) error {
	form := web.ReadForm(c, "payload", "versions", "last", "batch", "position")
	err := d.write(c, "reading_corrected", func(tx *store.Tx) (string, error) {
		r, err := intake.CorrectByReading(tx, actor(c), form.Raw("payload"), parseVersions(form.Value("versions")))
		return recipientPath(r), err
	})
	if why, ok := problem.As(err); ok && (why.Kind == problem.Conflict || why.Fields["payload"] != "") {
		return d.showRefusedRead(c, why, card.Record{}, form)
	}
	return err
}
