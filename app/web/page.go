package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// Base is what every page knows; page structs embed it.
type Base struct {
	Lang   string // value of the html element's lang attribute
	Title  string // the page's heading, without prefix; see PageTitle
	Flash  string // sentence about what was just done; "" when there is none
	Failed bool   // the form was refused
	Errors []FieldError
	Words  *Words

	language Language
	session  *Session
	links    []LanguageLink
	answers  bool // the page answers a form
	resent   []Resent
}

// Resent is what was typed into a form, as a change of language sends it again.
type Resent struct{ Name, Value string }

// LanguageLink leads to the same page in another language.
type LanguageLink struct {
	Lang    string // value of the link's lang attribute
	Name    string // the language's own name
	Href    string
	Current bool

	prefix string
}

// Base makes the page base of the request in hand: its title is the sentence
// titleKey, its flash the one that was kept for it.
func (s *Site) Base(c *gin.Context, titleKey string, pairs ...any) Base {
	b := s.plainBase(c)
	b.Title = b.T(titleKey, pairs...)
	if code := b.session.TakeFlash(); code != "" {
		b.Flash = b.T("flash." + code)
	}
	return b
}

// plainBase leaves title and flash alone.
func (s *Site) plainBase(c *gin.Context) Base {
	q := requestOf(c)
	return Base{
		Lang: q.language.Tag, Words: q.words, language: q.language, session: q.session,
		links: s.languageLinks(c.Request, q.language), answers: c.Request.Method == http.MethodPost,
	}
}

// With returns b with what is wrong with a form.
func (b Base) With(f *Form) Base {
	b.Errors = f.Errors()
	b.Failed = len(b.Errors) > 0
	return b
}

// Resending returns b with language links that send the form to path again, so
// that nothing that was typed is lost. Only for a path that may be sent twice.
// A page that nobody has typed into stays as it is.
func (b Base) Resending(path string, f *Form) Base {
	if !b.answers || len(b.links) == 0 {
		return b
	}
	for _, field := range f.fields {
		b.resent = append(b.resent, Resent{field.Name, field.Value})
	}
	links := slices.Clone(b.links)
	for i := range links {
		links[i].Href = join(links[i].prefix, path)
	}
	b.links = links
	return b
}

// Resent is what a change of language sends again; none where it only opens the
// address in the other language.
func (b Base) Resent() []Resent { return b.resent }

// ResendTo is where the form with what is sent again goes by itself; each of its
// buttons says its own language.
func (b Base) ResendTo() string {
	for _, l := range b.links {
		if !l.Current {
			return l.Href
		}
	}
	return ""
}

// Forgets tells that a change of language loses what was typed: the page answers
// a form which it does not send again.
func (b Base) Forgets() bool { return b.answers && b.resent == nil }

// PageTitle is the title element's text: a refused form says so first, because
// that is what a screen reader reads first.
func (b Base) PageTitle() string {
	if b.Failed {
		return b.T("error.prefix") + b.Title
	}
	return b.Title
}

// T is a sentence in the page's language.
func (b Base) T(key string, pairs ...any) string { return b.Words.T(key, pairs...) }

// CSRF is the value of the hidden field "csrf".
func (b Base) CSRF() string {
	if b.session == nil {
		return ""
	}
	return b.session.CSRF()
}

// Once is the value of the hidden field "once", another one for each form.
func (b Base) Once() string { return NewOnce() }

// Path is an address of the site in the page's language.
func (b Base) Path(p string) string { return join(b.language.Prefix, p) }

// Here is the address of this page, in its language: opening it again prolongs
// the session. It is "" on a site of one language.
func (b Base) Here() string {
	for _, l := range b.links {
		if l.Current {
			return l.Href
		}
	}
	return ""
}

// Unreviewed tells that the page's language is a translation that nobody has
// looked through yet.
func (b Base) Unreviewed() bool { return b.language.Unreviewed }

// LanguageLinks lead to this page in each language of the site; none when it
// has one language only.
func (b Base) LanguageLinks() []LanguageLink { return b.links }

func (s *Site) languageLinks(r *http.Request, current Language) []LanguageLink {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if len(s.languages) < 2 {
		return nil
	}
	path := strings.TrimPrefix(r.URL.Path, current.Prefix)
	if path == "" {
		path = "/"
	}
	var links []LanguageLink
	for _, l := range s.languages {
		to := url.URL{Path: join(l.Prefix, path)}
		if r.Method == http.MethodGet {
			to.RawQuery = r.URL.RawQuery
		}
		links = append(links, LanguageLink{Lang: l.Tag, Name: l.Name, Href: to.String(), Current: l.Code == current.Code, prefix: l.Prefix})
	}
	return links
}
