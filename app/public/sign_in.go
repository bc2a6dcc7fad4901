package public

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"madoguchi/app/attempt"
	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// signInPage asks for what is printed on the delivery notice, and the date of birth.
type signInPage struct {
	frame
	Number textField
	Birth  birthField
	To     string // page to open afterwards
}

// textField is a text field with what browsers want to know of it.
type textField struct {
	*web.Field
	Class        string
	Autocomplete string
	InputMode    string
	Code         bool // letters and digits that no dictionary has
}

// birthField is a date of birth in four parts, as people in Japan know theirs:
// an era or the western calendar, year, month and day.
type birthField struct {
	Era              *web.Field
	Eras             []option
	Year, Month, Day textField
}

// Errors lists what is wrong with the parts, in their order.
func (b birthField) Errors() []*web.Field {
	var wrong []*web.Field
	for _, f := range []*web.Field{b.Era, b.Year.Field, b.Month.Field, b.Day.Field} {
		if f.Error != "" {
			wrong = append(wrong, f)
		}
	}
	return wrong
}

// option is a line of a list to choose from.
type option struct {
	Value  string
	Label  string
	Chosen bool
}

const western = "western"

func readSignIn(c *gin.Context) *web.Form {
	form := web.ReadForm(c, "notice_number", "birth_era", "birth_year", "birth_month", "birth_day", "to")
	for _, name := range []string{"notice_number", "birth_era", "birth_year", "birth_month", "birth_day"} {
		form.Field(name).Required = true
	}
	return form
}

// emptySignIn is the form before anything was typed.
func emptySignIn(c *gin.Context) *web.Form {
	form := readSignIn(c)
	for _, name := range []string{"notice_number", "birth_era", "birth_year", "birth_month", "birth_day"} {
		form.Set(name, "") // a link never fills in what only the postcard and its owner know
	}
	if web.LanguageOf(c).Tag != "ja" {
		form.Set("birth_era", western)
	}
	return form
}

func (s *Site) signInForm(c *gin.Context, _ *store.Tx, v visitor) (reply, error) {
	return s.signInReply(c, v, emptySignIn(c)), nil
}

func (s *Site) signInReply(c *gin.Context, v visitor, form *web.Form) reply {
	page := signInPage{frame: s.frame(c, v, "sign_in.title"), To: returnPath(form.Value("to"))}
	page.Base = page.With(form)
	page.Number, page.Birth = page.signInFields(form)
	r := reply{template: "public/sign_in.html", page: page}
	if !form.OK() {
		r.status = http.StatusUnprocessableEntity
	}
	return r
}

// signInFields are the two secrets of a delivery notice as pages ask for them.
func (f frame) signInFields(form *web.Form) (textField, birthField) {
	part := func(name, class string) textField {
		return textField{form.Field("birth_" + name), class, "bday-" + name, "numeric", true}
	}
	number := textField{Field: form.Field("notice_number"), Class: "wide", Autocomplete: "off", Code: true}
	birth := birthField{Era: form.Field("birth_era"), Year: part("year", "year"), Month: part("month", "day"), Day: part("day", "day")}
	for _, code := range eraCodes() {
		birth.Eras = append(birth.Eras, option{code, f.T("era." + code), birth.Era.Has(code)})
	}
	return number, birth
}

// eraCodes are the calendars of the form: the western one, then eras from the newest.
func eraCodes() []string {
	codes := []string{western}
	for _, era := range jp.Eras {
		codes = append(codes, era.Code)
	}
	return codes
}

func (s *Site) signIn(c *gin.Context) error {
	form := readSignIn(c)
	number := readNumber(form)
	birth := readBirth(form)
	if form.OK() {
		record, err := s.identify(c, number, birth)
		if err == nil {
			return s.enter(c, record.Ref, returnPath(form.Value("to")))
		}
		refused, expected := problem.As(err)
		if !expected || !errors.Is(err, card.SignInRefused) {
			return err
		}
		form.Fail("", refused.Code)
	}
	var r reply
	err := s.store.Read(c, func(tx *store.Tx) error {
		v, err := s.visitor(c, tx)
		r = s.signInReply(c, v, form)
		return err
	})
	if err != nil {
		return err
	}
	return s.answer(c, r)
}

// identify finds the card of who knows its two secrets. Problem: card.SignInRefused.
func (s *Site) identify(c *gin.Context, number card.NoticeNumber, birth jp.BirthDate) (card.Record, error) {
	if err := s.brake(c); err != nil {
		return card.Record{}, err
	}
	birth, err := s.certain(c, number, birth)
	if err != nil {
		return card.Record{}, err
	}
	return card.SignIn(c, s.store, web.RequestNumber(c), s.web.Session(c).Mark(), number, birth)
}

