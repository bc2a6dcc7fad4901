package settings

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Problems of announcements and questions.
var (
	NoticeMissing    = problem.Define(problem.Invalid, "notice_text_missing")
	NoticeTooLong    = problem.Define(problem.Invalid, "notice_text_too_long")
	NoticeDays       = problem.Define(problem.Invalid, "notice_days_order")
	NoticeDayMissing = problem.Define(problem.Invalid, "notice_day_missing")
	NoticeImportance = problem.Define(problem.Invalid, "notice_importance")
	NoticeVenue      = problem.Define(problem.Invalid, "notice_venue")
	NoticeNotFound   = problem.Define(problem.NotFound, "notice_not_found")
	NoticeStale      = problem.Define(problem.Conflict, "notice_stale")
)

// Importance is how an announcement stands out (重要度).
type Importance string

// The degrees.
const (
	Usual     Importance = "usual"
	Important Importance = "important"
	Urgent    Importance = "urgent"
)

// Importances lists the degrees, the least first.
func Importances() []Importance { return []Importance{Usual, Important, Urgent} }

// Label is the degree's name on the console.
func (i Importance) Label() string {
	return map[Importance]string{Usual: "お知らせ", Important: "重要", Urgent: "緊急"}[i]
}

// The most characters of what is announced, asked and answered.
const (
	titleLength = 60
	bodyLength  = 1000
)

// Announcement is what the town tells residents on their site (お知らせ), in
// plain text, from one day until another.
type Announcement struct {
	ID         int64
	Ref        store.Ref
	Title      string
	Body       string
	Importance Importance
	VenueID    int64   // the place that it is about; 0: all
	FromOn     jp.Date // first and last day; no last day: until somebody ends it
	UntilOn    jp.Date
	ChangedAt  time.Time
	Version    int
}

// Shown reports whether residents see it on a day.
func (a Announcement) Shown(on jp.Date) bool {
	return !on.Before(a.FromOn) && (a.UntilOn.IsZero() || !on.After(a.UntilOn))
}

func (a Announcement) subject() audit.Subject {
	return audit.Subject{Kind: "announcement", Ref: a.Ref}
}

const announcementColumns = `id, ref, title, body, importance, venue_id, from_on, until_on, changed_at, version`

// byImportance puts the most important first, then the newest.
const byImportance = ` ORDER BY CASE importance WHEN 'urgent' THEN 0 WHEN 'important' THEN 1 ELSE 2 END, from_on DESC, id DESC`

// Announcements lists all of them, those that are over too, for staff.
func Announcements(tx *store.Tx) ([]Announcement, error) {
	return store.All[Announcement](tx, `SELECT `+announcementColumns+` FROM announcement ORDER BY from_on DESC, id DESC`)
}

// Current lists what residents see at tx.Now: the most important first.
func Current(tx *store.Tx) ([]Announcement, error) {
	today := jp.DateOf(tx.Now)
	return store.All[Announcement](tx, `SELECT `+announcementColumns+` FROM announcement
		WHERE from_on <= ? AND (until_on IS NULL OR until_on >= ?)`+byImportance, today, today)
}

// AnnouncementByRef finds one. Problem: NoticeNotFound.
func AnnouncementByRef(tx *store.Tx, ref store.Ref) (Announcement, error) {
	a, err := store.One[Announcement](tx, `SELECT `+announcementColumns+` FROM announcement WHERE ref = ?`, ref)
	return a, foundNotice(err)
}

func foundNotice(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return NoticeNotFound
	}
	return err
}

// Check says what SaveAnnouncement would refuse, and trims the text.
func (a *Announcement) Check() error {
	f := faults{}
	a.Title, a.Body = f.text("notice_title", a.Title, titleLength, true), f.text("notice_body", a.Body, bodyLength, false)
	switch a.Importance {
	case Usual, Important, Urgent:
	default:
		f.add("notice_importance", NoticeImportance)
	}
	if a.FromOn.IsZero() {
		f.add("notice_from", NoticeDayMissing)
	}
	if !a.UntilOn.IsZero() && a.UntilOn.Before(a.FromOn) {
		f.add("notice_until", NoticeDays)
	}
	return f.err()
}

