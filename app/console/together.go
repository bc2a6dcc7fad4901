package console

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// togetherPage chooses who comes together with a person (家族を一緒に予約する).
type togetherPage struct {
	page
	Person person
	People []companionChoice
	Query  string
	Rows   []companionChoice
	Hidden []hidden // who is chosen already, for the search form
	Next   link     // no path: nobody was chosen yet
}

// companionChoice is someone with a link that adds them or leaves them out; no
// path: that is not possible.
type companionChoice struct {
	person
	standing
	Do link
}

// with is the query field that names the others, one card each.
const with = "with"

// companions finds the card in the address and those that are to come with it,
// each once. Problems: card.NotFound, booking.CardIssued, booking.AlreadyBooked.
func companions(tx *store.Tx, c *gin.Context) (first card.Record, others []card.Record, err error) {
	first, live, err := cardAndBooking(tx, c)
	switch {
	case err != nil:
		return first, nil, err
	case live.Booking.ID != 0:
		return first, nil, booking.AlreadyBooked
	}
	refs := web.ReadForm(c, with).Values(with)
	for i, ref := range refs {
		if ref == string(first.Card.Ref) || slices.Contains(refs[:i], ref) {
			continue
		}
		r, err := card.Get(tx, store.Ref(ref))
		if err != nil {
			return first, nil, err
		}
		others = append(others, r)
	}
	return first, others, nil
}

func withOthers(others []card.Record) url.Values {
	q := url.Values{}
	for _, r := range others {
		q.Add(with, string(r.Card.Ref))
	}
	return q
}

// together shows who is chosen, and finds others.
func (d *Desk) together(c *gin.Context) error {
	var p togetherPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		first, others, err := companions(tx, c)
		if err != nil {
			return err
		}
		p.Person = personOf(first)
		p.chosen(others)
		return p.find(tx, web.ReadForm(c, "q").Value("q"), append(others, first))
	})
	if refused, ok := problem.As(err); ok && refused.Kind == problem.Conflict {
		return d.bookingConflict(c, refused, conflictPage{
			Heading: toBookTogether.refused, Again: link{Path: changePath(c), Label: "いまの予約を変更する"},
		})
	}
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "together", toBookTogether.heading, &p)
}

func (p *togetherPage) path(others []card.Record) string {
	return p.Person.Path + "/together?" + withOthers(others).Encode()
}

func (p *togetherPage) chosen(others []card.Record) {
	p.People = []companionChoice{{person: p.Person}}
	for i, r := range others {
		without := slices.Delete(slices.Clone(others), i, i+1)
		q := personOf(r)
		p.People = append(p.People, companionChoice{person: q, Do: link{Path: p.path(without), Label: q.Name + " さんを外す"}})
		p.Hidden = append(p.Hidden, hidden{with, string(r.Card.Ref)})
	}
	if len(others) > 0 {
		p.Next = link{Path: p.Person.Path + "/together/slot?" + withOthers(others).Encode(), Label: "日時を選ぶ"}
	}
}

// find lists who can be added; who has a booking or a card cannot.
func (p *togetherPage) find(tx *store.Tx, query string, chosen []card.Record) error {
	p.Query = query
	found, err := card.Search(tx, query, searchLimit)
	if err != nil {
		return err
	}
	others := chosen[:len(chosen)-1]
	for _, r := range found {
		if slices.ContainsFunc(chosen, func(o card.Record) bool { return o.Card.ID == r.Card.ID }) {
			continue
		}
		_, booked, err := booking.Live(tx, r.Card.ID)
		if err != nil {
			return err
		}
		row := companionChoice{person: personOf(r), standing: standingOf(r, booked)}
		if !booked && !r.Issued() {
			row.Do = link{Path: p.path(append(slices.Clone(others), r)), Label: row.Name + " さんを加える"}
		}
		p.Rows = append(p.Rows, row)
	}
	return nil
}
