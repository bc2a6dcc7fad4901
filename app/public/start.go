package public

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// startPage asks which paper people have in their hand, and says what is new,
// where and when.
type startPage struct {
	frame
	Announcements []announced
	Questions     bool // there are some
	Venues        []openVenue
}

// announced is an announcement as residents see it.
type announced struct {
	Title      said
	Body       said
	Note       string // that a part of it is in Japanese only
	Importance string // usual, important or urgent
	Label      string // of the importance
	Venue      string // "" for all places
	Local      string // its name in the page's language
	Days       string
}

// openVenue is a place with the hours at which residents can book it.
type openVenue struct {
	place
	Hours []string
	Href  string // its own page
}

// venuesInFull is how many places are described on the first page, and how many
// show several free days: with more, their own pages do, and these stay light.
const venuesInFull = 8

func (s *Site) start(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	page := startPage{frame: s.frame(c, v, "start.title")}
	venues, err := booking.Venues(tx)
	if err != nil {
		return reply{}, err
	}
	if page.Announcements, err = page.announcements(tx, venues, 0); err != nil {
		return reply{}, err
	}
	for _, venue := range venues {
		if len(venues) > venuesInFull {
			page.Venues = append(page.Venues, openVenue{place: place{Name: venue.Name, Local: page.texts[venue.Name]}, Href: page.Path("/places/" + string(venue.Ref))})
			continue
		}
		open, err := page.openVenue(tx, venue)
		if err != nil {
			return reply{}, err
		}
		page.Venues = append(page.Venues, open)
	}
	questions, err := settings.Questions(tx)
	page.Questions = len(questions) > 0
	return reply{template: "public/start.html", page: page}, err
}

// announcements lists what is announced now, for all places and, with a place,
// for that one only.
func (f frame) announcements(tx *store.Tx, venues []booking.Venue, only int64) ([]announced, error) {
	current, err := settings.Current(tx)
	if err != nil {
		return nil, err
	}
	names := map[int64]string{}
	for _, v := range venues {
		names[v.ID] = v.Name
	}
	var all []announced
	for _, a := range current {
		if only != 0 && a.VenueID != only {
			continue
		}
		one := announced{Title: f.say(a.Title), Body: f.say(a.Body), Importance: string(a.Importance), Venue: names[a.VenueID]}
		if one.Note = one.Title.Note; one.Note == "" {
			one.Note = one.Body.Note
		}
		one.Local = f.texts[one.Venue]
		if a.VenueID != 0 && one.Venue == "" {
			continue // of a place that is not used any more
		}
		if a.Importance != settings.Usual {
			one.Label = f.T("announcement." + string(a.Importance))
		}
		one.Days = f.when.day(a.FromOn)
		if !a.UntilOn.IsZero() && a.UntilOn != a.FromOn {
			one.Days = f.T("hours.span", "from", f.when.day(a.FromOn), "to", f.when.day(a.UntilOn))
		}
		all = append(all, one)
	}
	return all, nil
}

func (f frame) openVenue(tx *store.Tx, venue booking.Venue) (openVenue, error) {
	open := openVenue{place: f.place(venue), Href: f.Path("/places/" + string(venue.Ref))}
	service, err := service(tx)
	if err != nil {
		return open, err
	}
	period, err := booking.Bookable(tx, venue.ID, service.ID)
	if err != nil {
		return open, err
	}
	hours, err := hoursOf(tx, venue.ID, service.ID, period)
	open.Hours = f.hours(hours)
	return open, err
}

// placePage is a place with how to get there.
type placePage struct {
	frame
	Venue         openVenue
	Map           *mapImage
	Announcements []announced
}

// mapImage is a place's map picture as a page shows it.
type mapImage struct {
	Href, Alt     string
	Width, Height int
}

func (s *Site) placeInfo(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	venue, err := booking.VenueByRef(tx, store.Ref(c.Param("venue")))
	if err != nil {
		return reply{}, err
	}
	if venue.Retired() {
		return reply{}, booking.VenueNotFound
	}
	page := placePage{frame: s.frame(c, v, "place.title", "venue", venue.Name)}
	if page.Venue, err = page.openVenue(tx, venue); err != nil {
		return reply{}, err
	}
	if page.Announcements, err = page.announcements(tx, []booking.Venue{venue}, venue.ID); err != nil {
		return reply{}, err
	}
	page.Map, err = page.mapOf(tx, venue)
	return reply{template: "public/place.html", page: page}, err
}

// mapOf is the map picture of a place, nil where it has none.
func (f frame) mapOf(tx *store.Tx, venue booking.Venue) (*mapImage, error) {
	if venue.MapHash == "" {
		return nil, nil
	}
	p, err := booking.MapByHash(tx, venue.MapHash)
	if err != nil {
		return nil, err
	}
	return &mapImage{Href: f.Path("/maps/" + p.Hash), Alt: f.T("place.map", "venue", venue.Name), Width: p.Width, Height: p.Height}, nil
}

