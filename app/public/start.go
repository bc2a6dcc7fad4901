package public

import (
	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// startPage says what can be done here, what it needs, where and when.
type startPage struct {
	frame
	Venues []openVenue
}

// openVenue is a place with the hours at which residents can book it.
type openVenue struct {
	place
	Hours []string
}

func (s *Site) start(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	page := startPage{frame: s.frame(c, v, "start.title")}
	service, err := service(tx)
	if err != nil {
		return reply{}, err
	}
	period, err := booking.BookablePeriod(tx)
	if err != nil {
		return reply{}, err
	}
	venues, err := booking.Venues(tx)
	if err != nil {
		return reply{}, err
	}
	for _, venue := range venues {
		hours, err := hoursOf(tx, venue.ID, service.ID, period)
		if err != nil {
			return reply{}, err
		}
		page.Venues = append(page.Venues, openVenue{page.place(venue), page.hours(hours)})
	}
	return reply{template: "public/start.html", page: page}, nil
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
