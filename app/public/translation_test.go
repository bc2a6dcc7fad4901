package public

import (
	"slices"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/settings"
	"madoguchi/app/web"
	"madoguchi/store"
)

// translate writes what the town has written in other languages.
func (w *town) translate(original string, texts map[string]string) {
	w.Helper()
	apptest.Write(w.T, w.st, func(tx *store.Tx) error { return settings.SaveTranslations(tx, w.by, original, texts) })
}

func TestTextLanguagesAreThoseOfTheSite(t *testing.T) {
	var site, texts []string
	for _, l := range web.Languages() {
		if l.Code != web.Plain && l.Code != web.Reading {
			site = append(site, l.Code)
		}
	}
	for _, l := range settings.TextLanguages() {
		texts = append(texts, l.Code)
	}
	slices.Sort(site)
	slices.Sort(texts)
	if !slices.Equal(site, texts) {
		t.Errorf("the town's words can be translated into %v, the site speaks %v", texts, site)
	}
}

func TestTownsWordsAreInTheReadersLanguageOrSaidToBeJapanese(t *testing.T) {
	w := newTown(t, 1)
	const title, body = "年末年始の休み", "12月29日から1月3日まで休みます。\n<b>文字だけです。</b>"
	note := map[string]string{"/easy": "やさしい 日本語", "/en": "in Japanese only", "/vi": "chỉ có tiếng Nhật", "/id": "hanya dalam bahasa Jepang"}
	for prefix, says := range note {
		p := w.client.Get(prefix + "/")
		w.says(p, ".announcement", says)
		if got := apptest.Attr(p.FindAll(".announcement h2 span[lang]")[0], "lang"); got != "ja" {
			t.Errorf("%s: got the Japanese title marked %q, want ja", prefix, got)
		}
	}
	if p := w.client.Get("/"); strings.Contains(p.Text(), "Japanese only") || len(p.FindAll(".announcement [lang]")) > 1 {
		t.Errorf("the Japanese page says that it is in Japanese:\n%s", p.Text())
	}

	w.translate(title, map[string]string{"en": "Closed over <New Year>"})
	w.says(w.client.Get("/en/"), ".announcement", "in Japanese only") // the body still is
	w.translate(body, map[string]string{"en": "We are closed from 29 December to 3 January."})
	english := w.client.Get("/en/")
	w.says(english, ".announcement h2", "Closed over <New Year>")
	if text := strings.Join(english.Texts(".announcement"), ""); strings.Contains(text, "Japanese only") || strings.Contains(text, "休み") {
		t.Errorf("got %q, want English alone", text)
	}
	w.says(w.client.Get("/vi/"), ".announcement", "chỉ có tiếng Nhật")

	// A translation of words that were changed since is not shown.
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		all, err := settings.Current(tx)
		if err != nil {
			return err
		}
		all[0].Body = "12月28日から1月3日まで休みます。"
		_, err = settings.SaveAnnouncement(tx, w.by, all[0])
		return err
	})
	english = w.client.Get("/en/")
	w.says(english, ".announcement", "12月28日")
	if strings.Contains(english.Text(), "29 December") {
		t.Error("an old translation says what the town no longer does")
	}
}

func TestServicesPlacesQuestionsAndThingsToBringAreTranslated(t *testing.T) {
	w := newTown(t, 1)
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		return booking.SetBring(tx, w.by, w.renewal.Ref, w.renewal.Version, []booking.Bring{{Condition: booking.Always, Text: "マイナンバーカード"}})
	})
	w.translate("本庁舎", map[string]string{"en": "Main office", "ja-easy": "本庁舎（ほんちょうしゃ）"})
	w.translate("役場前バス停から歩いて2分", map[string]string{"en": "2 minutes on foot from the bus stop Yakubamae"})
	w.translate("無料", map[string]string{"en": "Free of charge"})
	w.translate("暗証番号を確かめてから来てください。", map[string]string{"en": "Please look up your PINs before you come."})
	base := "/en/services/" + string(w.renewal.Ref)
	w.says(w.client.Get("/en/no-paper"), ".choice", "Renewing the electronic certificates")
	service := w.client.Get(base)
	w.says(service, "h1", "Renewing the electronic certificates")
	for _, want := range []string{"Free of charge", "look up your PINs", "My Number Card"} {
		w.says(service, "main", want)
	}
	w.says(w.client.Get("/en/places/"+string(w.main.Ref)), "main", "from the bus stop Yakubamae")
	w.says(w.client.Get("/en/questions"), "main", "I have lost the postcard")
	w.says(w.client.Get("/easy/questions"), "main", "なくしました")
	booked := w.arrive(w.client.Another(), "/en", w.slotOf(w.renewal, w.main, on(12, 3), 9*60), typed())
	w.says(booked, ".facts", "本庁舎 (Main office)")
	w.says(booked, "main ul", "My Number Card")
	if strings.Contains(booked.Text(), "in Japanese") {
		t.Errorf("the page says that something is in Japanese:\n%s", booked.Text())
	}
	for _, p := range []*apptest.Page{service, booked} {
		for _, n := range p.FindAll(`main [lang="ja"]`) {
			if text := apptest.TextOf(n); text != "本庁舎" && !strings.Contains(text, "大字苫米地") {
				t.Errorf("%s: %q is still in Japanese", p.Path, text)
			}
		}
	}
	// What the calendar of a telephone shows is in the reader's language too.
	if sheet := w.client.Get("/en/questions"); strings.Contains(sheet.Text(), "はがき") {
		t.Error("a question that is translated is in Japanese as well")
	}
}
