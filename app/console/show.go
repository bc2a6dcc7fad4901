package console

import (
	"fmt"
	"strings"
	"time"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/jp"
)

// link is a choice made by following it.
type link struct {
	Path, Label string
	Here        bool // it is what the page shows already
}

// person is who a page is about, as its parts show them.
type person struct {
	Path         string
	Name         string
	KanaName     string
	Birth        string
	NoticeNumber string
	IssueKind    string
	Telephone    string // of a visitor, who has no record to look it up in
}

// personOf names a person; one whose name is not kept goes by the number of
// the delivery notice.
func personOf(r card.Record) person {
	p := person{
		Path:         recipientPath(r),
		Name:         r.Name,
		KanaName:     r.KanaName,
		Birth:        r.Birth.Japanese(),
		NoticeNumber: r.NoticeNumber.String(),
		IssueKind:    r.KindName,
	}
	if p.Name == "" {
		p.Name = orNone(p.NoticeNumber)
	}
	return p
}

func recipientPath(r card.Record) string { return "/recipients/" + string(r.Ref) }

// standing is how far a card has come, in the one word that lists show, with
// the class of its mark.
type standing struct{ State, Class string }

func standingOf(r card.Record, booked bool) standing {
	switch {
	case r.Issued():
		return standing{"交付済み", "done"}
	case booked:
		return standing{"予約あり", "booked"}
	case !r.NeedsBooking:
		return standing{"予約不要", "done"}
	}
	return standing{"未予約", "none"}
}

// slotTime is when a slot is, such as 12月3日（木）9時30分.
func slotTime(s booking.Slot) string { return s.HeldOn.Short() + s.Starts.Plain() }

// slotDay is slotTime with the year, for pages on which the year may matter.
func slotDay(s booking.Slot) string { return s.HeldOn.Era() + s.Starts.Plain() }

// slotSpan is from when to when a slot lasts, such as 9時30分～10時.
func slotSpan(s booking.Slot) string { return s.Starts.Plain() + "～" + s.Ends.Plain() }

// slotHours is slotSpan in figures, for tables.
func slotHours(s booking.Slot) string {
	return strings.TrimPrefix(s.Starts.String(), "0") + "～" + strings.TrimPrefix(s.Ends.String(), "0")
}

// instant is a moment in the past as the console writes it, "" for none.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return jp.DateOf(t).Era() + " " + clock(t)
}

// recently is an instant whose year goes without saying.
func recently(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return jp.DateOf(t).Short() + " " + clock(t)
}

func clock(t time.Time) string {
	t = t.In(jp.Tokyo)
	return fmt.Sprintf("%d:%02d", t.Hour(), t.Minute())
}

// orNone says in a word that there is nothing, where an empty place would
// leave the reader in doubt.
func orNone(s string) string {
	if strings.TrimSpace(s) == "" {
		return "なし"
	}
	return s
}

// fileTime is an instant as files have it, "" for none.
func fileTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(jp.Tokyo).Format("2006-01-02 15:04")
}
