package console

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/problem"
	"madoguchi/app/settings"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

// translationRoutes are what the town has written for residents in other
// languages (ほかの言語). It holds for every place.
func (d *Desk) translationRoutes() []guarded {
	set := func(r web.Route) guarded {
		handle := r.Handle
		r.Handle = func(c *gin.Context) error {
			if err := everywhere(c); err != nil {
				return err
			}
			return handle(c)
		}
		return d.need(staff.MayAnnounce, r)
	}
	return []guarded{
		set(web.GET("/translations", d.translations)),
		set(web.GET("/translations/:key", d.askTranslation)),
		set(web.POST("/translations/:key", d.saveTranslation)),
	}
}

// townText is something that the town has written and residents read.
type townText struct{ where, text string }

// key names the text in addresses.
func (t townText) key() string { return string(settings.TextKey(t.text)) }

// townTexts lists what residents read of the town's own words, each text once,
// in the order in which they come upon it.
func townTexts(tx *store.Tx) ([]townText, error) {
	var all []townText
	seen := map[string]bool{"": true}
	add := func(where, text string) {
		if !seen[text] {
			seen[text] = true
			all = append(all, townText{where, text})
		}
	}
	announcements, err := settings.Announcements(tx)
	if err != nil {
		return nil, err
	}
	for _, a := range announcements {
		add("お知らせの題", a.Title)
		add("お知らせの本文", a.Body)
	}
	questions, err := settings.Questions(tx)
	if err != nil {
		return nil, err
	}
	for _, q := range questions {
		add("よくある質問", q.Question)
		add("よくある質問の答え", q.Answer)
	}
	venues, err := booking.Venues(tx)
	if err != nil {
		return nil, err
	}
	for _, v := range venues {
		add("受付場所の名前", v.Name)
		add("行き方", v.AccessNote)
	}
	if err := serviceTexts(tx, add); err != nil {
		return nil, err
	}
	reasons, err := booking.ProxyReasons(tx)
	for _, r := range reasons {
		if !r.Standard() {
			add("代理人の理由", r.Name)
		}
		for _, line := range r.Lines() {
			add("代理人の理由を確かめる書類", line)
		}
	}
	return all, err
}

func serviceTexts(tx *store.Tx, add func(where, text string)) error {
	services, err := booking.Services(tx)
	if err != nil {
		return err
	}
	for _, s := range services {
		add("業務の名前", s.Name)
		add("業務のお知らせ", s.Announcement)
		add("手数料", s.Fee)
	}
	for _, s := range services {
		lines, err := booking.BringLines(tx, s.ID)
		if err != nil {
			return err
		}
		for _, l := range lines {
			add("持ち物", l.Text)
		}
		if len(lines) == 0 && s.Code == booking.CardIssuanceCode {
			town, err := settings.Get(tx)
			if err != nil {
				return err
			}
			for _, line := range paragraphs(town.WhatToBring) {
				add("持ち物", line)
			}
		}
	}
	return nil
}

// translationsPage lists the texts and into what they are translated.
type translationsPage struct {
	page
	Languages []string
	Rows      []translationRow
	Missing   int // rows that lack a language
}

type translationRow struct {
	Where, Text, Path string
	Has               []bool // by language
}

func (d *Desk) translations(c *gin.Context) error {
	var p translationsPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		texts, err := townTexts(tx)
		if err != nil {
			return err
		}
		var in []settings.Translations
		for _, l := range settings.TextLanguages() {
			all, err := settings.TranslationsIn(tx, l.Code)
			if err != nil {
				return err
			}
			p.Languages, in = append(p.Languages, l.Label), append(in, all)
		}
		for _, t := range texts {
			row := translationRow{Where: t.where, Text: t.text, Path: "/translations/" + t.key()}
			whole := true
			for _, all := range in {
				row.Has = append(row.Has, all[t.text] != "")
				whole = whole && all[t.text] != ""
			}
			if !whole {
				p.Missing++
			}
			p.Rows = append(p.Rows, row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "translations", "ほかの言語", &p)
}

// translationForm asks for a text in each language.
type translationForm struct {
	page
	Where    string
	Text     []string
	Action   string
	Original string
	Fields   []translationField
}

// translationField is a text in one language.
type translationField struct {
	web.Field
	Lang string // of what is typed
}

var textGone = problem.Define(problem.NotFound, "text_gone")

func readTranslation(c *gin.Context) *web.Form {
	var names []string
	for _, l := range settings.TextLanguages() {
		names = append(names, "translation_"+l.Code)
	}
	return web.ReadForm(c, names...)
}

// textOf finds the text of the address. Problem: textGone, when nobody reads it
// any more, because it was changed or taken away.
func textOf(tx *store.Tx, c *gin.Context) (townText, error) {
	texts, err := townTexts(tx)
	if err != nil {
		return townText{}, err
	}
	for _, t := range texts {
		if t.key() == c.Param("key") {
			return t, nil
		}
	}
	return townText{}, textGone
}

func (d *Desk) askTranslation(c *gin.Context) error {
	form := readTranslation(c)
	err := d.store.Read(c, func(tx *store.Tx) error {
		t, err := textOf(tx, c)
		if err != nil {
			return err
		}
		kept, err := settings.TranslationsOf(tx, t.text)
		for lang, text := range kept {
			form.Set("translation_"+lang, text)
		}
		return err
	})
	if err != nil {
		return err
	}
	return d.showTranslation(c, http.StatusOK, form)
}

func (d *Desk) showTranslation(c *gin.Context, status int, form *web.Form) error {
	var p translationForm
	err := d.store.Read(c, func(tx *store.Tx) error {
		t, err := textOf(tx, c)
		p.Where, p.Text, p.Action = t.where, paragraphs(t.text), "/translations/"+t.key()
		return err
	})
	if err != nil {
		return err
	}
	labels := map[string]string{}
	for _, l := range settings.TextLanguages() {
		f := *form.Field("translation_" + l.Code)
		f.Label = l.Label
		labels[f.Name] = l.Label
		lang := l.Code
		if lang == "ja-easy" {
			lang = "ja"
		}
		p.Fields = append(p.Fields, translationField{f, lang})
	}
	p.failed(form)
	nameErrors(p.Errors, labels)
	return d.show(c, status, "translation", fmt.Sprintf("ほかの言語：%s", p.Where), &p)
}

func (d *Desk) saveTranslation(c *gin.Context) error {
	form := readTranslation(c)
	err := d.write(c, "translation_saved", func(tx *store.Tx) (string, error) {
		t, err := textOf(tx, c)
		if err != nil {
			return "", err
		}
		texts := map[string]string{}
		for _, l := range settings.TextLanguages() {
			texts[l.Code] = form.Value("translation_" + l.Code)
		}
		return "/translations", settings.SaveTranslations(tx, actor(c), t.text, texts)
	})
	if refused, ok := problem.As(err); ok && refused.Kind == problem.Invalid {
		form.Apply(refused)
		return d.showTranslation(c, http.StatusUnprocessableEntity, form)
	}
	return err
}
