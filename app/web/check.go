package web

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"madoguchi/app/problem"
)

// Keys are the sentences that this package itself says.
func Keys() []string {
	keys := []string{
		"error.prefix", "error.request", "error.back",
		"flash.session_expired",
		"problem.form_expired", "problem.form_unreadable", "problem.sign_in_needed",
	}
	for _, status := range errorStatuses {
		keys = append(keys, errorKey(status, "title"), errorKey(status, "text"))
	}
	return keys
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// Check compares the languages and lists what is wrong: a key that one of them
// lacks, placeholders that differ, HTML in a sentence, an empty sentence, a
// sentence of Keys that is missing. An empty list means that all is well.
func (a *Catalogues) Check() []string {
	var wrong []string
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	every := map[string]bool{}
	for _, key := range Keys() {
		every[key] = true
	}
	for _, l := range Languages() {
		for key := range a.byName[l.Code].sentences {
			every[key] = true
		}
	}
	ja := a.byName["ja"]
	for _, key := range slices.Sorted(maps.Keys(every)) {
		for _, l := range Languages() {
			if l.Catalogue != "" {
				continue
			}
			sentence, ok := a.byName[l.Code].sentences[key]
			if !ok {
				complain("%s: no sentence for %s", l.Code, key)
			} else if want := ja.sentences[key]; !samePlaceholders(sentence, want) {
				complain("%s: %s has not the placeholders of ja", l.Code, key)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.byName)) {
		w := a.byName[name]
		for _, key := range slices.Sorted(maps.Keys(w.sentences)) {
			sentence := w.sentences[key]
			if strings.TrimSpace(sentence) == "" {
				complain("%s: %s is empty", name, key)
			}
			if strings.ContainsAny(sentence, "<>&") {
				complain("%s: %s holds HTML", name, key)
			}
			if base, ok := ja.sentences[key]; ok && name == console && !samePlaceholders(sentence, base) {
				complain("%s: %s has not the placeholders of ja", name, key)
			}
		}
	}
	return wrong
}

// CheckProblems lists codes without a sentence in the console's words, and
// sentences in any catalogue whose code no linked package defines. It means
// something only in a program that links every domain package.
func (a *Catalogues) CheckProblems() []string {
	var wrong []string
	codes := problem.Codes()
	for _, code := range codes {
		if !a.byName[console].Has("problem." + code) {
			wrong = append(wrong, fmt.Sprintf("console: no sentence for problem.%s", code))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.byName)) {
		for _, key := range slices.Sorted(maps.Keys(a.byName[name].sentences)) {
			code, ok := strings.CutPrefix(key, "problem.")
			if ok && !slices.Contains(codes, code) {
				wrong = append(wrong, fmt.Sprintf("%s: %s says what nothing reports", name, key))
			}
		}
	}
	return wrong
}

func samePlaceholders(a, b string) bool { return slices.Equal(placeholdersOf(a), placeholdersOf(b)) }

func placeholdersOf(sentence string) []string {
	names := placeholder.FindAllString(sentence, -1)
	slices.Sort(names)
	return slices.Compact(names)
}
