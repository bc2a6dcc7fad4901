package web_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"madoguchi/app/apptest"
	"madoguchi/app/web"
)

func catalogues(t *testing.T, change func(fstest.MapFS)) *web.Catalogues {
	t.Helper()
	all := files()
	if change != nil {
		change(all)
	}
	words, err := web.LoadWords(all)
	if err != nil {
		t.Fatal(err)
	}
	return words
}

func TestSentencesAreFilledIn(t *testing.T) {
	w := catalogues(t, nil).For("ja")
	for _, c := range []struct{ sentence, got, want string }{
		{"placeholder", w.T("problem.test_refused", "why", 3), "refused because of 3"},
		{"value with a placeholder in it", w.T("problem.test_refused", "why", "{why}"), "refused because of {why}"},
		{"missing value stays to be seen", w.T("problem.test_refused"), "refused because of {why}"},
		{"missing key", w.T("nothing.here"), "nothing.here"},
		{"problem with arguments", w.Problem("test_refused", map[string]string{"why": "rain"}), "refused because of rain"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.sentence, c.got, c.want)
		}
	}
}

func TestConsoleFallsBackToJapanese(t *testing.T) {
	words := catalogues(t, func(f fstest.MapFS) {
		f["templates/words/console.json"] = &fstest.MapFile{Data: []byte(`{"home.title": "職員用"}`)}
	})
	w := words.For("console")
	if got := w.T("home.title"); got != "職員用" {
		t.Errorf("got %q, want the console's own", got)
	}
	if got := w.T("form.needed"); got != "needed" {
		t.Errorf("got %q, want that of ja", got)
	}
	if words.For("ja").T("home.title") != "Home" {
		t.Error("the console's sentence leaks into ja")
	}
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	if got := catalogues(t, nil).Check(); len(got) > 0 {
		t.Fatalf("got %q for good catalogues, want nothing", got)
	}
	for _, c := range []struct {
		sentence, file string
		more           map[string]string
		want           string
	}{
		{"a key that only one language has", "en", map[string]string{"home.title": "Home", "problem.test_refused": "{why}", "form.needed": "n", "extra": "x"}, "ja: no sentence for extra"},
		{"a key that one language lacks", "ja-easy", map[string]string{"home.title": "Home", "problem.test_refused": "{why}"}, "ja-easy: no sentence for form.needed"},
		{"another placeholder", "en", map[string]string{"home.title": "Home", "problem.test_refused": "{reason}", "form.needed": "n"}, "en: problem.test_refused has not the placeholders of ja"},
		{"HTML", "en", map[string]string{"home.title": "<b>Home</b>", "problem.test_refused": "{why}", "form.needed": "n"}, "en: home.title holds HTML"},
		{"nothing said", "en", map[string]string{"home.title": " ", "problem.test_refused": "{why}", "form.needed": "n"}, "en: home.title is empty"},
		{"another placeholder in the console", "console", map[string]string{"problem.test_refused": "no"}, "console: problem.test_refused has not the placeholders of ja"},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			got := catalogues(t, func(f fstest.MapFS) { f["templates/words/"+c.file+".json"] = sentences(c.file, c.more) }).Check()
			if !slices.Contains(got, c.want) {
				t.Errorf("got %q, want it to contain %q", got, c.want)
			}
		})
	}
}

func TestCheckProblemsComparesCodesAndSentences(t *testing.T) {
	if got := catalogues(t, nil).CheckProblems(); len(got) > 0 {
		t.Fatalf("got %q for good catalogues, want nothing", got)
	}
	got := catalogues(t, func(f fstest.MapFS) {
		f["templates/words/ja.json"] = sentences("ja", map[string]string{"problem.invented": "x"})
	}).CheckProblems()
	want := []string{"console: no sentence for problem.test_refused", "ja: problem.invented says what nothing reports"}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("got %q, want it to contain %q", got, w)
		}
	}
}

func TestBrokenCataloguesAreRefused(t *testing.T) {
	for sentence, text := range map[string]string{
		"no JSON":            `{`,
		"nested":             `{"a": {"b": "c"}}`,
		"a number":           `{"a": 1}`,
		"the same key twice": `{"a": "b", "c": "a", "a": "d"}`,
	} {
		t.Run(sentence, func(t *testing.T) {
			all := files()
			all["templates/words/en.json"] = &fstest.MapFile{Data: []byte(text)}
			if _, err := web.LoadWords(all); err == nil {
				t.Error("got no error")
			}
		})
	}
	all := files()
	delete(all, "templates/words/en.json")
	if _, err := web.LoadWords(all); err == nil {
		t.Error("got no error for a missing language")
	}
}

// Every other sentence is checked by the sites that say it.
func TestOurOwnSentencesAreThereInEveryLanguage(t *testing.T) {
	words, err := web.LoadWords(apptest.Files())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range web.Languages() {
		for _, key := range web.Keys() {
			if !words.For(l.Code).Has(key) {
				t.Errorf("%s: no sentence for %s", l.Code, key)
			}
		}
		if got := words.For(l.Code).T("error.request", "request", "abcd2345"); !strings.Contains(got, "abcd2345") {
			t.Errorf("%s: got %q, want it to tell the request's number", l.Code, got)
		}
	}
}