// brake waits where many have failed of late, whoever asks and whatever they know.
func (s *Site) brake(c *gin.Context) error { return s.slow(c, attempt.Brake) }

// slow waits as long as how says.
func (s *Site) slow(c *gin.Context, how func(*store.Tx) (time.Duration, error)) error {
	var wait time.Duration
	err := s.store.Read(c, func(tx *store.Tx) (err error) {
		wait, err = how(tx)
		return err
	})
	if err != nil || wait == 0 {
		return err
	}
	select {
	case <-time.After(wait):
		return nil
	case <-c.Done():
		return c.Err()
	}
}

// certain returns the date of birth that may be compared with the register's.
// "Unknown" is an answer only where the register does not know either; elsewhere
// it would match everybody born in that year, so it becomes a date that matches
// nobody and counts as a failure.
func (s *Site) certain(c *gin.Context, number card.NoticeNumber, birth jp.BirthDate) (jp.BirthDate, error) {
	if birth.Day != 0 {
		return birth, nil
	}
	err := s.store.Read(c, func(tx *store.Tx) error {
		record, err := card.ByNoticeNumber(tx, number)
		if errors.Is(err, card.NotFound) {
			return nil
		}
		if record.Birth.Day != 0 || record.Birth.Month != 0 && birth.Month == 0 {
			birth = jp.BirthDate{}
		}
		return err
	})
	return birth, err
}

// enter begins a session under a new ID, so that an ID which someone else
// planted before opens nothing, and goes to the page that was wanted.
func (s *Site) enter(c *gin.Context, ref store.Ref, to string) error {
	err := s.store.Read(c, func(tx *store.Tx) error {
		v, err := s.visitorOf(tx, ref)
		if to == "" || v.stage == issued {
			to = v.home()
		}
		return err
	})
	if err != nil {
		return err
	}
	session := s.web.Session(c)
	session.Renew()
	session.Delete(visitKey)
	session.Delete(familyKey)
	session.Set(cardKey, string(ref))
	return web.To(c, to)
}

func (s *Site) signOut(c *gin.Context) error {
	err := s.store.Write(c, func(tx *store.Tx) error {
		v, err := s.visitor(c, tx)
		if err != nil || v.stage == unknown {
			return err
		}
		return audit.Record(tx, v.actor(c), audit.SignedOut, v.subject(), nil)
	})
	if err != nil {
		return err
	}
	session := s.web.Session(c)
	session.End()
	session.Flash("signed_out")
	return web.To(c, "/")
}

func readNumber(form *web.Form) card.NoticeNumber {
	if form.Value("notice_number") == "" {
		form.Fail("notice_number", "notice_number_missing")
		return ""
	}
	number, err := card.ParseNoticeNumber(form.Value("notice_number"))
	if refused, ok := problem.As(err); ok {
		form.Fail("notice_number", refused.Code)
	}
	return number
}

// readBirth reads the four parts as generously as they can be understood: any
// width, 元 for 1, a unit or an era typed along, a western year under any era.
func readBirth(form *web.Form) jp.BirthDate {
	part := func(name, unit string) string {
		value := strings.TrimSpace(strings.TrimSuffix(jp.Narrow(form.Value(name)), unit))
		if value == "" {
			form.Fail(name, name+"_missing")
		}
		return value
	}
	year, month, day := part("birth_year", "年"), part("birth_month", "月"), part("birth_day", "日")
	era := form.Value("birth_era")
	switch {
	case !startsWithDigit(year) && year != "" && year != "元":
		era = "" // typed along: 昭和25, S25
	case len(year) == 4 && startsWithDigit(year):
		era = ""
	case era == "":
		form.Fail("birth_era", "birth_era_missing")
	case era == western && year != "":
		form.Fail("birth_year", "birth_year_western")
	}
	if !form.OK() && form.Field("birth_year").Error+form.Field("birth_month").Error+form.Field("birth_day").Error+form.Field("birth_era").Error != "" {
		return jp.BirthDate{}
	}
	birth, err := jp.ParseBirthDate(eraName(era) + year + "年" + month + "月" + day + "日")
	switch {
	case errors.Is(err, jp.ErrEra):
		form.Fail("birth_year", "birth_not_in_era")
	case err != nil:
		form.Fail("birth_day", "birth_no_such_day")
	}
	return birth
}

func startsWithDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

func eraName(code string) string {
	for _, era := range jp.Eras {
		if era.Code == code {
			return era.Name
		}
	}
	return ""
}
