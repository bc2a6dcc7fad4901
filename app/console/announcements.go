package console

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/settings"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

// announcementRoutes are what residents are told on their site, kept by those
// who may announce.
func (d *Desk) announcementRoutes() []guarded {
	return []guarded{
		d.need(staff.MayAnnounce, web.GET("/announcements", d.announcements)),
		d.need(staff.MayAnnounce, web.GET("/announcements/new", d.askAnnouncement)),
		d.need(staff.MayAnnounce, web.GET("/announcements/preview", toAnnouncements)),
		d.need(staff.MayAnnounce, web.POST("/announcements/preview", d.previewAnnouncement)),
		d.need(staff.MayAnnounce, web.GET("/announcements/again", toAnnouncements)),
		d.need(staff.MayAnnounce, web.POST("/announcements/again", d.correctAnnouncement)),
		d.need(staff.MayAnnounce, web.POST("/announcements", d.saveAnnouncement)),
		d.need(staff.MayAnnounce, web.GET("/announcements/edit/:ref", d.askAnnouncement)),
		d.need(staff.MayAnnounce, web.GET("/announcements/remove/:ref", d.askRemoval)),
		d.need(staff.MayAnnounce, web.POST("/announcements/remove/:ref", d.removeAnnouncement)),

		d.need(staff.MayAnnounce, web.GET("/announcements/question/new", d.askQuestion)),
		d.need(staff.MayAnnounce, web.GET("/announcements/question/edit/:ref", d.askQuestion)),
		d.need(staff.MayAnnounce, web.GET("/announcements/question", toAnnouncements)),
		d.need(staff.MayAnnounce, web.POST("/announcements/question", d.saveQuestion)),
		d.need(staff.MayAnnounce, web.GET("/announcements/question/raise/:ref", toAnnouncements)),
		d.need(staff.MayAnnounce, web.POST("/announcements/question/raise/:ref", d.raiseQuestion)),
		d.need(staff.MayAnnounce, web.GET("/announcements/question/remove/:ref", d.askQuestionRemoval)),
		d.need(staff.MayAnnounce, web.POST("/announcements/question/remove/:ref", d.removeQuestion)),
	}
}

func toAnnouncements(c *gin.Context) error { return web.To(c, "/announcements") }

// announcementsPage lists what residents are told and the usual questions.
type announcementsPage struct {
	page
	Announcements []announcementLine
	Questions     []questionLine
	Everywhere    bool // one works at every place
}

type announcementLine struct {
	Title, Importance, State, Class, Days, Venue string
	Edit, Remove                                 string // no path: of places at which one does not work
}

type questionLine struct {
	Question, Answer    string
	Edit, Remove, Raise string // Raise is "" for the first
}

