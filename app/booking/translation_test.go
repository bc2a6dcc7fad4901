package booking

import (
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/settings"
	"madoguchi/store"
)

func TestWhatEveryTownBeginsWithIsTranslated(t *testing.T) {
	all, err := settings.UsualTranslations()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	want := func(text string) {
		used[text] = true
		if all[text] == nil {
			t.Errorf("no translation of %q", text)
		}
	}
	for _, s := range standard {
		want(s.Name)
		for _, b := range standardBring(s.Code) {
			want(b.Text)
		}
	}
	for _, r := range standardReasons {
		for _, line := range r.Lines() {
			want(line)
		}
	}
	st, _ := apptest.Store(t)
	apptest.Write(t, st, func(tx *store.Tx) error {
		if err := settings.EnsureQuestions(tx, audit.Command("test")); err != nil {
			return err
		}
		town, err := settings.Get(tx)
		if err != nil {
			return err
		}
		for line := range strings.Lines(town.WhatToBring) {
			want(strings.TrimSpace(line))
		}
		questions, err := settings.Questions(tx)
		for _, q := range questions {
			want(q.Question)
			want(q.Answer)
		}
		return err
	})
	for text := range all {
		if !used[text] {
			t.Errorf("nobody says %q any more", text)
		}
	}
}
