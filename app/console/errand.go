package console

import (
	"net/url"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/web"
	"madoguchi/store"
)

// errand is what a slot is chosen for.
type errand struct {
	heading string
	submit  string // the button that carries it out
	flash   string
	refused string // heading of the page that says why it cannot be done
	// begin finds whom it is for. Problems: what stands against it from the start.
	begin func(tx *store.Tx, c *gin.Context) (about, error)
	// take carries it out and tells where that is shown.
	take func(tx *store.Tx, c *gin.Context, a about, w booking.Wish) (string, error)
}

// The errands: for a card on record, its booking, several cards, someone
// without a card, and any booking by its own address.
var (
	toBook = &errand{
		heading: "予約する", submit: "予約を確定する", flash: "booked", refused: "予約できません",
		begin: beginBook, take: takeBook,
	}
	toChange = &errand{
		heading: "予約を変更する", submit: "この日時に変更する", flash: "booking_changed", refused: "予約を変更できません",
		begin: beginChange, take: takeChange,
	}
	toBookTogether = &errand{
		heading: "家族を一緒に予約する", submit: "全員の予約を確定する", flash: "booked_together", refused: "一緒に予約できません",
		begin: beginTogether, take: takeTogether,
	}
	toBookVisitor = &errand{
		heading: "カードの記録がない人の予約", submit: "予約を確定する", flash: "booked", refused: "予約できません",
		begin: beginVisitor, take: takeVisitor,
	}
	toMove = &errand{
		heading: "予約を変更する", submit: "この日時に変更する", flash: "booking_changed", refused: "予約を変更できません",
		begin: beginMove, take: takeMove,
	}
)

// about is whom an errand is for, and what it begins with.
type about struct {
	path   string     // the errand's own address
	back   link       // where it leads who gives up
	person *person    // nil while nobody is named yet
	people []person   // who come together, in order; empty for one
	query  url.Values // what every address of the errand carries along

	cards []card.ID
	// live is the booking that is changed; zero for a new one.
	live booking.Visit
	// visitor asks for a name and a telephone number.
	visitor bool
}

// changes reports whether the errand moves a booking that there is.
func (a about) changes() bool { return a.live.Booking.ID != 0 }

// backTo is the way back to a person's record.
func backTo(p person) link {
	return link{Path: p.Path, Label: "やめて " + p.Name + " さんの記録に戻る"}
}

func aboutCard(r card.Record, verb string) about {
	p := personOf(r)
	return about{path: p.Path + "/" + verb, back: backTo(p), person: &p, cards: []card.ID{r.Card.ID}}
}

// beginBook: problems card.NotFound, booking.CardIssued, booking.AlreadyBooked.
func beginBook(tx *store.Tx, c *gin.Context) (about, error) {
	r, live, err := cardAndBooking(tx, c)
	if err != nil {
		return about{}, err
	}
	if live.Booking.ID != 0 {
		return about{}, booking.AlreadyBooked
	}
	return aboutCard(r, "book"), nil
}

// beginChange: problems card.NotFound, booking.CardIssued, booking.NotLive.
func beginChange(tx *store.Tx, c *gin.Context) (about, error) {
	r, live, err := cardAndBooking(tx, c)
	if err != nil {
		return about{}, err
	}
	if live.Booking.ID == 0 {
		return about{}, booking.NotLive
	}
	a := aboutCard(r, "change")
	a.live = live
	return a, nil
}

// cardAndBooking finds the card in the address and its live booking, if it has
// one at a place of ours.
func cardAndBooking(tx *store.Tx, c *gin.Context) (r card.Record, live booking.Visit, err error) {
	if r, err = card.Get(tx, refOf(c)); err != nil {
		return r, live, err
	}
	live, booked, err := booking.Live(tx, r.Card.ID)
	switch {
	case err != nil:
		return r, live, err
	case r.Issued():
		return r, live, booking.CardIssued
	case !booked:
		return r, booking.Visit{}, nil
	}
	return r, live, ourBooking(c, live)
}

func takeBook(tx *store.Tx, c *gin.Context, a about, w booking.Wish) (string, error) {
	w.Card = a.cards[0]
	_, err := booking.Book(tx, actor(c), w)
	return a.person.Path + "/booked", err
}

func takeChange(tx *store.Tx, c *gin.Context, a about, w booking.Wish) (string, error) {
	if err := belongs(tx, c, sentBooking(c), a.cards[0]); err != nil {
		return "", err
	}
	_, err := booking.Change(tx, actor(c), sentBooking(c), version(c), w)
	return a.person.Path + "/booked", err
}

// beginMove is beginChange for the booking in the address, with or without a
// card. Problems: booking.NotFound, booking.NotLive.
func beginMove(tx *store.Tx, c *gin.Context) (about, error) {
	e, err := ourEntry(tx, c)
	if err != nil {
		return about{}, err
	}
	if !e.Visit.Live() {
		return about{}, booking.NotLive
	}
	p := personOfEntry(e)
	return about{path: p.Path + "/change", back: link{Path: p.Path, Label: "やめて予約の画面に戻る"}, person: &p, live: e.Visit}, nil
}

func takeMove(tx *store.Tx, c *gin.Context, a about, w booking.Wish) (string, error) {
	_, err := booking.Change(tx, actor(c), refOf(c), version(c), w)
	return a.person.Path, err
}

// beginVisitor takes the name and telephone number over from an earlier booking
// that the address names.
func beginVisitor(tx *store.Tx, c *gin.Context) (about, error) {
	a := about{path: "/visitors", back: link{Path: "/", Label: "やめて「本日の予約」に戻る"}, visitor: true, query: url.Values{}}
	before := c.Query("like") + c.PostForm("like")
	if before == "" {
		return a, nil
	}
	e, err := entryOf(tx, c, store.Ref(before))
	if err != nil {
		return a, err
	}
	p := personOfEntry(e)
	a.person, a.back = &p, link{Path: p.Path, Label: "やめて予約の画面に戻る"}
	a.query.Set("like", before)
	return a, nil
}

func takeVisitor(tx *store.Tx, c *gin.Context, _ about, w booking.Wish) (string, error) {
	form := web.ReadForm(c, "name", "kana_name", "telephone")
	v, err := booking.BookVisitor(tx, actor(c), w, card.Visitor{
		Name: form.Value("name"), KanaName: form.Value("kana_name"), Telephone: form.Value("telephone"),
	})
	return bookingPath(v.Booking.Ref) + "/booked", err
}

// beginTogether is for the card in the address and those that the query adds.
// Problems: as beginBook's for any of them.
func beginTogether(tx *store.Tx, c *gin.Context) (about, error) {
	first, others, err := companions(tx, c)
	if err != nil {
		return about{}, err
	}
	a := aboutCard(first, "together/slot")
	a.query = withOthers(others)
	a.back = link{Path: a.person.Path + "/together?" + a.query.Encode(), Label: "人を選び直す"}
	a.people = []person{*a.person}
	for _, r := range others {
		a.cards, a.people = append(a.cards, r.Card.ID), append(a.people, personOf(r))
	}
	return a, nil
}

func takeTogether(tx *store.Tx, c *gin.Context, a about, w booking.Wish) (string, error) {
	visits, err := booking.BookTogether(tx, actor(c), a.cards, w)
	if err != nil {
		return "", err
	}
	return bookingPath(visits[0].Booking.Ref), nil
}
