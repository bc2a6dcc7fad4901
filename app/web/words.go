package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Catalogues are the sentences of every language.
type Catalogues struct {
	byName map[string]*Words
}

// Words are the sentences of one language.
type Words struct {
	name      string
	sentences map[string]string
	fallback  *Words // nil: none
}

// LoadWords reads templates/words/{ja,ja-easy,en,vi,id,console}.json: one flat object
// each, key to sentence with {placeholders}. The console's holds only what
// differs from ja or is not said to residents; it may be missing.
func LoadWords(files fs.FS) (*Catalogues, error) {
	all := &Catalogues{byName: map[string]*Words{}}
	for _, l := range Languages() {
		if all.byName[l.catalogue()] != nil {
			all.byName[l.Code] = all.byName[l.catalogue()]
			continue
		}
		w, err := readWords(files, l.catalogue())
		if err != nil {
			return nil, err
		}
		all.byName[l.Code] = w
	}
	w, err := readWords(files, console)
	if errors.Is(err, fs.ErrNotExist) {
		w, err = &Words{name: console}, nil
	}
	if err != nil {
		return nil, err
	}
	w.fallback = all.byName["ja"]
	all.byName[console] = w
	return all, nil
}

func readWords(files fs.FS, name string) (*Words, error) {
	text, err := fs.ReadFile(files, "templates/words/"+name+".json")
	if err != nil {
		return nil, fmt.Errorf("read words: %w", err)
	}
	w := &Words{name: name}
	if err := json.Unmarshal(text, &w.sentences); err != nil {
		return nil, fmt.Errorf("read words %s: %w", name, err)
	}
	if key := writtenTwice(text); key != "" {
		return nil, fmt.Errorf("read words %s: %s is there twice", name, key)
	}
	return w, nil
}

// writtenTwice finds a key that a flat object has twice: of such sentences
// encoding/json keeps the last and says nothing.
func writtenTwice(object []byte) string {
	seen := map[string]bool{}
	d := json.NewDecoder(bytes.NewReader(object))
	for isKey := false; ; isKey = !isKey {
		token, err := d.Token()
		if err != nil {
			return ""
		}
		key, ok := token.(string)
		if !isKey || !ok {
			continue
		}
		if seen[key] {
			return key
		}
		seen[key] = true
	}
}

// For returns the words of a language or of the console;
// those of ja for any other name.
func (a *Catalogues) For(name string) *Words {
	if w, ok := a.byName[name]; ok {
		return w
	}
	return a.byName["ja"]
}

// Has tells whether there is a sentence for key.
func (w *Words) Has(key string) bool {
	_, ok := w.find(key)
	return ok
}

// T is the sentence for key, with {name} replaced by the value that follows
// "name" in pairs. A missing key comes back as it is, for tests to catch.
func (w *Words) T(key string, pairs ...any) string {
	sentence, ok := w.find(key)
	if !ok {
		return key
	}
	if len(pairs) == 0 {
		return sentence
	}
	replace := make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		replace = append(replace, "{"+fmt.Sprint(pairs[i])+"}", fmt.Sprint(pairs[i+1]))
	}
	return strings.NewReplacer(replace...).Replace(sentence)
}

// Problem is the sentence for a problem's code: key "problem.<code>".
func (w *Words) Problem(code string, args map[string]string) string {
	var pairs []any
	for k, v := range args {
		pairs = append(pairs, k, v)
	}
	return w.T("problem."+code, pairs...)
}

func (w *Words) formSentence(code string, pairs []any) string {
	if key := "form." + code; w.Has(key) && !w.Has("problem."+code) {
		return w.T(key, pairs...)
	}
	return w.T("problem."+code, pairs...)
}

func (w *Words) find(key string) (string, bool) {
	if w == nil {
		return "", false
	}
	if s, ok := w.sentences[key]; ok {
		return s, true
	}
	if w.fallback != nil {
		return w.fallback.find(key)
	}
	return "", false
}