// mapPicture serves a map picture. Its address is what is in it, so browsers may
// keep it for good.
func (s *Site) mapPicture(c *gin.Context) error {
	var p booking.MapPicture
	err := s.store.Read(c, func(tx *store.Tx) (err error) {
		p, err = booking.MapByHash(tx, c.Param("hash"))
		return err
	})
	if err != nil {
		return err
	}
	c.Header("Content-Type", p.MediaType)
	c.Header("Cache-Control", "public, max-age=31536000, immutable")
	c.Status(http.StatusOK)
	_, err = c.Writer.Write(p.Body)
	return err
}

// questionsPage answers what people often ask.
type questionsPage struct {
	frame
	Questions []answered
}

type answered struct {
	Question, Answer said
	Note             string // that a part of it is in Japanese only
}

func (s *Site) questions(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	page := questionsPage{frame: s.frame(c, v, "questions.title")}
	all, err := settings.Questions(tx)
	for _, q := range all {
		one := answered{Question: page.say(q.Question), Answer: page.say(q.Answer)}
		if one.Note = one.Question.Note; one.Note == "" {
			one.Note = one.Answer.Note
		}
		page.Questions = append(page.Questions, one)
	}
	return reply{template: "public/questions.html", page: page}, err
}

// expiryPage asks what expires, by the paper that people have.
type expiryPage struct {
	frame
	CertificateHref string // "" where it cannot be booked here
	CardHref        string
}

func (s *Site) expiry(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	page := expiryPage{frame: s.frame(c, v, "expiry.title")}
	services, err := withoutNotice(tx)
	page.CardHref, page.CertificateHref = page.Path("/expiry/card"), page.serviceHref(services, booking.CertificateRenewalCode)
	return reply{template: "public/expiry.html", page: page}, err
}

// expiryCardPage tells who must apply for a new card first.
type expiryCardPage struct {
	frame
	Help     string // where help with the application is booked; "" for nowhere
	HelpName said
}

func (s *Site) expiryCard(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	page := expiryCardPage{frame: s.frame(c, v, "expiry_card.title")}
	services, err := withoutNotice(tx)
	page.Help = page.serviceHref(services, booking.CardApplicationCode)
	for _, one := range services {
		if one.Code == booking.CardApplicationCode {
			page.HelpName = page.say(one.Name)
		}
	}
	return reply{template: "public/expiry_card.html", page: page}, err
}

// noPaperPage lists what can be booked without any paper.
type noPaperPage struct {
	frame
	Services []serviceLink
}

type serviceLink struct {
	Href string
	Name said
}

func (s *Site) noPaper(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	page := noPaperPage{frame: s.frame(c, v, "no_paper.title")}
	services, err := withoutNotice(tx)
	for _, one := range services {
		page.Services = append(page.Services, serviceLink{page.Path("/services/" + string(one.Ref)), page.say(one.Name)})
	}
	return reply{template: "public/no_paper.html", page: page}, err
}

// withoutNotice lists the services that residents can book without a notice.
func withoutNotice(tx *store.Tx) ([]booking.Service, error) {
	services, err := booking.Services(tx)
	var all []booking.Service
	for _, one := range services {
		if one.WithoutNotice && !one.StaffOnly {
			all = append(all, one)
		}
	}
	return all, err
}

func (f frame) serviceHref(services []booking.Service, code string) string {
	for _, one := range services {
		if one.Code == code {
			return f.Path("/services/" + string(one.Ref))
		}
	}
	return ""
}

// fromNotice is where the code on the town's letter leads: the notice number is
// filled in, the date of birth never is. It says nothing about the number: one
// that exists looks like one that does not.
func (s *Site) fromNotice(c *gin.Context, _ *store.Tx, v visitor) (reply, error) {
	number, err := card.ParseNoticeNumber(c.Param("number"))
	if err != nil {
		return reply{to: "/sign-in"}, nil
	}
	if v.hasCard() && v.record.NoticeNumber == number {
		return reply{to: v.home()}, nil
	}
	form := emptySignIn(c)
	form.Set("notice_number", number.String())
	return s.signInReply(c, v, form), nil
}

// issuedPage tells someone whose card was handed over that nothing is left to do.
type issuedPage struct {
	frame
	NoticeNumber string
	Day          string
}

func (s *Site) issued(c *gin.Context, _ *store.Tx, v visitor) (reply, error) {
	page := issuedPage{frame: s.frame(c, v, "issued.title"), NoticeNumber: v.record.NoticeNumber.String()}
	page.Day = page.when.fullDay(jp.DateOf(v.record.IssuedAt))
	return reply{template: "public/issued.html", page: page}, nil
}