func (d *Desk) announcements(c *gin.Context) error {
	p := announcementsPage{Everywhere: everywhere(c) == nil}
	err := d.store.Read(c, func(tx *store.Tx) error {
		venues, err := placeNames(tx)
		if err != nil {
			return err
		}
		all, err := settings.Announcements(tx)
		if err != nil {
			return err
		}
		for _, a := range all {
			line := announcementLine{Title: a.Title, Importance: a.Importance.Label(), Days: daysOf(a), Venue: venues[a.VenueID]}
			line.State, line.Class = stateOf(a, jp.DateOf(tx.Now))
			if mayTell(c, a) == nil {
				line.Edit, line.Remove = "/announcements/edit/"+string(a.Ref), "/announcements/remove/"+string(a.Ref)
			}
			p.Announcements = append(p.Announcements, line)
		}
		questions, err := settings.Questions(tx)
		for i, q := range questions {
			line := questionLine{Question: q.Question, Answer: q.Answer,
				Edit: "/announcements/question/edit/" + string(q.Ref), Remove: "/announcements/question/remove/" + string(q.Ref)}
			if i > 0 {
				line.Raise = "/announcements/question/raise/" + string(q.Ref)
			}
			p.Questions = append(p.Questions, line)
		}
		return err
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "announcements", "お知らせ・よくある質問", &p)
}

// placeNames are the places by row; 0 is all of them.
func placeNames(tx *store.Tx) (map[int64]string, error) {
	names := map[int64]string{0: "すべての場所"}
	venues, err := booking.AllVenues(tx)
	for _, v := range venues {
		names[v.ID] = v.Name
	}
	return names, err
}

func daysOf(a settings.Announcement) string {
	if a.UntilOn.IsZero() {
		return a.FromOn.Both() + "から"
	}
	return a.FromOn.Both() + "から" + a.UntilOn.Both() + "まで"
}

func stateOf(a settings.Announcement, today jp.Date) (state, class string) {
	switch {
	case a.Shown(today):
		return "掲載中", "done"
	case today.Before(a.FromOn):
		return "これから", "booked"
	}
	return "終わり", "cancelled"
}

// mayTell refuses those who work at some places only what concerns others.
func mayTell(c *gin.Context, a settings.Announcement) error {
	if a.VenueID == 0 {
		return everywhere(c)
	}
	return here(c, a.VenueID)
}

// announcementPage is the form of one announcement.
type announcementPage struct {
	page
	New                       bool
	Ref                       store.Ref
	Version                   string
	Stale                     bool
	Headline, Body            control
	From, Until               control
	ImportanceList, VenueList noticeList
}

// noticeList is a list to choose one line from.
type noticeList struct {
	web.Field
	Choices []listed
}

// listed is one line of a list to choose from.
type listed struct {
	Value, Label string
	Chosen       bool
}

var announcementFields = []string{
	"notice_title", "notice_body", "notice_importance", "notice_venue", "notice_from", "notice_until", "ref", "version",
}

func readAnnouncement(c *gin.Context) *web.Form { return web.ReadForm(c, announcementFields...) }

// askAnnouncement opens the form: empty, or with what is kept.
func (d *Desk) askAnnouncement(c *gin.Context) error {
	form := readAnnouncement(c)
	err := d.store.Read(c, func(tx *store.Tx) error {
		form.Set("notice_importance", string(settings.Usual))
		form.Set("notice_from", typedDay(jp.DateOf(tx.Now)))
		if refOf(c) == "" {
			return nil
		}
		a, err := settings.AnnouncementByRef(tx, refOf(c))
		if err != nil {
			return err
		}
		if err := mayTell(c, a); err != nil {
			return err
		}
		return fillAnnouncement(tx, form, a)
	})
	if err != nil {
		return err
	}
	return d.showAnnouncement(c, http.StatusOK, form, false)
}

func fillAnnouncement(tx *store.Tx, form *web.Form, a settings.Announcement) error {
	form.Set("ref", string(a.Ref))
	form.Set("version", decimal(a.Version))
	form.Set("notice_title", a.Title)
	form.Set("notice_body", a.Body)
	form.Set("notice_importance", string(a.Importance))
	form.Set("notice_from", typedDay(a.FromOn))
	form.Set("notice_until", "")
	if !a.UntilOn.IsZero() {
		form.Set("notice_until", typedDay(a.UntilOn))
	}
	venues, err := booking.AllVenues(tx)
	for _, v := range venues {
		if v.ID == a.VenueID {
			form.Set("notice_venue", string(v.Ref))
		}
	}
	return err
}

func (d *Desk) showAnnouncement(c *gin.Context, status int, form *web.Form, stale bool) error {
	p := announcementPage{
		New: form.Value("ref") == "", Ref: store.Ref(form.Value("ref")), Version: form.Value("version"), Stale: stale,
		Headline: control{Field: *form.Field("notice_title"), Type: "text", Class: "kanji", Autocomplete: "off"},
		Body:     control{Field: *form.Field("notice_body"), Class: "kanji"},
		From:     control{Field: *form.Field("notice_from"), Type: "text", Class: "half", Autocomplete: "off"},
		Until:    control{Field: *form.Field("notice_until"), Type: "text", Class: "half", Autocomplete: "off"},

		ImportanceList: noticeList{Field: *form.Field("notice_importance")}, VenueList: noticeList{Field: *form.Field("notice_venue")},
	}
	p.Headline.Required, p.From.Required = true, true
	for _, i := range settings.Importances() {
		p.ImportanceList.Choices = append(p.ImportanceList.Choices, listed{string(i), i.Label(), p.ImportanceList.Value == string(i)})
	}
	if everywhere(c) == nil {
		p.VenueList.Choices = append(p.VenueList.Choices, listed{"", "すべての場所", p.VenueList.Value == ""})
	}
	err := d.store.Read(c, func(tx *store.Tx) error {
		venues, err := ourVenues(tx, c)
		for _, v := range venues {
			p.VenueList.Choices = append(p.VenueList.Choices, listed{string(v.Ref), v.Name, p.VenueList.Value == string(v.Ref)})
		}
		return err
	})
	if err != nil {
		return err
	}
	p.failed(form)
	p.Failed = p.Failed || stale
	title := "お知らせを直す"
	if p.New {
		title = "お知らせを書く"
	}
	return d.show(c, status, "announcement", title, &p)
}

// announcementIn reads what was typed; what cannot be understood is said on the form.
func announcementIn(c *gin.Context, tx *store.Tx, form *web.Form) (settings.Announcement, error) {
	today := jp.DateOf(tx.Now)
	a := settings.Announcement{
		Ref: store.Ref(form.Value("ref")), Version: version(c), Title: form.Value("notice_title"), Body: form.Value("notice_body"),
		Importance: settings.Importance(form.Value("notice_importance")),
	}
	for name, day := range map[string]*jp.Date{"notice_from": &a.FromOn, "notice_until": &a.UntilOn} {
		if form.Value(name) != "" {
			*day = readDay(form, name, today)
		}
	}
	if ref := form.Value("notice_venue"); ref != "" {
		v, err := booking.VenueByRef(tx, store.Ref(ref))
		if errors.Is(err, booking.VenueNotFound) {
			form.Fail("notice_venue", settings.NoticeVenue.Code)
			return a, nil
		}
		if err != nil {
			return a, err
		}
		a.VenueID = v.ID
	}
	if err := a.Check(); err != nil {
		refused, ok := problem.As(err)
		if !ok {
			return a, err
		}
		form.Apply(refused)
	}
	return a, mayTell(c, a)
}

// previewPage shows an announcement as residents will see it.
type previewPage struct {
	page
	Headline   string
	Body       []string
	Importance string
	Class      string
	Days       string
	Venue      string
	Hidden     []listed // what was typed, by field
}

func (d *Desk) previewAnnouncement(c *gin.Context) error {
	form := readAnnouncement(c)
	p := previewPage{}
	err := d.store.Read(c, func(tx *store.Tx) error {
		a, err := announcementIn(c, tx, form)
		if err != nil || !form.OK() {
			return err
		}
		venues, err := placeNames(tx)
		p.Headline, p.Body, p.Days, p.Venue = a.Title, paragraphs(a.Body), daysOf(a), venues[a.VenueID]
		p.Importance, p.Class = a.Importance.Label(), string(a.Importance)
		return err
	})
	if err != nil {
		return err
	}
	if !form.OK() {
		return d.showAnnouncement(c, http.StatusUnprocessableEntity, form, false)
	}
	for _, name := range announcementFields {
		p.Hidden = append(p.Hidden, listed{Value: form.Value(name), Label: name})
	}
	return d.show(c, http.StatusOK, "announcement_preview", "お知らせの確認", &p)
}

// correctAnnouncement goes back from the preview with what was typed.
func (d *Desk) correctAnnouncement(c *gin.Context) error {
	return d.showAnnouncement(c, http.StatusOK, readAnnouncement(c), false)
}

func (d *Desk) saveAnnouncement(c *gin.Context) error {
	form := readAnnouncement(c)
	err := d.write(c, "announcement_saved", func(tx *store.Tx) (string, error) {
		if ref := store.Ref(form.Value("ref")); ref != "" {
			old, err := settings.AnnouncementByRef(tx, ref)
			if err != nil {
				return "", err
			}
			if err := mayTell(c, old); err != nil {
				return "", err
			}
		}
		a, err := announcementIn(c, tx, form)
		if err != nil {
			return "", err
		}
		if !form.OK() {
			return "", settings.NoticeMissing
		}
		_, err = settings.SaveAnnouncement(tx, actor(c), a)
		return "/announcements", err
	})
	switch {
	case errors.Is(err, settings.NoticeStale):
		return d.showAnnouncement(c, http.StatusConflict, form, true)
	case !form.OK():
		return d.showAnnouncement(c, http.StatusUnprocessableEntity, form, false)
	}
	return err
}

// removalPage asks once more before something is taken away.
type removalPage struct {
	page
	Heading string
	What    string
	Text    string
	Action  string
	Version int
}

func (d *Desk) askRemoval(c *gin.Context) error {
	p := removalPage{Heading: "お知らせの削除", Action: "/announcements/remove/" + string(refOf(c))}
	err := d.store.Read(c, func(tx *store.Tx) error {
		a, err := settings.AnnouncementByRef(tx, refOf(c))
		if err != nil {
			return err
		}
		p.What, p.Text, p.Version = a.Title, a.Body, a.Version
		return mayTell(c, a)
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "removal", p.Heading, &p)
}

func (d *Desk) removeAnnouncement(c *gin.Context) error {
	return d.write(c, "announcement_removed", func(tx *store.Tx) (string, error) {
		a, err := settings.AnnouncementByRef(tx, refOf(c))
		if err != nil {
			return "", err
		}
		if err := mayTell(c, a); err != nil {
			return "", err
		}
		return "/announcements", settings.RemoveAnnouncement(tx, actor(c), refOf(c), version(c))
	})
}

// paragraphs are the lines of a plain text, empty ones left out.
func paragraphs(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}
