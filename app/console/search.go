package console

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/web"
	"madoguchi/store"
)

// searchLimit is the most hits that are listed; who gets more says more.
const searchLimit = 50

// searchPage is the one search box and what it found (さがす).
type searchPage struct {
	page
	Query string
	Rows  []searchRow
	More  bool // there are more than are listed
	// Visits are bookings that were made without a card.
	Visits []visitRow
}

// visitRow is a booking of someone without a card on record.
type visitRow struct {
	person
	standing
	When, Venue, Number string
}

type searchRow struct {
	person
	standing
	Visit string // when the live booking is
}

// search finds people by the one box. A single hit is opened at once.
func (d *Desk) search(c *gin.Context) error {
	p := searchPage{Query: strings.TrimSpace(c.Query("q"))}
	var only string
	err := d.store.Read(c, func(tx *store.Tx) error {
		found, err := find(tx, p.Query)
		if err != nil {
			return err
		}
		if err := p.visits(tx, c); err != nil {
			return err
		}
		switch {
		case len(found) == 1 && len(p.Visits) == 0:
			only = recipientPath(found[0])
			return nil
		case len(found) == 0 && len(p.Visits) == 1:
			only = p.Visits[0].Path
			return nil
		}
		if p.More = len(found) > searchLimit; p.More {
			found = found[:searchLimit]
		}
		for _, r := range found {
			row, err := searchRowOf(tx, r)
			if err != nil {
				return err
			}
			p.Rows = append(p.Rows, row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if only != "" {
		return web.To(c, only)
	}
	return d.show(c, http.StatusOK, "search", "さがす", &p)
}

// visits finds bookings without a card: by number, name or telephone number,
// at our places.
func (p *searchPage) visits(tx *store.Tx, c *gin.Context) error {
	found, err := booking.FindVisits(tx, p.Query, searchLimit)
	if err != nil {
		return err
	}
	if n, err := booking.ParseNumber(p.Query); err == nil {
		v, err := booking.ByNumber(tx, n)
		if err == nil && v.CardID == 0 && v.State != booking.Held && v.State != booking.Expired {
			e, err := booking.EntryByRef(tx, v.Booking.Ref)
			if err != nil {
				return err
			}
			found = append(found, e)
		}
		if err != nil && !errors.Is(err, booking.NotFound) {
			return err
		}
	}
	for _, e := range ourEntries(c, found) {
		p.Visits = append(p.Visits, visitRow{
			person: personOfEntry(e), standing: standing{e.Visit.State.Label(), string(e.Visit.State)},
			When: slotTime(e.Visit.Slot), Venue: e.Visit.Venue.Name, Number: e.Visit.Number.String(),
		})
	}
	return nil
}

// find looks a booking number up first: with its check digit it is hardly
// ever anything else. A date of birth of eight digits can be one by chance, so
// what the cards have is found too.
func find(tx *store.Tx, query string) ([]card.Record, error) {
	found, err := card.Search(tx, query, searchLimit+1)
	if err != nil {
		return nil, err
	}
	n, err := booking.ParseNumber(query)
	if err != nil {
		return found, nil
	}
	v, err := booking.ByNumber(tx, n)
	if errors.Is(err, booking.NotFound) || err == nil && v.CardID == 0 {
		return found, nil
	}
	if err != nil {
		return nil, err
	}
	r, err := card.GetByID(tx, v.CardID)
	if err != nil {
		return nil, err
	}
	for _, other := range found {
		if other.Card.ID == r.Card.ID {
			return found, nil
		}
	}
	return append([]card.Record{r}, found...), nil
}

func searchRowOf(tx *store.Tx, r card.Record) (searchRow, error) {
	v, booked, err := booking.Live(tx, r.Card.ID)
	row := searchRow{person: personOf(r), standing: standingOf(r, booked)}
	if booked {
		row.Visit = slotTime(v.Slot)
	}
	return row, err
}
