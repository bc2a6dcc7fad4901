package public

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// calendarFile is the booking as a file for the calendar of a telephone or a
// computer (RFC 5545): when, where and the booking number, and nothing of the
// person.
func (s *Site) calendarFile(c *gin.Context) error {
	var file []byte
	to := ""
	err := s.store.Read(c, func(tx *store.Tx) error {
		v, err := s.visitor(c, tx)
		if err != nil {
			return err
		}
		if v.stage != booked && v.stage != fixed {
			to = v.home()
			return nil
		}
		f := s.frame(c, v, "booking.title")
		file = f.calendarEvent(v, tx.Now)
		return nil
	})
	if err != nil {
		return err
	}
	if to != "" {
		return web.To(c, to)
	}
	return web.Send(c, "text/calendar; charset=utf-8", `visit.ics`, `visit.ics`, file)
}

func (f frame) calendarEvent(v visitor, now time.Time) []byte {
	const instant = "20060102T150405Z"
	slot, venue := v.visit.Slot, v.visit.Venue
	what := f.T("calendar_file.summary")
	if name := f.otherService(v); name != nil {
		what = name.Text
	}
	where := venue.Name
	if venue.Address != "" {
		where += " " + venue.Address
	}
	var b strings.Builder
	for _, line := range []string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//madoguchi//JA", "METHOD:PUBLISH", "BEGIN:VEVENT",
		"UID:" + string(v.visit.Booking.Ref) + "@madoguchi",
		"SEQUENCE:" + fmt.Sprint(v.visit.Version),
		"DTSTAMP:" + now.UTC().Format(instant),
		"DTSTART:" + slot.At().UTC().Format(instant),
		"DTEND:" + slot.HeldOn.At(slot.Ends).UTC().Format(instant),
		"SUMMARY:" + escapeText(what),
		"LOCATION:" + escapeText(where),
		"DESCRIPTION:" + escapeText(f.T("fact.number")+" "+v.visit.Number.String()),
		"END:VEVENT", "END:VCALENDAR",
	} {
		b.WriteString(folded(line))
	}
	return []byte(b.String())
}

var textMarks = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`, "\r", "")

// escapeText writes a text value (RFC 5545, 3.3.11).
func escapeText(s string) string { return textMarks.Replace(s) }

// folded breaks a line after at most 75 bytes, between characters (3.1).
func folded(line string) string {
	var b strings.Builder
	room := 75
	for _, r := range line {
		n := utf8.RuneLen(r)
		if n > room {
			b.WriteString("\r\n ")
			room = 74
		}
		b.WriteRune(r)
		room -= n
	}
	b.WriteString("\r\n")
	return b.String()
}

// bringing is what one person has to bring: by the kind of issue, by their age
// on the day, and by who comes.
type bringing struct {
	Comer  booking.Comer
	Reason *reasonOption // why a proxy comes; nil for others, and while none was said
	Asked  bool          // a proxy is asked for a reason: the town has set up some
	Comers []option
	bringLines
	Minor bool // under fifteen: comes with the legal guardian
}

func (f frame) bringing(tx *store.Tx, v visitor) (bringing, error) {
	c := booking.CaseOf(v.visit, v.record)
	b := bringing{Comer: c.Comer, Minor: slices.Contains(c.Age, booking.Under15)}
	for _, who := range []booking.Comer{booking.Holder, booking.Guardian, booking.Proxy} {
		b.Comers = append(b.Comers, option{string(who), f.T("comer." + string(who)), who == c.Comer})
	}
	if c.Comer == booking.Proxy {
		why, said, err := booking.ReasonOf(tx, v.visit.Booking)
		if err != nil {
			return b, err
		}
		if said {
			reason := f.reasonOption(why)
			b.Reason = &reason
		}
		reasons, err := booking.ProxyReasons(tx)
		if err != nil {
			return b, err
		}
		b.Asked = len(reasons) > 0
	}
	lines, err := booking.BringToVisit(tx, v.visit, v.record)
	b.bringLines = f.bringLines(lines)
	return b, err
}

// setComer keeps who will come. Whoever says a proxy is asked for the reason
// first, on a page of its own; nothing is kept before that is answered.
func (s *Site) setComer(c *gin.Context) error {
	who := booking.Comer(web.ReadForm(c, "comer").Value("comer"))
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
			if who == booking.Proxy {
				reasons, err := booking.ProxyReasons(tx)
				if err != nil || len(reasons) > 0 {
					return reasonPath, err
				}
			}
			return "/booking", booking.SetComer(tx, v.actor(c), v.visit.Booking.Ref, who, "")
		})
		return err
	})
	if refused, ok := problem.As(err); ok && refused.Code == booking.ComerUnknown.Code {
		s.web.Session(c).Flash(refused.Code)
		return web.To(c, "/booking")
	}
	if err != nil {
		return s.overtaken(c, err)
	}
	if to == "/booking" {
		s.web.Session(c).Flash("comer_set")
	}
	return web.To(c, to)
}
