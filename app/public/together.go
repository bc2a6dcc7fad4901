package public

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// togetherPage lists who comes together and lets further people in, each with
// their own number and date of birth.
type togetherPage struct {
	frame
	People []companion
	Full   bool // no more can come in one visit
	Most   int
	Ready  bool // a time can be chosen for all of them
	Number textField
	Birth  birthField
	// For who has a booking: when the next person can come with them.
	Visit *visitText
	Next  *nextPerson
}

// companion is someone who comes along.
type companion struct {
	Card         store.Ref
	NoticeNumber string
	Self         bool   // the visitor, who cannot be left out
	Booked       string // when they come, if they have a booking
	Number       string // of that booking
}

// nextPerson is someone who has signed in and has no booking yet, beside a
// visitor who has one.
type nextPerson struct {
	Card         store.Ref
	NoticeNumber string
	Slot         store.Ref // "" when there is no place beside the visitor
	Time         string
	Same         bool // as the visitor's
}

// familyOf reads who comes along off the session: not the visitor, and nobody
// whose card was handed over.
func familyOf(tx *store.Tx, v visitor, kept string) ([]card.Record, error) {
	var all []card.Record
	for ref := range strings.SplitSeq(kept, ",") {
		if ref == "" || store.Ref(ref) == v.record.Ref {
			continue
		}
		r, err := card.Get(tx, store.Ref(ref))
		if errors.Is(err, card.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !r.Issued() {
			all = append(all, r)
		}
	}
	return all, nil
}

func numbers(records []card.Record) []string {
	var all []string
	for _, r := range records {
		all = append(all, r.NoticeNumber.String())
	}
	return all
}

func (s *Site) together(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	if !v.hasCard() {
		return reply{to: v.home()}, nil
	}
	return s.togetherReply(c, tx, v, emptySignIn(c))
}

func (s *Site) togetherReply(c *gin.Context, tx *store.Tx, v visitor, form *web.Form) (reply, error) {
	rules, err := booking.RulesOf(tx, v.service.ID)
	if err != nil {
		return reply{}, err
	}
	page := togetherPage{frame: s.frame(c, v, "together.title"), Most: rules.TogetherMost}
	page.Base = page.With(form)
	page.Number, page.Birth = page.signInFields(form)
	page.Full = 1+len(v.family) >= rules.TogetherMost
	page.Ready = v.stage == free && len(v.along) > 0
	if v.stage != free {
		text := page.visitText(v.visit.Slot, v.visit.Venue)
		page.Visit = &text
	}
	for i, r := range append([]card.Record{v.record}, v.family...) {
		visit, live, err := booking.Live(tx, r.ID)
		if err != nil {
			return reply{}, err
		}
		person := companion{Card: r.Ref, NoticeNumber: r.NoticeNumber.String(), Self: i == 0}
		if live {
			person.Booked = page.when.day(visit.Slot.HeldOn) + " " + page.span(visit.Slot.Starts, visit.Slot.Ends)
		} else if v.stage != free && page.Next == nil {
			if page.Next, err = page.beside(tx, v, r); err != nil {
				return reply{}, err
			}
		}
		page.People = append(page.People, person)
	}
	r := reply{template: "public/together.html", page: page}
	if !form.OK() {
		r.status = http.StatusUnprocessableEntity
	}
	return r, nil
}

// beside is when a further person can come with the visitor's booking.
func (f frame) beside(tx *store.Tx, v visitor, r card.Record) (*nextPerson, error) {
	next := &nextPerson{Card: r.Ref, NoticeNumber: r.NoticeNumber.String()}
	slot, err := booking.Beside(tx, v.visit, booking.ResidentSeat)
	if err == nil {
		err = booking.ResidentsMay(tx, slot)
	}
	if _, none := problem.As(err); none {
		return next, nil
	}
	next.Slot, next.Time, next.Same = slot.Ref, f.span(slot.Starts, slot.Ends), slot.ID == v.visit.SlotID
	return next, err
}

// addPerson lets a further person in.
func (s *Site) addPerson(c *gin.Context) error {
	form := readSignIn(c)
	number, birth := readNumber(form), readBirth(form)
	var record card.Record
	if form.OK() {
		var err error
		record, err = s.identify(c, number, birth)
		if refused, expected := problem.As(err); expected && errors.Is(err, card.SignInRefused) {
			form.Fail("", refused.Code)
		} else if err != nil {
			return err
		}
	}
	added := false
	err := s.reply(c, func(tx *store.Tx) (reply, error) {
		v, err := s.visitor(c, tx)
		switch {
		case err != nil:
			return reply{}, err
		case v.stage == unknown:
			return reply{}, web.SignInNeeded
		case !v.hasCard() || v.stage == issued:
			return reply{to: v.home()}, nil
		}
		if form.OK() {
			if err := v.comesAlong(tx, form, record); err != nil {
				return reply{}, err
			}
		}
		if !form.OK() {
			return s.togetherReply(c, tx, v, form)
		}
		added = true
		return reply{to: "/together"}, nil
	})
	if err == nil && added {
		session := s.web.Session(c)
		session.Set(familyKey, session.Get(familyKey)+","+string(record.Ref))
		session.Flash("person_added")
	}
	return err
}

// comesAlong says on the form why a person cannot come along.
func (v visitor) comesAlong(tx *store.Tx, form *web.Form, r card.Record) error {
	rules, err := booking.RulesOf(tx, v.service.ID)
	if err != nil {
		return err
	}
	_, live, err := booking.Live(tx, r.ID)
	switch {
	case err != nil:
		return err
	case r.ID == v.record.ID || slices.ContainsFunc(v.family, func(f card.Record) bool { return f.ID == r.ID }):
		form.Fail("notice_number", "together_twice")
	case r.Issued():
		form.Fail("notice_number", "together_issued")
	case live:
		form.Fail("notice_number", "together_booked")
	case !r.NeedsBooking:
		form.Fail("notice_number", booking.NotNeeded.Code)
	case 1+len(v.family) >= rules.TogetherMost:
		form.Fail("", "together_most", "most", rules.TogetherMost)
	}
	return nil
}

// removePerson leaves someone out again, and gives back what was held for them.
func (s *Site) removePerson(c *gin.Context) error {
	ref := store.Ref(web.ReadForm(c, "card").Value("card"))
	err := s.store.Write(c, func(tx *store.Tx) error {
		v, err := s.visitor(c, tx)
		if err != nil {
			return err
		}
		for _, r := range v.family {
			if r.Ref == ref {
				return booking.Release(tx, v.actor(c), r.ID)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	session := s.web.Session(c)
	kept := slices.DeleteFunc(strings.Split(session.Get(familyKey), ","), func(one string) bool { return one == string(ref) })
	session.Set(familyKey, strings.Join(kept, ","))
	return web.To(c, "/together")
}

// bookBeside books for a further person beside the visitor's own booking.
func (s *Site) bookBeside(c *gin.Context) error {
	form := web.ReadForm(c, "card", "slot")
	slot := store.Ref(form.Value("slot"))
	var to string
	err := s.store.Write(c, func(tx *store.Tx) (err error) {
		to, err = web.Once(tx, c, func() (string, error) {
			v, err := s.visitor(c, tx)
			switch {
			case err != nil:
				return "", err
			case v.stage == unknown:
				return "", web.SignInNeeded
			case v.stage != booked && v.stage != fixed:
				return "", booking.NotLive
			}
			i := slices.IndexFunc(v.family, func(r card.Record) bool { return string(r.Ref) == form.Value("card") })
			if i < 0 {
				return "", card.NotFound
			}
			if err := v.may(tx, slot); err != nil {
				return "", err
			}
			wish := v.wish(c, slot)
			wish.Card = v.family[i].ID
			_, err = booking.Copy(tx, v.actor(c), v.visit.Booking.Ref, wish)
			return "/together", err
		})
		return err
	})
	if ofSlot(err) {
		s.web.Session(c).Flash("beside_taken")
		return web.To(c, "/together")
	}
	if err != nil {
		return s.overtaken(c, err)
	}
	s.web.Session(c).Flash("person_booked")
	return web.To(c, to)
}

// turnTo makes someone who has signed in to come along the visitor, to look at
// their booking, change it or choose another time for them.
func (s *Site) turnTo(c *gin.Context) error {
	ref := web.ReadForm(c, "card").Value("card")
	var to string
	var all []string
	err := s.store.Read(c, func(tx *store.Tx) error {
		v, err := s.visitor(c, tx)
		if err != nil {
			return err
		}
		to = v.home()
		if !slices.ContainsFunc(v.family, func(r card.Record) bool { return string(r.Ref) == ref }) {
			return nil
		}
		for _, r := range append([]card.Record{v.record}, v.family...) {
			if string(r.Ref) != ref {
				all = append(all, string(r.Ref))
			}
		}
		other, err := s.visitorOf(tx, store.Ref(ref))
		to = other.home()
		return err
	})
	if err != nil {
		return err
	}
	if len(all) > 0 {
		session := s.web.Session(c)
		session.Set(cardKey, ref)
		session.Set(familyKey, strings.Join(all, ","))
	}
	return web.To(c, to)
}
