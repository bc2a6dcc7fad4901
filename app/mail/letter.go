package mail

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
	"text/template"
	"unicode"
)

// Facts are what a mail's wording can name. Days and times are written as the
// mail's language does. What does not apply is empty.
type Facts struct {
	Town, Site, Telephone string // the town, its booking site, whom to call
	SiteURL               string // the site's first page in the mail's language

	Number                              string // booking number
	Day, Starts, Ends                   string
	Service                             string // 業務
	Place, PlaceAddress, PlaceTelephone string
	Bring                               []string // what to bring
	BringJapanese                       bool     // some of it is in Japanese, the mail is not
	Cause                               string   // why, in the office's words
	OfferUntil                          string   // until when a place is held

	FindURL               string // where a visitor finds the booking; "" for who has a card
	ConfirmURL, CancelURL string // each opens one thing, once
	Hours                 int    // for which ConfirmURL is good
}

// Letter is a mail's text.
type Letter struct{ Subject, Body string }

// Letters are the wordings of every kind in every language (メールの文面): the
// files templates/mail/<language>.txt, each with one template for each kind whose
// first line is the subject.
type Letters struct{ byLang map[string]*template.Template }

// LoadLetters reads the wordings and checks that no language lacks a kind.
func LoadLetters(files fs.FS) (*Letters, error) {
	all := &Letters{byLang: map[string]*template.Template{}}
	names, err := fs.Glob(files, "templates/mail/*.txt")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		t, err := template.New(path.Base(name)).Option("missingkey=error").ParseFS(files, name)
		if err != nil {
			return nil, fmt.Errorf("read mail texts: %w", err)
		}
		for _, k := range Kinds() {
			if t.Lookup(string(k)) == nil {
				return nil, fmt.Errorf("%s has no text for %s", name, k)
			}
		}
		all.byLang[strings.TrimSuffix(path.Base(name), ".txt")] = t
	}
	if all.byLang[Japanese] == nil {
		return nil, fmt.Errorf("read mail texts: none in %s", Japanese)
	}
	return all, nil
}

// Languages lists the languages that there are texts in.
func (l *Letters) Languages() []string {
	var all []string
	for lang := range l.byLang {
		all = append(all, lang)
	}
	return all
}

// Write makes a mail's text; a language without texts gets the Japanese one.
func (l *Letters) Write(kind Kind, lang string, f Facts) (Letter, error) {
	t := l.byLang[lang]
	if t == nil {
		t = l.byLang[Japanese]
	}
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, string(kind), f); err != nil {
		return Letter{}, fmt.Errorf("write mail: %w", err)
	}
	subject, body, _ := strings.Cut(strings.TrimSpace(b.String()), "\n")
	return Letter{Subject: oneLine(subject), Body: tidyLines(body)}, nil
}

// oneLine keeps anything that could begin another header out of one.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s))
}

// tidyLines takes away the empty lines that parts leave which do not apply.
func tidyLines(body string) string {
	var out []string
	empty := true
	for line := range strings.Lines(body) {
		line = strings.TrimRightFunc(line, unicode.IsSpace)
		if line == "" && empty {
			continue
		}
		empty = line == ""
		out = append(out, line)
	}
	return strings.TrimSpace(strings.Join(out, "\r\n")) + "\r\n"
}