// SaveAnnouncement adds an announcement without a Ref, or writes one with the
// Ref and Version that it was shown with. Problems: NoticeMissing,
// NoticeTooLong, NoticeImportance, NoticeDayMissing, NoticeDays on notice_title,
// notice_body, notice_importance, notice_from, notice_until; NoticeNotFound,
// NoticeStale.
func SaveAnnouncement(tx *store.Tx, by audit.Actor, a Announcement) (Announcement, error) {
	if err := a.Check(); err != nil {
		return a, err
	}
	action := audit.AnnouncementChanged
	if a.Ref == "" {
		a.Ref, action = store.NewRef(), audit.AnnouncementAdded
		_, err := tx.Insert(`INSERT INTO announcement (ref, title, body, importance, venue_id, from_on, until_on, changed_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, a.Ref, a.Title, a.Body, a.Importance, store.Opt(a.VenueID), a.FromOn, a.UntilOn, tx.Now)
		if err != nil {
			return a, fmt.Errorf("add announcement: %w", err)
		}
	} else {
		if _, err := AnnouncementByRef(tx, a.Ref); err != nil {
			return a, err
		}
		n, err := tx.Exec(`UPDATE announcement SET title = ?, body = ?, importance = ?, venue_id = ?, from_on = ?, until_on = ?,
			changed_at = ?, version = version + 1 WHERE ref = ? AND version = ?`,
			a.Title, a.Body, a.Importance, store.Opt(a.VenueID), a.FromOn, a.UntilOn, tx.Now, a.Ref, a.Version)
		if err := changedOne(n, err); err != nil {
			return a, fmt.Errorf("change announcement: %w", err)
		}
	}
	detail := audit.Detail{"importance": a.Importance, "from": a.FromOn, "until": a.UntilOn.String()}
	if err := audit.Record(tx, by, action, a.subject(), detail); err != nil {
		return a, err
	}
	return AnnouncementByRef(tx, a.Ref)
}

// RemoveAnnouncement takes an announcement away. Problems: NoticeNotFound,
// NoticeStale.
func RemoveAnnouncement(tx *store.Tx, by audit.Actor, ref store.Ref, version int) error {
	a, err := AnnouncementByRef(tx, ref)
	if err != nil {
		return err
	}
	n, err := tx.Exec(`DELETE FROM announcement WHERE ref = ? AND version = ?`, ref, version)
	if err := changedOne(n, err); err != nil {
		return fmt.Errorf("remove announcement: %w", err)
	}
	return audit.Record(tx, by, audit.AnnouncementRemoved, a.subject(), nil)
}

func changedOne(n int64, err error) error {
	if err == nil && n == 0 {
		return NoticeStale
	}
	return err
}

// faults collects what is wrong with a form's fields.
type faults struct{ wrong *problem.Problem }

func (f *faults) add(field string, p *problem.Problem) {
	if f.wrong == nil {
		f.wrong = p.On(field)
		return
	}
	if f.wrong.Fields[field] == "" {
		f.wrong.Fields[field] = p.Code
	}
	for name, value := range p.Args {
		f.wrong.Args[name] = value
	}
}

func (f *faults) text(field, text string, most int, needed bool) string {
	text = strings.TrimSpace(text)
	switch {
	case text == "" && needed:
		f.add(field, NoticeMissing)
	case utf8.RuneCountInString(text) > most:
		f.add(field, NoticeTooLong.With("most", strconv.Itoa(most)))
	}
	return text
}

func (f *faults) err() error {
	if f.wrong == nil {
		return nil
	}
	return f.wrong
}
