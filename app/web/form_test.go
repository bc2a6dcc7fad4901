package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"madoguchi/app/problem"
	"madoguchi/app/web"
)

// readForm runs fn on a form of the names, filled from values sent over HTTP.
func readForm(t *testing.T, names []string, values url.Values, fn func(*web.Form)) {
	t.Helper()
	d := newDesk(t, with("templates/words/ja.json", string(sentences("ja", map[string]string{
		"home.title": "Home", "problem.test_refused": "refused because of {why}", "form.needed": "needed",
		"field.name.label": "氏名", "field.name.hint": "as on the card",
	}).Data)))
	ran := false
	b := d.browser(t, web.GET("/do", d.form("/do")), web.POST("/do", func(c *gin.Context) error {
		ran = true
		fn(web.ReadForm(c, names...))
		return d.plain(c)
	}))
	_, _, sent := b.Get("/do").Fill("/do", nil)
	for name, v := range values {
		sent[name] = v
	}
	wantStatus(t, b.Post("/do", sent), http.StatusOK)
	if !ran {
		t.Fatal("the handler did not run")
	}
}

func TestValueIsCleanAndRawIsAsTyped(t *testing.T) {
	for _, c := range []struct{ sentence, sent, value, raw string }{
		{"plain", "南部", "南部", "南部"},
		{"full-width space at the ends", "　南部　花子　", "南部　花子", "　南部　花子　"},
		{"invisible space", "\uFEFF南部\u200B", "南部", "\uFEFF南部\u200B"},
		{"line breaks of a browser", "a\r\nb\rc\n", "a\nb\nc", "a\r\nb\rc\n"},
		{"NUL", "a\x00b", "a\uFFFDb", "a\uFFFDb"},
		{"control characters of a scanner", "\x02ABC\x1d123\x03\t", "ABC123", "\x02ABC\x1d123\x03\t"},
		{"C1 control character", "a\u0085b", "ab", "a\u0085b"},
		{"invalid UTF-8 (Shift_JIS bytes)", "\x93\xec", "\uFFFD", "\uFFFD"},
		{"cut UTF-8", "南\xe9\x83", "南\uFFFD", "南\uFFFD"},
		{"markup", "<b>&", "<b>&", "<b>&"},
		{"missing", "", "", ""},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			readForm(t, []string{"name"}, url.Values{"name": {c.sent}}, func(f *web.Form) {
				if got := f.Value("name"); got != c.value {
					t.Errorf("Value: got %q, want %q", got, c.value)
				}
				if got := f.Raw("name"); got != c.raw {
					t.Errorf("Raw: got %q, want %q", got, c.raw)
				}
			})
		})
	}
}

func TestErrorsComeInTheOrderOfTheForm(t *testing.T) {
	readForm(t, []string{"name", "mail", "when"}, nil, func(f *web.Form) {
		if !f.OK() {
			t.Error("got a fresh form that is not OK")
		}
		f.Fail("when", "needed")
		f.Fail("name", "test_refused", "why", "<age>")
		f.Fail("name", "needed")
		f.Fail("", "needed")
		want := []web.FieldError{
			{Code: "needed", Text: "needed"},
			{Field: "name", Code: "test_refused", Text: "refused because of <age>"},
			{Field: "when", Code: "needed", Text: "needed"},
		}
		if got := f.Errors(); !slices.Equal(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if f.OK() {
			t.Error("got OK for a form with errors")
		}
		if got := want[1].Href(); got != "#f-name" {
			t.Errorf("got %s, want #f-name", got)
		}
	})
}

func TestApplyPutsAProblemWhereItBelongs(t *testing.T) {
	refused := errRefused.With("why", "rain")
	for _, c := range []struct {
		sentence string
		problem  *problem.Problem
		want     web.FieldError
	}{
		{"at its field", refused.On("mail"), web.FieldError{Field: "mail", Code: "test_refused", Text: "refused because of rain"}},
		{"at the form when it names no field", refused, web.FieldError{Code: "test_refused", Text: "refused because of rain"}},
		{"at the form when the field is elsewhere", refused.On("other"), web.FieldError{Code: "test_refused", Text: "refused because of rain"}},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			readForm(t, []string{"name", "mail"}, nil, func(f *web.Form) {
				f.Apply(c.problem)
				if got := f.Errors(); len(got) != 1 || got[0] != c.want {
					t.Errorf("got %+v, want %+v", got, c.want)
				}
			})
		})
	}
}

func TestFieldTellsItsTemplateEverything(t *testing.T) {
	readForm(t, []string{"name", "days"}, url.Values{"days": {"mon", "fri"}}, func(f *web.Form) {
		name, days := f.Field("name"), f.Field("days")
		if name.Label != "氏名" || name.Hint != "as on the card" {
			t.Errorf("got label %q and hint %q", name.Label, name.Hint)
		}
		if got := name.DescribedBy(); got != "h-name" {
			t.Errorf("got %q, want h-name", got)
		}
		f.Fail("name", "needed")
		if got := name.DescribedBy(); got != "e-name h-name" {
			t.Errorf("got %q, want error before hint", got)
		}
		if !days.Has("fri") || days.Has("tue") {
			t.Error("got other days than were sent")
		}
		if got := strings.Join(f.Values("days"), " "); got != "mon fri" {
			t.Errorf("got %q, want mon fri", got)
		}
		f.Set("name", "南部")
		if got := f.Value("name"); got != "南部" {
			t.Errorf("got %q after Set", got)
		}
	})
}

func TestFieldThatTheFormDoesNotHaveIsAMistake(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t, web.GET("/", func(c *gin.Context) error {
		web.ReadForm(c, "name").Value("nmae")
		return d.plain(c)
	}))
	wantStatus(t, b.Get("/"), http.StatusInternalServerError)
}

func TestGetFormReadsTheQueryAndPostTheBodyOnly(t *testing.T) {
	d := newDesk(t)
	show := func(c *gin.Context) error {
		p := formPage{Base: d.Base(c, "home.title"), Action: "/do?name=query", Said: web.ReadForm(c, "name").Value("name")}
		return d.Show(c, http.StatusOK, "public/form.html", p)
	}
	b := d.browser(t, web.GET("/do", show), web.POST("/do", show))
	p := b.Get("/do?name=query")
	wantText(t, p, "#said", "query")
	_, _, values := p.Fill("form", url.Values{"name": {"body"}})
	wantText(t, b.Post("/do?name=query", values), "#said", "body")
	values.Del("name")
	wantText(t, b.Post("/do?name=query", values), "#said", "")
}
